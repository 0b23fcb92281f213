//! A destination's port that its service does not have, or that has to be named.

use meshc_diagnostics::{Diagnostic, declare_rule};

use super::context::Context;

declare_rule! {
    /// ## What it does
    /// Finds destinations with a port that the service does not have, and destinations without a port on a service
    /// that has several.
    ///
    /// ## What happens to traffic
    /// With a port that is not there the cluster does not exist: requests get 503. Without one, sidecars use the port
    /// that the request came to, and where the service does not have that one (at gateways mostly) requests get 503.
    ///
    /// ## Example
    /// ```yaml
    /// route:
    ///   - destination: {host: orders}    # has the ports 8080 and 9400
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// route:
    ///   - destination: {host: orders, port: {number: 8080}}
    /// ```
    ///
    /// ## Covers
    /// IST0101 (a port that is not there) and IST0112 (a port that has to be named).
    pub PORT = "MC1008", "destination-port", Error, Mesh,
    "A destination's port that its service does not have, or that has to be named",
    ["IST0101", "IST0112"]
}

/// Every destination and mirror on a host that exists.
pub(super) fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    for place in &context.destinations {
        let Some(host) = place.host() else { continue };
        let Some(service) = context.service(host, place.object.namespace()) else { continue };
        let numbers: Vec<String> = service.ports.iter().map(|port| port.number.to_string()).collect();
        let ports = numbers.join(", ");
        let written = place.destination.port.as_ref().and_then(|port| port.number.as_ref());
        match written {
            Some(number) if number.value == 0 => {}
            Some(number) => {
                if service.ports.iter().any(|port| u32::from(port.number) == number.value) {
                    continue;
                }
                let message = format!(
                    "{}: `{}` has no port {}: {}",
                    place.path,
                    host.value,
                    number.value,
                    place.loss()
                );
                let mut finding = place
                    .object
                    .finding(&PORT, number.span, message)
                    .alias("IST0101")
                    .label(service.meta.span, "declared here");
                if let [only] = service.ports.as_slice() {
                    finding = finding.replace(
                        format!("Replace with {}", only.number),
                        number.span,
                        only.number.to_string(),
                    );
                }
                found.push(if numbers.is_empty() {
                    finding.help("the service has no ports")
                } else {
                    finding.help(format!("its ports: {ports}"))
                });
            }
            None if service.ports.len() > 1 => {
                let message = format!(
                    "{}: `{}` has the ports {ports}, and the destination names none: requests that come to another \
                     port than these get 503",
                    place.path, host.value
                );
                found.push(
                    place
                        .object
                        .finding(&PORT, place.span(), message)
                        .alias("IST0112")
                        .label(service.meta.span, "declared here")
                        .help("add `port: {number: …}` to the destination"),
                );
            }
            None => {}
        }
    }
}
