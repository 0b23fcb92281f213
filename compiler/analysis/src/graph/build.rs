//! Builds the graph. What proxies share (tables, clusters) is one part of it, however many proxies have it.

use std::collections::HashMap;
use std::ptr;
use std::sync::Arc;

use meshc_effective::model::{
    Action, Address, Chain, ChainAction, Cluster, ClusterKind, EffectiveMesh, Listener, PatchSide, Proxy,
    ProxyKind, Reader, Route, RouteTable,
};
use meshc_source::SourceSet;
use petgraph::graph::{DiGraph, NodeIndex};

use super::{Edge, EdgeKind, Entry, Graph, Node, Place};
use crate::diff::describe;
use crate::reach::{Asked, Known, RouteReach};

pub(super) fn build<'m>(mesh: &'m EffectiveMesh, sources: &'m SourceSet) -> Graph<'m> {
    let mut builder = Builder::new(mesh);
    for entry in Entry::all(mesh) {
        builder.entry(entry);
    }
    Graph { net: builder.net, mesh, sources }
}

struct Builder<'m> {
    net: DiGraph<Node<'m>, Edge>,
    known: Known,
    /// By pod and namespace.
    proxies: HashMap<(&'m str, &'m str), &'m Proxy>,
    /// By the addresses of the table and of the proxy's clusters.
    tables: HashMap<(usize, (usize, usize), Reader), NodeIndex>,
    destinations: HashMap<(usize, &'m str), NodeIndex>,
    workloads: HashMap<(String, String, u16), NodeIndex>,
    outside: HashMap<(String, u16), NodeIndex>,
}

fn edge(kind: EdgeKind, requests: impl Into<String>) -> Edge {
    Edge { kind, requests: requests.into(), share: None, reach: None }
}

impl<'m> Builder<'m> {
    fn new(mesh: &'m EffectiveMesh) -> Self {
        let proxies = mesh.proxies.iter().map(|proxy| {
            let key = (proxy.id.name.as_str(), proxy.id.namespace.as_str());
            (key, &**proxy)
        });
        Self {
            net: DiGraph::new(),
            known: Known::default(),
            proxies: proxies.collect(),
            tables: HashMap::new(),
            destinations: HashMap::new(),
            workloads: HashMap::new(),
            outside: HashMap::new(),
        }
    }

    fn entry(&mut self, entry: Entry<'m>) {
        let proxy = entry.proxy;
        let listeners = entry.listeners();
        let node = self.net.add_node(Node::Entry(entry));
        for listener in listeners {
            for chain in listener.all_chains() {
                self.chain(node, proxy, listener, chain);
            }
        }
    }

    fn chain(&mut self, from: NodeIndex, proxy: &'m Proxy, listener: &'m Listener, chain: &'m Chain) {
        let mut requests = match chain.matches.server_names.as_slice() {
            [] => format!("port {}", listener.port),
            names => format!("port {} for {}", listener.port, names.join(", ")),
        };
        if listener.direction == meshc_effective::model::Direction::Outbound
            && proxy.kind == ProxyKind::Sidecar
            && listener.address != "0.0.0.0"
        {
            requests = format!("{requests} of {}", listener.address);
        }
        let to = match &chain.action {
            ChainAction::HttpTable { table, .. } => match proxy.tables.get(table) {
                Some(table) => self.table(proxy, table),
                None => return,
            },
            ChainAction::HttpInline { table, .. } => self.table(proxy, table),
            ChainAction::Tcp(forward) if forward.is_guard => return,
            ChainAction::Tcp(forward) => {
                let node = self.net.add_node(Node::Bytes { port: listener.port, origins: &listener.origins });
                let total: u64 = forward.destinations.iter().map(|(_, weight)| u64::from(*weight)).sum();
                for (cluster, weight) in &forward.destinations {
                    let to = self.destination(proxy, cluster);
                    let share = Some(percent(*weight, total));
                    self.net.add_edge(node, to, Edge { share, ..edge(EdgeKind::Sends, "all connections") });
                }
                node
            }
        };
        let known = self.net.edges_connecting(from, to).any(|known| known.weight().requests == requests);
        if !known {
            self.net.add_edge(from, to, edge(EdgeKind::Listens, requests));
        }
    }

