//! Routes for another protocol than the service speaks.

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_mesh::Service;

use crate::rules::context::Context;

declare_rule! {
    /// ## What it does
    /// Finds VirtualServices of the mesh with `http` routes for services of which no port speaks HTTP, and `tcp` routes for
    /// ports that do.
    ///
    /// ## What happens to traffic
    /// The routes are not followed: connections to a port of TCP know no HTTP routes, requests to a port of HTTP no TCP routes.
    /// They go to the service as if there were no VirtualService.
    ///
    /// ## Example
    /// ```yaml
    /// kind: VirtualService
    /// spec:
    ///   hosts: [database]        # the Service's port is called `tcp-postgres`
    ///   http:
    ///     - route: [{destination: {host: database}}]
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// spec:
    ///   hosts: [database]
    ///   tcp:
    ///     - route: [{destination: {host: database}}]
    /// ```
    pub ROUTE_PROTOCOL = "MC1551", "route-protocol", Warning, Mesh,
    "Routes for another protocol than the service speaks",
    []
}

/// Every VirtualService that holds within the mesh.
pub(super) fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    for object in &context.resources.virtual_services {
        let gateways = &object.spec.gateways;
        if !gateways.is_empty() && !gateways.iter().any(|gateway| gateway.value == "mesh") {
            continue;
        }
        for host in &object.spec.hosts {
            let Some(service) = context.service(host, object.namespace()) else { continue };
            let http = object.spec.http.first();
            if let Some(route) =
                http.filter(|_| service.ports.iter().all(|port| !port.protocol.may_be_http()))
            {
                let message = format!(
                    "no port of `{}` speaks HTTP ({}): `http` routes are not followed there",
                    service.hostname,
                    ports(service)
                );
                found.push(
                    object.finding(&ROUTE_PROTOCOL, route.span, message).label(host.span, "the host").help(
                        "write `tcp` routes, or name the port's protocol: `http-…`, or `appProtocol: http`",
                    ),
                );
            }
            for route in &object.spec.tcp {
                let asked: Vec<u32> =
                    route.matches.iter().filter_map(|m| m.port.as_ref()).map(|port| port.value).collect();
                let mut meant = service
                    .ports
                    .iter()
                    .filter(|port| asked.is_empty() || asked.contains(&u32::from(port.number)))
                    .peekable();
                if meant.peek().is_none() || !meant.all(|port| port.protocol.is_http()) {
                    continue;
                }
                let message = format!(
                    "`{}` speaks HTTP ({}): `tcp` routes are not followed there",
                    service.hostname,
                    ports(service)
                );
                found.push(
                    object
                        .finding(&ROUTE_PROTOCOL, route.span, message)
                        .label(host.span, "the host")
                        .help("write `http` routes, or name the port's protocol: `tcp-…`"),
                );
            }
        }
    }
}

/// `9080 http, 9090 grpc`
fn ports(service: &Service) -> String {
    let texts = service.ports.iter().map(|port| format!("{} {}", port.number, port.name));
    texts.map(|text| text.trim_end().to_owned()).collect::<Vec<_>>().join(", ")
}
