//! A server of a Gateway that has no route.

use std::collections::BTreeSet;

use meshc_diagnostics::{Diagnostic, declare_rule};

use super::World;

declare_rule! {
    /// ## What it does
    /// Finds HTTP servers of Gateways on whose port no VirtualService has any route for any of their hosts.
    ///
    /// ## What happens to traffic
    /// Every request gets 404.
    ///
    /// ## Example
    /// A Gateway with `hosts: [shop.example.com]`, and no VirtualService with `gateways: [shop]`.
    ///
    /// ## Use instead
    /// A VirtualService for the host that names the gateway.
    pub UNTOUCHED_SERVER = "MC1653", "untouched-server", Info, Routes,
    "A server of a Gateway that has no route",
    []
}

/// Every virtual host of a gateway that has no route.
pub(super) fn check(world: &World<'_, '_>, found: &mut Vec<Diagnostic>) {
    let mut told = BTreeSet::new();
    let empty = world.survey.hosts.iter().filter(|seen| {
        let host = seen.host();
        host.routes.is_empty() && host.domains == ["*"] && !host.require_tls
    });
    for origin in empty.flat_map(|seen| &seen.host().origins) {
        if !told.insert(origin.span) {
            continue;
        }
        let owner = world.mesh.gateways.iter().find(|gateway| {
            gateway.servers.iter().any(|server| {
                let port = server.port.as_ref().map(|port| port.span);
                server.span == origin.span || port == Some(origin.span)
            })
        });
        let message = "no VirtualService has a route for a host of this server: every request gets 404";
        let mut finding = Diagnostic::new(&UNTOUCHED_SERVER, origin.span, message);
        if let Some(gateway) = owner {
            let meta = &gateway.meta;
            finding = finding.resource(meta.kind, Some(&meta.namespace), &meta.name);
        }
        found.push(finding.help("write a VirtualService that names the gateway and a host of the server"));
    }
}
