//! A ServiceEntry that leads nowhere.

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_resources::istio::Resolution;

use crate::rules::context::Context;

declare_rule! {
    /// ## What it does
    /// Finds ServiceEntries without ports, and those with `resolution: STATIC` that have neither endpoints nor a
    /// `workloadSelector`.
    ///
    /// ## What happens to traffic
    /// Without ports sidecars do not know the host at all. Without endpoints requests to it get 503.
    ///
    /// ## Example
    /// ```yaml
    /// hosts: [pay.example.com]
    /// resolution: STATIC
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// hosts: [pay.example.com]
    /// ports: [{number: 443, name: tls, protocol: TLS}]
    /// resolution: DNS
    /// ```
    pub EMPTY_ENTRY = "MC1562", "empty-entry", Warning, Mesh,
    "A ServiceEntry that leads nowhere",
    []
}

/// Every ServiceEntry.
pub(super) fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    for object in &context.resources.service_entries {
        let spec = &object.spec;
        if spec.ports.is_empty() {
            let message = "this ServiceEntry has no ports: sidecars do not know its hosts";
            let span = spec.hosts.first().map_or(object.name_span(), |host| host.span);
            found.push(object.finding(&EMPTY_ENTRY, span, message).help("add `ports`"));
        }
        let resolution = spec.resolution.as_ref().filter(|resolution| resolution.value == Resolution::Static);
        if let Some(written) =
            resolution.filter(|_| spec.endpoints.is_empty() && spec.workload_selector.is_none())
        {
            let message = "STATIC needs `endpoints` or a `workloadSelector`: without them requests get 503";
            let finding = object.finding(&EMPTY_ENTRY, written.span, message);
            found.push(finding.help("add `endpoints`, or look the hosts up with `resolution: DNS`"));
        }
    }
}
