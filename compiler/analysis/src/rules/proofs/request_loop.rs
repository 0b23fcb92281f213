//! Requests that go round in circles.

use std::collections::{BTreeMap, BTreeSet};

use meshc_diagnostics::{Diagnostic, Direction, Witness, declare_rule};
use meshc_effective::model::{Action, Address, Cluster, Proxy, ProxyKind, Route};
use meshc_trace::{Query, Request};

use super::World;
use crate::reach::Site;

declare_rule! {
    /// ## What it does
    /// Follows a request of each route that leads to a gateway, from gateway to gateway, mirrors too, and finds those
    /// that come to a place where they were before.
    ///
    /// ## What happens to traffic
    /// The request goes round until a timeout ends it, and each round costs connections and memory at every gateway on
    /// the way. Copies that go round come back as more copies each time.
    ///
    /// ## Example
    /// A VirtualService of the ingress gateway that sends `shop.example.com` to `istio-ingressgateway.istio-system`.
    ///
    /// ## Use instead
    /// A destination behind the gateway.
    pub REQUEST_LOOP = "MC1657", "request-loop", Error, Routes,
    "Requests that go round in circles",
    []
}

/// More hops than any mesh has.
const MOST_HOPS: usize = 16;

/// Every route of every gateway that leads to a gateway.
pub(super) fn check(world: &World<'_, '_>, found: &mut Vec<Diagnostic>) {
    let gateways: BTreeMap<(&str, &str), &Proxy> = world
        .effective
        .proxies
        .iter()
        .filter(|proxy| proxy.kind == ProxyKind::Gateway)
        .map(|proxy| ((proxy.id.namespace.as_str(), proxy.id.name.as_str()), &**proxy))
        .collect();
    if gateways.is_empty() {
        return;
    }
    let mut told = BTreeSet::new();
    for seen in world.survey.hosts.iter().filter(|seen| seen.proxy.kind == ProxyKind::Gateway) {
        for (route, reach) in seen.routes() {
            let (Some(request), Some(origin)) = (&reach.witness, route.origins.first()) else { continue };
            if told.contains(&origin.span) || next(seen.proxy, route, &gateways).is_empty() {
                continue;
            }
            let witness = Site::Table(seen.table.name.clone()).witness(seen.proxy, seen.named(request));
            let Some((places, copies)) = follow(world, &witness, &gateways) else { continue };
            told.insert(origin.span);
            let what = if copies { "copies of its requests go" } else { "its requests go" };
            let (first, others) = places.split_first().map_or(("", &[][..]), |(a, b)| (a.as_str(), b));
            let others =
                if others.is_empty() { String::new() } else { format!(" by way of {}", others.join(", ")) };
            let message = format!(
                "{what} round in circles: {} {} comes back to {first}{others}",
                request.method, request.path
            );
            let mut finding = Diagnostic::new(&REQUEST_LOOP, origin.span, message).witness(witness);
            if let Some(owner) = owner(world, route) {
                finding = finding.resource("VirtualService", Some(&owner.0), &owner.1);
            }
            found.push(finding.help("send the requests to a service behind the gateway"));
        }
    }
}

fn owner(world: &World<'_, '_>, route: &Route) -> Option<(String, String)> {
    let root = world.mesh.virtual_services.iter().find(|root| Some(root.meta.api_path()) == route.config)?;
    Some((root.meta.namespace.clone(), root.meta.name.clone()))
}

/// The gateways that a route leads to, with their ports, and whether as copies.
fn next<'m>(
    proxy: &'m Proxy,
    route: &Route,
    gateways: &BTreeMap<(&str, &str), &'m Proxy>,
) -> Vec<(&'m Proxy, u16, bool)> {
    let Action::Forward(forward) = &route.action else { return Vec::new() };
    let sent = forward.destinations.iter().filter(|d| d.weight > 0).map(|d| (&d.cluster, false));
    let copied = forward.mirrors.iter().map(|mirror| (&mirror.cluster, true));
    let clusters = sent.chain(copied).filter_map(|(name, copy)| Some((proxy.clusters.get(name)?, copy)));
    clusters
        .filter_map(|(cluster, copy)| of_cluster(cluster, gateways).map(|(to, port)| (to, port, copy)))
        .collect()
}

fn of_cluster<'m>(
    cluster: &Cluster,
    gateways: &BTreeMap<(&str, &str), &'m Proxy>,
) -> Option<(&'m Proxy, u16)> {
    let endpoints = cluster.endpoints.iter().flat_map(|group| &group.endpoints);
    endpoints.into_iter().find_map(|endpoint| {
        let key = (endpoint.namespace.as_deref()?, endpoint.pod.as_deref()?);
        match endpoint.address {
            Address::Socket { port, .. } => Some((*gateways.get(&key)?, port)),
            Address::Pipe { .. } => None,
        }
    })
}

/// Follows a request; gives the gateways that it passes, the first one twice, and whether it is a copy somewhere.
fn follow(
    world: &World<'_, '_>,
    witness: &Witness,
    gateways: &BTreeMap<(&str, &str), &Proxy>,
) -> Option<(Vec<String>, bool)> {
    let mut query = Query::from(witness);
    let mut seen: Vec<(String, String)> = Vec::new();
    let mut copies = false;
    for _ in 0..MOST_HOPS {
        let proxy = world.tracer.proxy(&query.proxy).ok()?;
        let answer = world.tracer.trace(&query).ok()?;
        let request = query.request.clone()?;
        let place = query.port.map(|port| format!("port {port}")).or_else(|| query.route_table.clone());
        let state = format!("{} {} {} {place:?}", request.authority, request.path, proxy.workload);
        let title = format!("{}.{}", proxy.workload, proxy.id.namespace);
        if let Some(at) = seen.iter().position(|(known, _)| *known == state) {
            let names = seen.split_off(at).into_iter().map(|(_, title)| title);
            return Some((names.collect(), copies));
        }
        // The first look is at a table, later ones at ports; one round more makes them alike.
        seen.push((state, title));
        let upstream = answer.upstream.as_ref()?;
        let routed = answer.destinations.iter().map(|(cluster, _)| (cluster, false));
        let copied = answer.mirrors.iter().map(|(cluster, _)| (cluster, true));
        let onward = routed.chain(copied).filter_map(|(name, copy)| {
            let (to, port) = of_cluster(proxy.clusters.get(name)?, gateways)?;
            Some((to, port, copy))
        });
        let (to, port, copy) = onward.into_iter().next()?;
        copies |= copy;
        let authority =
            if copy { format!("{}-shadow", upstream.authority) } else { upstream.authority.clone() };
        query = Query {
            proxy: to.id.to_string(),
            port: Some(port),
            direction: Some(Direction::Gateway.into()),
            request: Some(Request {
                method: request.method,
                authority,
                path: upstream.path.clone(),
                headers: upstream.headers.clone().into_iter().collect(),
            }),
            ..Query::default()
        };
    }
    None
}
