//! A Gateway server that Istio leaves out.

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_mesh::Gateway;
use meshc_resources::istio::Server;
use meshc_syntax::de::Spanned;

use super::finding;

declare_rule! {
    /// ## What it does
    /// Finds Gateway servers with `tls` settings for a host that an older server with `tls` settings has on the same
    /// port of the same gateway pods.
    ///
    /// ## What happens to traffic
    /// Istio leaves the whole server out, with all its hosts.
    ///
    /// ## Example
    /// Two servers on port 80 with `httpsRedirect: true` for `shop.example.com`.
    ///
    /// ## Use instead
    /// The host in one of them only.
    pub DUPLICATE_SERVER = "MC1302", "duplicate-server", Error, Mesh,
    "A Gateway server that Istio leaves out for a host that another has",
    []
}

/// The finding for the server that is left out.
pub(crate) fn duplicate_server(
    gateway: &Gateway,
    server: &Spanned<Server>,
    host: &str,
    port: u16,
) -> Diagnostic {
    let message = format!(
        "an older server with `tls` has `{host}` on port {port} of the same pods: this server is left out with all \
         its hosts"
    );
    let bare = host.rsplit('/').next().unwrap_or(host);
    let written = server.hosts.iter().find(|written| written.value.ends_with(bare));
    finding(&DUPLICATE_SERVER, &gateway.meta, written.map_or(server.span, |written| written.span), message)
}
