//! Two VirtualServices for one host of the mesh.

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_mesh::VirtualService;

use super::finding;

declare_rule! {
    /// ## What it does
    /// Finds hosts of sidecars for which several VirtualServices have routes.
    ///
    /// ## What happens to traffic
    /// Sidecars follow the oldest VirtualService (by `creationTimestamp`, then by name and namespace) and none of
    /// the others for that host. (Gateways merge them.)
    ///
    /// ## Example
    /// Two VirtualServices with `hosts: [reviews]` in one namespace.
    ///
    /// ## Use instead
    /// One VirtualService with the routes of both, in the order in which they are to be tried.
    ///
    /// ## Covers
    /// IST0109 (ConflictingMeshGatewayVirtualServiceHosts), KIA1106
    pub DUPLICATE_HOST = "MC1301", "duplicate-host", Error, Mesh,
    "A host of the mesh for which several VirtualServices have routes",
    ["IST0109", "KIA1106"]
}

/// The finding for the second of two; none if they are one.
pub(crate) fn duplicate_host(
    first: &VirtualService,
    second: &VirtualService,
    host: &str,
) -> Option<Diagnostic> {
    if first.meta == second.meta {
        return None;
    }
    let written = second.hosts.iter().find(|written| written.eq_ignore_ascii_case(host));
    let span = written.map_or(second.meta.span, |written| written.span);
    let of_first = first.hosts.iter().find(|written| written.eq_ignore_ascii_case(host));
    let message =
        format!("{} has routes for `{host}` already: sidecars follow that one and not this", first.meta);
    Some(
        finding(&DUPLICATE_HOST, &second.meta, span, message)
            .label(of_first.map_or(first.meta.span, |written| written.span), "followed")
            .help("put the routes of both into one VirtualService")
            .alias("IST0109"),
    )
}
