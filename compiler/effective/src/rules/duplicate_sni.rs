//! A TLS route for a server name that has one.

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_mesh::Meta;
use meshc_source::Span;

use super::finding;

declare_rule! {
    /// ## What it does
    /// Finds a condition of a TLS route with a server name for which an older route of the same port of a gateway
    /// already says where to.
    ///
    /// ## What happens to traffic
    /// Istio leaves the condition out with all its server names: those that only it has are refused.
    ///
    /// ## Example
    /// Two VirtualServices for one Gateway, each with `sniHosts: [shop.example.com]`.
    ///
    /// ## Use instead
    /// Each server name in one condition for a port.
    pub DUPLICATE_SNI = "MC1322", "duplicate-sni", Error, Mesh,
    "A TLS route that Istio leaves out for a server name that another has",
    []
}

/// The finding for the condition that is left out.
pub(crate) fn duplicate_sni(by: &Meta, span: Span, host: &str, port: u16) -> Diagnostic {
    let message = format!(
        "an older TLS route on port {port} of the same gateway is for `{host}`: this condition is left out with all \
         its server names"
    );
    finding(&DUPLICATE_SNI, by, span, message)
}
