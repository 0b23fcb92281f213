//! A TCP server to which no route leads.

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_mesh::Gateway;
use meshc_resources::istio::Server;
use meshc_syntax::de::Spanned;

use super::finding;

declare_rule! {
    /// ## What it does
    /// Finds a Gateway server for raw TCP, or for TLS that is terminated, for which no VirtualService has a `tcp`
    /// route.
    ///
    /// ## What happens to traffic
    /// The gateway does not listen for it: connections are refused.
    ///
    /// ## Example
    /// A server with `protocol: TCP` on port 3306, and a VirtualService for the Gateway with `http` routes only.
    ///
    /// ## Use instead
    /// ```yaml
    /// tcp:
    ///   - match: [{port: 3306}]
    ///     route:
    ///       - destination: {host: mysql}
    /// ```
    pub SERVER_WITHOUT_ROUTE = "MC1321", "server-without-route", Warning, Mesh,
    "A TCP server of a Gateway without a TCP route",
    []
}

/// The finding for the server.
pub(crate) fn server_without_route(gateway: &Gateway, server: &Spanned<Server>, port: u16) -> Diagnostic {
    let message = format!(
        "no VirtualService has a `tcp` route for port {port} of this Gateway: the gateway does not listen for it"
    );
    let span = server.port.as_ref().map_or(server.span, |port| port.span);
    finding(&SERVER_WITHOUT_ROUTE, &gateway.meta, span, message)
}
