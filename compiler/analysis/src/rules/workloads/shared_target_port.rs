//! One port of a workload under two numbers.

use std::collections::BTreeMap;

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_resources::Object;
use meshc_resources::kubernetes::{ServicePort, ServiceSpec};
use meshc_syntax::de::Spanned;

use super::selecting::Selected;

declare_rule! {
    /// ## What it does
    /// Finds workloads of the mesh one of whose ports several Services lead to under different port numbers.
    ///
    /// ## What happens to traffic
    /// The sidecar has one inbound listener for the port of the pod, made from one of the Services: what the others say
    /// (protocol, policies by port) does not hold for requests that arrive.
    ///
    /// ## Example
    /// Two Services for `app: details`, one with `port: 9080, targetPort: 9080`, one with `port: 80, targetPort: 9080`.
    ///
    /// ## Use instead
    /// The same port number in both, or one Service.
    ///
    /// ## Covers
    /// IST0137 (for Deployments; here for every workload).
    pub SHARED_TARGET_PORT = "MC1114", "shared-target-port", Warning, Mesh,
    "A port of a workload that Services lead to under different numbers",
    ["IST0137"]
}

type Use<'a> = (u32, &'a Object<ServiceSpec>, &'a Spanned<ServicePort>);

/// The Services of one workload.
pub(super) fn check(selected: &Selected<'_>, found: &mut Vec<Diagnostic>) {
    if !selected.in_mesh || selected.is_managed() {
        return;
    }
    let mut by_target: BTreeMap<String, Vec<Use<'_>>> = BTreeMap::new();
    for service in &selected.services {
        for port in &service.spec.ports {
            let Some(number) = &port.port else { continue };
            let target = port.target_port.as_ref().map(|target| target.value.to_string());
            let target = target.filter(|target| target != "0" && !target.is_empty());
            let target = target.unwrap_or_else(|| number.value.to_string());
            by_target.entry(target).or_default().push((number.value, service, port));
        }
    }
    for (target, uses) in by_target {
        let Some((first, others)) = uses.split_first() else { continue };
        let Some(other) = others.iter().find(|other| other.0 != first.0) else { continue };
        let workload = selected.workload;
        let message = format!(
            "Service `{}` leads port {} and Service `{}` port {} to port {target} of these pods: the sidecar follows \
             what one of them says about it",
            first.1.name(),
            first.0,
            other.1.name(),
            other.0
        );
        let finding = workload
            .finding(&SHARED_TARGET_PORT, workload.name_span(), message)
            .label(first.2.span, format!("port {}", first.0))
            .label(other.2.span, format!("port {}", other.0))
            .help("use one port number in both Services");
        found.push(selected.alias(finding, "IST0137"));
    }
}
