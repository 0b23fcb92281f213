//! A server that cannot share its port.

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_mesh::Gateway;
use meshc_resources::istio::Server;
use meshc_syntax::de::Spanned;

use super::finding;

declare_rule! {
    /// ## What it does
    /// Finds a Gateway server that cannot share its port with an older server of the same pods: plaintext servers
    /// share one only if both speak HTTP, HTTPS servers only under names of ports of their own.
    ///
    /// ## What happens to traffic
    /// Istio leaves the whole server out, with all its hosts.
    ///
    /// ## Example
    /// A TCP server and an HTTP server on port 8080 of the same gateway.
    ///
    /// ## Use instead
    /// A port of its own for each, or `bind` with different addresses.
    pub SERVER_CONFLICT = "MC1320", "server-conflict", Error, Mesh,
    "A Gateway server that Istio leaves out because its port speaks something else",
    []
}

/// The finding for the server that is left out.
pub(crate) fn server_conflict(
    gateway: &Gateway,
    server: &Spanned<Server>,
    port: u16,
    spoken: &str,
) -> Diagnostic {
    let message = format!(
        "an older server of the same pods speaks {spoken} on port {port}: this server is left out with all its hosts"
    );
    let span = server.port.as_ref().map_or(server.span, |port| port.span);
    finding(&SERVER_CONFLICT, &gateway.meta, span, message)
}
