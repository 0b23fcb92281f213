//! Requests that show what the configuration does: one for each route that matters, derived from the effective
//! configuration itself.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::sync::Arc;

use meshc_effective::model::{
    Action, ChainAction, Cluster, Fault, Listener, Percent, Proxy, ProxyId, ProxyKind, Route, VirtualHost,
};
use meshc_trace::{Direction, Query, Request};

use super::example;
use super::layout::{is_outbound, pod_of};
use super::world::World;

/// How often a request is sent whose answer is left to chance.
const DRAWS: usize = 40;

/// One sample.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Sample {
    /// Who asks.
    pub(super) proxy: Arc<Proxy>,
    /// What.
    pub(super) query: Query,
    /// The route that it is for; `None` for TCP, and for routes without a name.
    pub(super) route: Option<String>,
    /// For TCP, the listener and the cluster that it leads to: services may share a port, which a question cannot tell
    /// apart.
    pub(super) tcp: Option<(String, String)>,
    /// How often it is sent.
    pub(super) times: usize,
}

/// The samples of a mesh, those that show most first: gateways' routes, routes that VirtualServices wrote, TCP, the
/// default routes of services.
pub(super) fn derive(world: &World) -> Vec<Sample> {
    let callers = callers(world);
    let mut written = Vec::new();
    let mut tcp = Vec::new();
    let mut plain = Vec::new();
    let mut seen: Vec<(String, Arc<VirtualHost>)> = Vec::new();
    let mut seen_tcp = BTreeSet::new();
    for proxy in callers {
        for listener in proxy.listeners.iter().filter(|l| is_outbound(l.direction, l.binding)) {
            for chain in &listener.chains {
                match &chain.action {
                    ChainAction::HttpTable { table: name, .. } => {
                        let Some(table) = proxy.tables.get(name) else { continue };
                        for host in &table.virtual_hosts {
                            let known = seen.iter().any(|(of, other)| of == name && same(other, host));
                            if known || !leads_somewhere(&proxy, host) {
                                continue;
                            }
                            seen.push((name.clone(), Arc::clone(host)));
                            let (mut w, mut p) = of_host(&proxy, name, host);
                            written.append(&mut w);
                            plain.append(&mut p);
                        }
                    }
                    ChainAction::Tcp(forward) if forward.cluster().starts_with("outbound|") => {
                        let cluster = forward.cluster();
                        if seen_tcp.insert(cluster.to_owned()) {
                            tcp.push(of_tcp(&proxy, listener, cluster));
                        }
                    }
                    ChainAction::Tcp(_) | ChainAction::HttpInline { .. } => {}
                }
            }
        }
    }
    written.into_iter().chain(tcp).chain(plain).collect()
}

/// Whether a sample whose request goes to `clusters` shows something: what is behind a gateway is asked there.
pub(super) fn tells(world: &World, proxy: &Proxy, clusters: &[(String, u32)]) -> bool {
    let known = clusters.iter().filter_map(|(name, _)| proxy.clusters.get(name));
    clusters.is_empty() || known.clone().count() == 0 || known.clone().any(|c| !leads_to_gateways(world, c))
}

/// Whether any route of a virtual host may be answered: Istio gives a VirtualService's host a virtual host on ports that
/// the service does not have, whose clusters are not there.
fn leads_somewhere(proxy: &Proxy, host: &VirtualHost) -> bool {
    let forwards = host.routes.iter().filter_map(|route| match &route.action {
        Action::Forward(forward) => Some(&forward.destinations),
        Action::Redirect(_) | Action::DirectResponse(_) => None,
    });
    let mut clusters = forwards.flatten().map(|destination| destination.cluster.as_str()).peekable();
    clusters.peek().is_none()
        || clusters.any(|name| {
            let host = name.rsplit('|').next().unwrap_or_default();
            // A host that is nowhere is a mistake worth seeing.
            proxy.clusters.contains_key(name) || proxy.clusters.values().all(|other| other.host != host)
        })
}

/// Whether the only endpoints of a cluster are gateways.
pub(super) fn leads_to_gateways(world: &World, cluster: &Cluster) -> bool {
    let is_gateway = |id: &ProxyId| {
        world.mesh.proxies.iter().any(|proxy| proxy.id == *id && proxy.kind == ProxyKind::Gateway)
    };
    let mut endpoints = cluster.endpoints.iter().flat_map(|group| &group.endpoints).peekable();
    endpoints.peek().is_some() && endpoints.all(|endpoint| pod_of(endpoint).is_some_and(|id| is_gateway(&id)))
}

