//! A route of a kind that no server of its gateway makes use of.

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_mesh::Gateway;
use meshc_mesh::hostname::{MESH_GATEWAY, qualify_gateway};
use meshc_resources::istio::{Server, TlsMode};
use meshc_source::Span;

use crate::rules::context::Context;

declare_rule! {
    /// ## What it does
    /// Finds VirtualServices with routes of a kind that no server of their gateway can use: `http` routes need a server
    /// that speaks HTTP or ends TLS of HTTPS, `tls` routes one that passes TLS through, `tcp` routes one of raw TCP or
    /// one that ends TLS of another protocol.
    ///
    /// ## What happens to traffic
    /// The routes are left out at that gateway: connections are closed, or requests get 404.
    ///
    /// ## Example
    /// A Gateway with `tls: {mode: SIMPLE}` on port 443 with `protocol: HTTPS`, and a VirtualService for it with `tls`
    /// routes.
    ///
    /// ## Use instead
    /// `http` routes, or `tls: {mode: PASSTHROUGH}` in the Gateway.
    pub UNTERMINATED_ROUTE = "MC1417", "unterminated-route", Warning, Mesh,
    "Routes of a kind that no server of their gateway makes use of",
    []
}

/// The kinds of routes that a server makes use of.
fn takes(server: &Server) -> (&'static str, &'static str) {
    let protocol = server.port.as_ref().and_then(|port| port.protocol.as_ref());
    let protocol = protocol.map(|protocol| protocol.to_ascii_uppercase()).unwrap_or_default();
    let mode = server.tls.as_ref().and_then(|tls| tls.mode.as_ref()).map(|mode| mode.value);
    let passes = matches!(mode, Some(TlsMode::Passthrough | TlsMode::AutoPassthrough));
    match protocol.as_str() {
        "HTTP" | "HTTP2" | "GRPC" | "GRPC-WEB" => ("http", "speaks HTTP"),
        "HTTPS" | "TLS" if passes => ("tls", "passes TLS through"),
        "HTTPS" => ("http", "ends TLS and speaks HTTP"),
        "TLS" => ("tcp", "ends TLS and passes bytes on"),
        _ => ("tcp", "passes bytes on"),
    }
}

/// Every VirtualService at each of its gateways.
pub(super) fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    for object in &context.resources.virtual_services {
        let spec = &object.spec;
        let kinds = [
            ("http", spec.http.first().map(|route| route.span)),
            ("tls", spec.tls.first().map(|route| route.span)),
            ("tcp", spec.tcp.first().map(|route| route.span)),
        ];
        for written in &spec.gateways {
            let full = qualify_gateway(written, object.namespace());
            let Some(gateway) = context.gateway(&full).filter(|_| full != MESH_GATEWAY) else { continue };
            for (kind, span) in kinds {
                let Some(span) = span else { continue };
                let ports: Vec<u32> = match kind {
                    "tls" => spec
                        .tls
                        .iter()
                        .flat_map(|r| &r.matches)
                        .filter_map(|m| m.port)
                        .map(|p| p.value)
                        .collect(),
                    "tcp" => spec
                        .tcp
                        .iter()
                        .flat_map(|r| &r.matches)
                        .filter_map(|m| m.port)
                        .map(|p| p.value)
                        .collect(),
                    _ => Vec::new(),
                };
                if let Some((server, why)) = unusable(gateway, kind, &ports) {
                    let message = format!(
                        "Gateway `{full}` {why} on every port of these routes and makes no use of `{kind}` routes: they are left out \
                         there"
                    );
                    found.push(
                        object
                            .finding(&UNTERMINATED_ROUTE, span, message)
                            .label(server, "a server of the gateway")
                            .help(help(kind)),
                    );
                }
            }
        }
    }
}

/// A server that shows that none takes routes of the kind; none where one does, or there is no server.
fn unusable(gateway: &Gateway, kind: &str, ports: &[u32]) -> Option<(Span, &'static str)> {
    let of_ports = |server: &&meshc_syntax::de::Spanned<Server>| {
        let number = server.port.as_ref().and_then(|port| port.number.as_ref()).map(|n| n.value);
        ports.is_empty() || number.is_some_and(|number| ports.contains(&number))
    };
    let servers: Vec<_> = gateway.servers.iter().filter(of_ports).collect();
    if servers.iter().any(|server| takes(server).0 == kind) {
        return None;
    }
    let first = servers.first()?;
    let span = first.port.as_ref().and_then(|port| port.protocol.as_ref()).map_or(first.span, |p| p.span);
    Some((span, takes(first).1))
}

fn help(kind: &str) -> &'static str {
    match kind {
        "http" => {
            "use `tls` routes for TLS that is passed through and `tcp` routes for bytes, or a server that ends TLS"
        }
        "tls" => "use `http` routes, or let the server pass TLS through: `tls: {mode: PASSTHROUGH}`",
        _ => "use `http` or `tls` routes, or a server with `protocol: TCP`",
    }
}
