//! A way in from outside on which nobody asks who comes.

use std::collections::{BTreeMap, BTreeSet};

use meshc_diagnostics::{Diagnostic, Witness, declare_rule};
use meshc_effective::model::{Action, Address, Proxy, ProxyKind, Security, SecurityFilter};
use meshc_source::Span;

use super::World;
use crate::promises::destination_words;
use crate::reach::Site;

declare_rule! {
    /// ## What it does
    /// In a tree that has AuthorizationPolicies or RequestAuthentications, finds servers of gateways through which some
    /// request reaches a workload though neither the gateway nor the workload has any policy that asks who it is or what
    /// it wants.
    ///
    /// ## What happens to traffic
    /// Anyone who can reach the gateway can send such requests.
    ///
    /// ## Example
    /// A gateway without policies before two services, of which one has an AuthorizationPolicy.
    ///
    /// ## Use instead
    /// A policy at the gateway or at the other service, if it is not meant to be public.
    pub OPEN_ENTRY = "MC1533", "open-entry", Info, Routes,
    "A way in from outside on which nobody asks who comes",
    []
}

/// Every server of a gateway.
pub(super) fn check(world: &World<'_, '_>, found: &mut Vec<Diagnostic>) {
    let resources = world.resources;
    if resources.authorization_policies.is_empty() && resources.request_authentications.is_empty() {
        return;
    }
    let proxies: BTreeMap<(&str, &str), &Proxy> = world
        .effective
        .proxies
        .iter()
        .map(|proxy| ((proxy.id.namespace.as_str(), proxy.id.name.as_str()), &**proxy))
        .collect();
    let mut open: BTreeMap<Span, (BTreeSet<String>, Witness)> = BTreeMap::new();
    for seen in world.survey.hosts.iter().filter(|seen| seen.proxy.kind == ProxyKind::Gateway) {
        if asks(&seen.proxy.security) {
            continue;
        }
        // The server's own origin comes before those of VirtualServices.
        let Some(server) = seen.host().origins.first() else { continue };
        for (route, reach) in seen.routes() {
            let (Action::Forward(forward), Some(request)) = (&route.action, &reach.witness) else { continue };
            for destination in forward.destinations.iter().filter(|d| d.weight > 0) {
                let Some(cluster) = seen.proxy.clusters.get(&destination.cluster) else { continue };
                let endpoints = cluster.endpoints.iter().flat_map(|group| &group.endpoints);
                let unasked = endpoints.into_iter().any(|endpoint| {
                    let key = endpoint.namespace.as_deref().zip(endpoint.pod.as_deref());
                    let is_pod = matches!(endpoint.address, Address::Socket { .. });
                    key.is_some_and(|key| is_pod && proxies.get(&key).is_none_or(|to| !asks(&to.security)))
                });
                if unasked {
                    let witness =
                        Site::Table(seen.table.name.clone()).witness(seen.proxy, seen.named(request));
                    let entry = open.entry(server.span).or_insert_with(|| (BTreeSet::new(), witness));
                    entry.0.insert(destination_words(&destination.cluster));
                }
            }
        }
    }
    for (span, (services, witness)) in open {
        let names: Vec<&str> = services.iter().map(String::as_str).collect();
        let message = format!(
            "requests from outside reach {} with no authentication and no authorization on the way",
            names.join(", ")
        );
        let mut finding = Diagnostic::new(&OPEN_ENTRY, span, message).witness(witness);
        let owner = world.mesh.gateways.iter().find(|gateway| {
            let port = |server: &meshc_resources::istio::Server| server.port.as_ref().map(|port| port.span);
            gateway.servers.iter().any(|server| server.span == span || port(server) == Some(span))
        });
        if let Some(gateway) = owner {
            finding = finding.resource(gateway.meta.kind, Some(&gateway.meta.namespace), &gateway.meta.name);
        }
        found.push(
            finding.help(
                "if they are public, all is well; otherwise add a policy at the gateway or the service",
            ),
        );
    }
}

/// Whether any policy looks at what comes.
fn asks(security: &Security) -> bool {
    security.http.iter().any(|filter| match filter {
        SecurityFilter::Rbac(rbac) => rbac.enforced.is_some() || rbac.shadow.is_some(),
        SecurityFilter::External(_) => true,
        // Without a policy that asks for it, a request without a token passes.
        SecurityFilter::Jwt(_) => false,
    })
}
