//! A Sidecar that hides a service whose routes stand beside it.

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_mesh::hostname::{is_covered, qualify};

use crate::rules::context::Context;

declare_rule! {
    /// ## What it does
    /// Finds VirtualServices of the mesh for services of the own namespace of a Sidecar without a selector that lets none of these
    /// services in.
    ///
    /// ## What happens to traffic
    /// Sidecars of the namespace do not know the host: their requests to it go where they were going, or are refused, and the
    /// routes hold for callers of other namespaces alone.
    ///
    /// ## Example
    /// ```yaml
    /// kind: Sidecar
    /// metadata: {name: default, namespace: shop}
    /// spec:
    ///   egress:
    ///     - hosts: [istio-system/*]      # and shop has a VirtualService for reviews
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// spec:
    ///   egress:
    ///     - hosts: [./*, istio-system/*]
    /// ```
    pub HIDDEN_HOST = "MC1576", "hidden-host", Info, Mesh,
    "A Sidecar that hides a service whose routes stand beside it",
    []
}

/// Every Sidecar that holds for a whole namespace.
pub(super) fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    for object in &context.resources.sidecars {
        let own = object.namespace();
        let hosts = || object.spec.egress.iter().flat_map(|egress| &egress.hosts);
        let Some(first) = hosts().next().filter(|_| object.spec.workload_selector.is_none()) else {
            continue;
        };
        let lets_in = |host: &str| {
            hosts().any(|written| {
                let Some((of, pattern)) = written.split_once('/') else { return false };
                let here = matches!(of, "*" | ".") || of == own;
                here && (pattern == "*" || is_covered(host, &qualify(pattern, own)))
            })
        };
        for by in &context.mesh.virtual_services {
            if by.meta.namespace != own || !by.is_for_mesh() {
                continue;
            }
            let hidden = by.hosts.iter().find_map(|host| {
                let service = context.service(&host.value, own)?;
                (service.namespace() == own && !lets_in(&service.hostname)).then_some((host, service))
            });
            if let Some((host, service)) = hidden {
                let message = format!(
                    "the sidecars of namespace `{own}` do not see `{}`: the routes of {} hold for other namespaces alone",
                    service.hostname, by.meta
                );
                found.push(
                    object
                        .finding(&HIDDEN_HOST, first.span, message)
                        .label(host.span, "its routes")
                        .help(format!("add `./{}` to `hosts` if they call it", service.hostname)),
                );
            }
        }
    }
}