    fn table(&mut self, proxy: &'m Proxy, table: &'m RouteTable) -> NodeIndex {
        let key = (ptr::from_ref(table).addr(), proxy.clusters.place(), proxy.reader());
        if let Some(&known) = self.tables.get(&key) {
            return known;
        }
        let node = self.net.add_node(Node::Table(table));
        self.tables.insert(key, node);
        let asked = Asked::new(table);
        let doubt = proxy.doubt(PatchSide::outer(proxy));
        for (at, host) in table.virtual_hosts.iter().enumerate() {
            let of_host = self.net.add_node(Node::Host(table, at));
            let domains = asked.own(at);
            self.net.add_edge(node, of_host, edge(EdgeKind::Asks, short(&domains)));
            let reached = match &doubt {
                None => self.known.of(&asked, at, proxy.reader()),
                Some(why) => Arc::new(vec![RouteReach::unknown(why.clone()); host.routes.len()]),
            };
            for ((index, route), reach) in host.routes.iter().enumerate().zip(reached.iter()) {
                let of_route = self.net.add_node(Node::Route { index, route });
                let requests = describe::requests("", &route.matches).trim().to_owned();
                self.net.add_edge(
                    of_host,
                    of_route,
                    Edge { reach: Some(reach.clone()), ..edge(EdgeKind::Takes, requests) },
                );
                self.route(of_route, proxy, route);
            }
        }
        node
    }

    fn route(&mut self, from: NodeIndex, proxy: &'m Proxy, route: &'m Route) {
        let Action::Forward(forward) = &route.action else { return };
        let total: u64 = forward.destinations.iter().map(|d| u64::from(d.weight)).sum();
        for destination in &forward.destinations {
            let to = self.destination(proxy, &destination.cluster);
            let share = Some(percent(destination.weight, total));
            self.net.add_edge(from, to, Edge { share, ..edge(EdgeKind::Sends, "") });
        }
        for mirror in &forward.mirrors {
            let to = self.destination(proxy, &mirror.cluster);
            let share = Some(mirror.percent.value());
            self.net.add_edge(from, to, Edge { share, ..edge(EdgeKind::Copies, "copies") });
        }
    }

    fn destination(&mut self, proxy: &'m Proxy, name: &'m str) -> NodeIndex {
        let cluster = proxy.clusters.get(name).map(|cluster| &**cluster);
        let key = (cluster.map_or(0, |cluster| ptr::from_ref(cluster).addr()), name);
        if let Some(&known) = self.destinations.get(&key) {
            return known;
        }
        let node = self.net.add_node(Node::Destination { name, cluster });
        self.destinations.insert(key, node);
        if let Some(cluster) = cluster {
            self.endpoints(node, cluster);
        }
        node
    }

    fn endpoints(&mut self, from: NodeIndex, cluster: &'m Cluster) {
        if matches!(cluster.kind, ClusterKind::OriginalDst | ClusterKind::DynamicForwardProxy) {
            let host = if cluster.host.is_empty() { "any address".to_owned() } else { cluster.host.clone() };
            let to = self.outside(host, cluster.port);
            self.net.add_edge(from, to, edge(EdgeKind::Arrives, ""));
            return;
        }
        let mut seen = Vec::new();
        for endpoint in cluster.endpoints.iter().flat_map(|group| &group.endpoints) {
            let port = match &endpoint.address {
                Address::Socket { port, .. } => *port,
                Address::Pipe { .. } => 0,
            };
            let to = match (&endpoint.workload, &endpoint.namespace, &endpoint.pod) {
                (Some(workload), Some(namespace), Some(pod)) => {
                    let proxy = self.proxies.get(&(pod.as_str(), namespace.as_str())).copied();
                    self.workload(Place {
                        workload: workload.clone(),
                        namespace: namespace.clone(),
                        port,
                        proxy,
                    })
                }
                _ => self.outside(cluster.host.clone(), cluster.port),
            };
            if !seen.contains(&to) {
                seen.push(to);
                self.net.add_edge(from, to, edge(EdgeKind::Arrives, ""));
            }
        }
    }

    fn workload(&mut self, place: Place<'m>) -> NodeIndex {
        let key = (place.namespace.clone(), place.workload.clone(), place.port);
        *self.workloads.entry(key).or_insert_with(|| self.net.add_node(Node::Workload(place)))
    }

    fn outside(&mut self, host: String, port: u16) -> NodeIndex {
        let key = (host.clone(), port);
        *self.outside.entry(key).or_insert_with(|| self.net.add_node(Node::Outside { host, port }))
    }
}

/// A weight of a sum, in percent; the whole where all weights are zero.
fn percent(weight: u32, total: u64) -> f64 {
    if total == 0 { 100.0 } else { f64::from(weight) / total as f64 * 100.0 }
}

/// The names that a person writes: the first, and how many more.
fn short(domains: &[String]) -> String {
    match domains {
        [] => "no request".to_owned(),
        [only] => only.clone(),
        [first, rest @ ..] => format!("{first} and {} more names", rest.len()),
    }
}
