//! A VirtualService that no request touches.

use std::collections::BTreeSet;

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_effective::model::ProxyKind;
use meshc_mesh::VirtualService;
use meshc_mesh::hostname::MESH_GATEWAY;
use rustc_hash::FxHashMap;

use super::World;

declare_rule! {
    /// ## What it does
    /// Finds VirtualServices of which no proxy of the tree has any route: another VirtualService is followed for all of
    /// their hosts, no Sidecar lets their hosts in, they are exported to no namespace with workloads, or no server of
    /// their gateways serves their hosts. Where no proxy of the tree could follow one (its gateways' workloads live
    /// elsewhere), nothing is said.
    ///
    /// ## What happens to traffic
    /// Nothing of what it says happens to any request.
    ///
    /// ## Example
    /// ```yaml
    /// hosts: [reviews]
    /// exportTo: [archive]    # a namespace without workloads
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// hosts: [reviews]
    /// exportTo: ["."]
    /// ```
    pub UNTOUCHED_VIRTUAL_SERVICE = "MC1650", "untouched-virtual-service", Info, Routes,
    "A VirtualService that no request touches",
    []
}

/// Every VirtualService with HTTP routes alone.
pub(super) fn check(world: &World<'_, '_>, found: &mut Vec<Diagnostic>) {
    let mut gateways = FxHashMap::default();
    for root in world.mesh.virtual_services.iter().filter(|root| !root.routes_connections()) {
        if root.http.is_empty() || root.hosts.is_empty() {
            continue;
        }
        let written = root.http.iter().flat_map(|rule| {
            let of_matches = rule.route.matches.iter().map(|condition| condition.span);
            of_matches.chain([rule.span])
        });
        if written.chain([root.meta.span]).any(|span| world.survey.followed.contains(&span))
            || !could_follow(world, root, &mut gateways)
        {
            continue;
        }
        let hosts: Vec<&str> = root.hosts.iter().map(|host| host.value.as_str()).collect();
        let message = format!(
            "no proxy of this tree follows the routes for {}: nothing of what they say happens to any request",
            hosts.join(", ")
        );
        found.push(
            Diagnostic::new(&UNTOUCHED_VIRTUAL_SERVICE, root.meta.span, message)
                .resource(root.meta.kind, Some(&root.meta.namespace), &root.meta.name)
                .help("another VirtualService may have its hosts, exportTo or a Sidecar may keep it from callers"),
        );
    }
}

/// Whether the tree has a proxy that follows such VirtualServices. `known` are the gateways that were looked for, by their
/// names, with whether a proxy serves them.
fn could_follow<'m>(
    world: &World<'m, '_>,
    root: &'m VirtualService,
    known: &mut FxHashMap<&'m str, bool>,
) -> bool {
    root.gateways.iter().any(|name| {
        if name == MESH_GATEWAY {
            return world.effective.proxies.iter().any(|proxy| proxy.kind == ProxyKind::Sidecar);
        }
        *known.entry(name).or_insert_with(|| {
            let gateway = world.mesh.gateways.iter().find(|gateway| gateway.meta.key() == *name);
            let pods: BTreeSet<(&str, &str)> = gateway
                .into_iter()
                .flat_map(|gateway| world.mesh.pods_of(gateway))
                .map(|pod| (pod.namespace.as_str(), pod.name.as_str()))
                .collect();
            let proxies = &world.effective.proxies;
            proxies.iter().any(|proxy| pods.contains(&(proxy.id.namespace.as_str(), proxy.id.name.as_str())))
        })
    })
}
