//! A ServiceEntry that no request touches.

use std::collections::BTreeMap;

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_mesh::Service;

use super::World;

declare_rule! {
    /// ## What it does
    /// Finds ServiceEntries that no request is sent to by their name: no proxy of the tree sees them (exportTo, Sidecars),
    /// or every route for their hosts leads elsewhere. It is a proof for all requests of all proxies of the tree.
    ///
    /// ## What happens to traffic
    /// Nobody is sent there by it.
    ///
    /// ## Example
    /// ```yaml
    /// exportTo: [archive]    # a namespace without workloads
    /// hosts: [api.example.com]
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// hosts: [api.example.com]
    /// ```
    pub UNTOUCHED_ENTRY = "MC1654", "untouched-entry", Info, Routes,
    "A ServiceEntry that no request touches",
    []
}

/// Every ServiceEntry with HTTP or TCP ports.
pub(super) fn check(world: &World<'_, '_>, found: &mut Vec<Diagnostic>) {
    let mut entries: BTreeMap<_, Vec<&Service>> = BTreeMap::new();
    for service in world.mesh.services.iter().filter(|service| service.meta.kind == "ServiceEntry") {
        entries.entry(service.meta.span).or_default().push(service);
    }
    for (span, services) in entries {
        let mut ports = services.iter().flat_map(|service| &service.ports).peekable();
        if ports.peek().is_none() || ports.any(|port| world.survey.touched.contains(&port.span)) {
            continue;
        }
        let Some(first) = services.first() else { continue };
        let hosts: Vec<&str> = services.iter().map(|service| service.hostname.as_str()).collect();
        let known = services.iter().flat_map(|service| &service.ports);
        let seen = known.map(|port| port.span).any(|span| world.survey.present.contains(&span));
        let why = if seen { "every route leads elsewhere" } else { "no proxy of this tree sees it" };
        let message = format!("no request is sent to {} by this entry: {why}", hosts.join(", "));
        let meta = &first.meta;
        found.push(
            Diagnostic::new(&UNTOUCHED_ENTRY, span, message)
                .resource(meta.kind, Some(&meta.namespace), &meta.name)
                .help("export it to the namespaces of its callers, or remove it"),
        );
    }
}