/// Gateways, then the workloads that gateways send to, then all others: whoever is first has the word for what all of
/// them see alike.
fn callers(world: &World) -> Vec<Arc<Proxy>> {
    let running = || world.mesh.proxies.iter().filter(|proxy| world.layout.runs(&proxy.id));
    let gateways: Vec<&Arc<Proxy>> = running().filter(|proxy| proxy.kind == ProxyKind::Gateway).collect();
    let mut callers: Vec<(usize, Arc<Proxy>)> =
        running().map(|proxy| (weight_behind(&gateways, proxy), Arc::clone(proxy))).collect();
    callers.sort_by_key(|(weight, proxy)| (proxy.kind == ProxyKind::Sidecar, Reverse(*weight)));
    callers.into_iter().map(|(_, proxy)| proxy).collect()
}

/// How much of what gateways let in goes to a pod: a route for everything else, the front door, counts most.
fn weight_behind(gateways: &[&Arc<Proxy>], proxy: &Proxy) -> usize {
    const FRONT_DOOR: usize = 1_000;
    let who = proxy.id.to_string();
    let mut weight = 0;
    for gateway in gateways {
        let hosts = gateway.tables.values().flat_map(|table| &table.virtual_hosts);
        for route in hosts.flat_map(|host| &host.routes) {
            if let Action::Forward(forward) = &route.action
                && forward.destinations.iter().any(|d| World::serves(gateway, &d.cluster, &who))
            {
                weight += if route.matches.is_any() { FRONT_DOOR } else { 1 };
            }
        }
    }
    weight
}

/// Whether two virtual hosts do the same, wherever they come from.
fn same(a: &VirtualHost, b: &VirtualHost) -> bool {
    let parts = |host: &VirtualHost| {
        let routes = host.routes.iter();
        routes.map(|r| (r.matches.clone(), r.action.clone(), r.fault.clone())).collect::<Vec<_>>()
    };
    a.name == b.name && parts(a) == parts(b)
}

/// The samples of a virtual host: those for routes that somebody wrote, and those for routes that every service has.
fn of_host(proxy: &Arc<Proxy>, table: &str, host: &VirtualHost) -> (Vec<Sample>, Vec<Sample>) {
    let mut written = Vec::new();
    let mut plain = Vec::new();
    let Some(mut authority) = authority(host) else { return (written, plain) };
    // Applications write the port, as `curl` does; at a gateway it is the outside's own.
    if proxy.kind == ProxyKind::Sidecar && table.parse::<u16>().is_ok_and(|port| port != 80) {
        authority.extend([":", table]);
    }
    for route in &host.routes {
        let Some(request) = example::request(&route.matches, &authority) else { continue };
        let sample = Sample {
            proxy: Arc::clone(proxy),
            query: query(proxy, Some(table), None, Some(request)),
            route: route.name.clone(),
            tcp: None,
            times: if is_chance(route) { DRAWS } else { 1 },
        };
        if route.config.is_some() { written.push(sample) } else { plain.push(sample) }
    }
    (written, plain)
}

fn of_tcp(proxy: &Arc<Proxy>, listener: &Listener, cluster: &str) -> Sample {
    Sample {
        proxy: Arc::clone(proxy),
        query: query(proxy, None, Some(listener.port), None),
        route: None,
        tcp: Some((listener.name.clone(), cluster.to_owned())),
        times: 1,
    }
}

fn query(proxy: &Proxy, table: Option<&str>, port: Option<u16>, request: Option<Request>) -> Query {
    let direction = if proxy.kind == ProxyKind::Gateway { Direction::Gateway } else { Direction::Outbound };
    Query {
        proxy: proxy.id.to_string(),
        route_table: table.map(ToOwned::to_owned),
        port,
        direction: Some(direction),
        request,
        ..Query::default()
    }
}

/// The name that a person would use: the shortest without a port. Hosts for everything else (`allow_any`, `block_all`)
/// have none; a wildcard stands for one name below it.
pub(super) fn authority(host: &VirtualHost) -> Option<String> {
    if matches!(host.name.as_str(), "allow_any" | "block_all" | "blackhole:80")
        || host.name.starts_with("blackhole:")
    {
        return None;
    }
    let plain = host.domains.iter().filter(|domain| !domain.contains([':', '*']));
    if let Some(shortest) = plain.min_by_key(|domain| domain.len()) {
        return Some(shortest.clone());
    }
    let domain = host.domains.first()?;
    Some(if domain == "*" { "example.com".to_owned() } else { domain.replace('*', "www") })
}

/// Whether the answer is left to chance.
fn is_chance(route: &Route) -> bool {
    let split = match &route.action {
        Action::Forward(forward) => forward.destinations.iter().filter(|d| d.weight > 0).count() > 1,
        Action::Redirect(_) | Action::DirectResponse(_) => false,
    };
    let sometimes = |percent: Percent| percent != Percent::ALL && percent.millionths > 0;
    split
        || route.fault.as_ref().is_some_and(|fault: &Fault| {
            fault.delay.as_ref().is_some_and(|delay| sometimes(delay.percent))
                || fault.abort.as_ref().is_some_and(|abort| sometimes(abort.percent))
        })
}

#[cfg(test)]
mod tests;
