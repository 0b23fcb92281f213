//! One port of a workload with two transports.

use std::collections::BTreeMap;

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_resources::Object;
use meshc_resources::kubernetes::{ServicePort, ServiceSpec};
use meshc_syntax::de::Spanned;

use super::selecting::Selected;

declare_rule! {
    /// ## What it does
    /// Finds workloads of the mesh behind several Services that have one port number with different values of
    /// `protocol`.
    ///
    /// ## What happens to traffic
    /// A sidecar has one listener for a port: which of the protocols it speaks depends on the order of the Services.
    ///
    /// ## Example
    /// Two Services for `app: details` with port 9080, one with `protocol: TCP`, one with `protocol: UDP`.
    ///
    /// ## Use instead
    /// One Service, or two port numbers.
    ///
    /// ## Covers
    /// IST0116 (for Deployments; here for every workload).
    pub SHARED_PORT = "MC1113", "shared-port", Warning, Mesh,
    "A workload behind Services that have one port with different protocols",
    ["IST0116"]
}

type Use<'a> = (&'a str, &'a Object<ServiceSpec>, &'a Spanned<ServicePort>);

/// The Services of one workload.
pub(super) fn check(selected: &Selected<'_>, found: &mut Vec<Diagnostic>) {
    if !selected.in_mesh || selected.is_managed() {
        return;
    }
    let mut by_port: BTreeMap<u32, Vec<Use<'_>>> = BTreeMap::new();
    for service in &selected.services {
        for port in &service.spec.ports {
            let Some(number) = &port.port else { continue };
            let protocol = port.protocol.as_ref().map_or("TCP", |p| p.value.as_str());
            by_port.entry(number.value).or_default().push((protocol, service, port));
        }
    }
    for (number, uses) in by_port {
        let Some((first, others)) = uses.split_first() else { continue };
        let Some(other) = others.iter().find(|other| other.0 != first.0) else { continue };
        let workload = selected.workload;
        let message = format!(
            "Services `{}` ({}) and `{}` ({}) both lead port {number} to these pods: which protocol the sidecar speaks \
             depends on the order of the Services",
            first.1.name(),
            first.0,
            other.1.name(),
            other.0
        );
        let finding = workload
            .finding(&SHARED_PORT, workload.name_span(), message)
            .label(first.2.span, first.0.to_owned())
            .label(other.2.span, other.0.to_owned())
            .help("give one of the Services another port, or both the same protocol");
        found.push(selected.alias(finding, "IST0116"));
    }
}
