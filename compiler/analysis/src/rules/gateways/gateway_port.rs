//! A port of a Gateway that no Service leads to.

use std::collections::BTreeSet;

use meshc_diagnostics::{Diagnostic, Severity, declare_rule};
use meshc_mesh::{PodProxy, Registry, Service, TargetPort, selects};

use crate::rules::context::Context;

declare_rule! {
    /// ## What it does
    /// Finds servers of Gateways on a port that no Service of the gateway's workload has, as port or as target port.
    ///
    /// ## What happens to traffic
    /// The gateway listens, and nobody can get there through its Service: connections are refused.
    ///
    /// ## Example
    /// ```yaml
    /// servers:
    ///   - port: {number: 8443, name: https, protocol: HTTPS}    # the Service has 80 and 443
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// servers:
    ///   - port: {number: 443, name: https, protocol: HTTPS}
    /// ```
    ///
    /// ## Covers
    /// IST0162.
    pub GATEWAY_PORT = "MC1403", "gateway-port", Warning, Mesh,
    "A port of a Gateway that no Service leads to",
    ["IST0162"]
}

/// Every server of every Gateway with a workload.
pub(super) fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    for gateway in &context.mesh.gateways {
        let pods: Vec<_> = context
            .pods
            .selected(None, &gateway.selector)
            .filter(|pod| pod.proxy == PodProxy::Gateway)
            .collect();
        if pods.is_empty() {
            continue;
        }
        let selecting = |service: &Service| {
            service.registry == Registry::Kubernetes
                && !service.selector.is_empty()
                && pods.iter().any(|pod| {
                    pod.namespace == service.namespace() && selects(&service.selector, &pod.labels)
                })
        };
        let namespaces: BTreeSet<&str> = pods.iter().map(|pod| pod.namespace.as_str()).collect();
        let services: Vec<&Service> = namespaces
            .iter()
            .flat_map(|namespace| context.services_of(namespace))
            .map(|service| &**service)
            .filter(|service| selecting(service))
            .collect();
        let mut ports = BTreeSet::new();
        for port in services.iter().flat_map(|service| &service.ports) {
            ports.insert(u32::from(port.number));
            match &port.target {
                TargetPort::Number(number) => {
                    ports.insert(u32::from(*number));
                }
                TargetPort::Name(_) => {
                    ports.extend(pods.iter().filter_map(|pod| pod.target(&port.target)).map(u32::from));
                }
            }
        }
        for server in &gateway.servers {
            let Some(number) = server.port.as_ref().and_then(|port| port.number.as_ref()) else { continue };
            if ports.contains(&number.value) {
                continue;
            }
            let message = format!(
                "no Service before this gateway's workload has port {}: connections from outside are refused",
                number.value
            );
            // What the installation's own Service has beyond the usual ports the tree does not say.
            let assumed = !services.is_empty() && services.iter().all(|service| service.made_up);
            let severity = if assumed { Severity::Info } else { Severity::Warning };
            let mut finding = super::finding(&GATEWAY_PORT, &gateway.meta, number.span, message)
                .severity(severity)
                .alias("IST0162");
            for service in services.iter().take(2) {
                finding = finding.label(service.meta.span, "its Service");
            }
            let known: Vec<String> =
                services.iter().flat_map(|s| &s.ports).map(|port| port.number.to_string()).collect();
            found.push(if known.is_empty() {
                finding.help("no Service of the tree selects the gateway's pods")
            } else {
                finding.help(format!("its Service has the ports {}", known.join(", ")))
            });
        }
    }
}
