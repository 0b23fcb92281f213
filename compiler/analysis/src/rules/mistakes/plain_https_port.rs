//! Port 443 that is said to speak plain HTTP.

use meshc_diagnostics::{Diagnostic, Severity, declare_rule};
use meshc_mesh::Protocol;
use meshc_mesh::hostname::is_covered;
use meshc_resources::istio::Location;

use crate::rules::context::Context;

declare_rule! {
    /// ## What it does
    /// Finds port 443 of ServiceEntries for hosts outside of the mesh with a protocol of plain HTTP, where no DestinationRule
    /// of the tree begins TLS; and (as an info) servers of Gateways that speak plain HTTP on port 443.
    ///
    /// ## What happens to traffic
    /// Applications that speak TLS to the port are not understood: the sidecar expects HTTP and closes the connection.
    ///
    /// ## Example
    /// ```yaml
    /// ports: [{number: 443, name: https, protocol: HTTP}]
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// ports: [{number: 443, name: https, protocol: HTTPS}]
    /// ```
    pub PLAIN_HTTPS_PORT = "MC1563", "plain-https-port", Warning, Mesh,
    "Port 443 that is said to speak plain HTTP",
    []
}

/// Every port 443.
pub(super) fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    for object in &context.resources.service_entries {
        let outside =
            object.spec.location.as_ref().is_none_or(|location| location.value == Location::MeshExternal);
        let begins_tls = object.spec.hosts.iter().any(|host| begins_tls(context, host));
        if !outside || begins_tls {
            continue;
        }
        for port in &object.spec.ports {
            let number = port.number.as_ref().map_or(0, |number| number.value);
            let moved = port.target_port.as_ref().is_some_and(|target| !matches!(target.value, 0 | 443));
            let plain = port.protocol.as_ref().filter(|protocol| Protocol::parse(protocol).is_http());
            if let Some(protocol) = plain.filter(|_| number == 443 && !moved) {
                let message = "port 443 is said to speak plain HTTP: sidecars do not understand the TLS that clients send";
                let finding = object.finding(&PLAIN_HTTPS_PORT, protocol.span, message);
                found.push(
                    finding.help("write `protocol: HTTPS`, or begin TLS in a DestinationRule for the host"),
                );
            }
        }
    }
    for object in &context.resources.gateways {
        for port in object.spec.servers.iter().filter_map(|server| server.port.as_ref()) {
            let number = port.number.as_ref().map_or(0, |number| number.value);
            let plain = port.protocol.as_ref().filter(|protocol| Protocol::parse(protocol).is_http());
            if let Some(protocol) = plain.filter(|_| number == 443) {
                let message = "port 443 speaks plain HTTP: right only behind something that ends TLS";
                found
                    .push(object.finding(&PLAIN_HTTPS_PORT, protocol.span, message).severity(Severity::Info));
            }
        }
    }
}

/// Whether some DestinationRule makes sidecars speak TLS to a host.
fn begins_tls(context: &Context<'_>, host: &str) -> bool {
    context.resources.destination_rules.iter().any(|object| {
        let spec = &object.spec;
        let of_host = spec.host.as_ref().is_some_and(|of| of.value == host || is_covered(host, of));
        let policies =
            spec.traffic_policy.iter().chain(spec.subsets.iter().filter_map(|s| s.traffic_policy.as_ref()));
        of_host
            && policies.into_iter().any(|policy| {
                policy.tls.is_some() || policy.port_level_settings.iter().any(|port| port.tls.is_some())
            })
    })
}
