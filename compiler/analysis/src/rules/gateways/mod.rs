//! Rules about Gateways (`MC140x`).

mod gateway_port;
mod shared_certificate;
mod shared_server;
mod unterminated_route;

use meshc_diagnostics::{Diagnostic, Rule};
use meshc_mesh::Meta;
use meshc_resources::istio::Server;
use meshc_source::Span;

use super::context::Context;

/// By code.
pub(super) const RULES: &[&Rule] = &[
    &shared_server::SHARED_SERVER,
    &gateway_port::GATEWAY_PORT,
    &shared_certificate::SHARED_CERTIFICATE,
    &unterminated_route::UNTERMINATED_ROUTE,
];

/// All of them.
pub(super) fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    shared_server::check(context, found);
    gateway_port::check(context, found);
    shared_certificate::check(context, found);
    unterminated_route::check(context, found);
}

/// A finding about a Gateway.
fn finding(rule: &Rule, meta: &Meta, span: Span, message: String) -> Diagnostic {
    Diagnostic::new(rule, span, message).resource(meta.kind, Some(&meta.namespace), &meta.name)
}

/// The address that a server binds, empty for all.
fn bind(server: &Server) -> &str {
    server.bind.as_ref().map_or("", |bind| bind.value.as_str())
}

/// What a port has to be for a server: servers of one family may share it.
fn family(server: &Server) -> &'static str {
    let protocol = server.port.as_ref().and_then(|port| port.protocol.as_ref());
    match protocol.map(|protocol| protocol.to_ascii_uppercase()).as_deref() {
        Some("HTTP" | "HTTP2" | "GRPC" | "GRPC-WEB") => "plain HTTP",
        Some("HTTPS" | "TLS") => "TLS",
        _ => "raw TCP",
    }
}
