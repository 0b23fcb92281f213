//! The graph, or the part of it between callers and destinations, as it is printed.

use std::collections::{BTreeMap, BTreeSet};

use meshc_diagnostics::Witness;
use meshc_effective::model::{Action, Origin, ProxyKind, VirtualHost};
use meshc_trace::Because;
use petgraph::Direction::{Incoming, Outgoing};
use petgraph::graph::NodeIndex;
use petgraph::visit::EdgeRef;
use serde::Serialize;

use super::select::{self, Wanted, is_caller};
use super::{EdgeKind, Graph, Node, QuestionError, admission};
use crate::origin::because;
use crate::promises::{Destination, destination_words};
use crate::reach::{Reachable, truth};

/// The graph as it is printed. Serialized, all keys are there.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GraphView {
    /// Of this form.
    pub version: u8,
    /// In the order in which requests meet them.
    pub nodes: Vec<NodeView>,
    /// From node to node.
    pub edges: Vec<EdgeView>,
}

/// A node.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NodeView {
    /// Its name within this graph: `n0`.
    pub id: String,
    /// `caller`, `server`, `table`, `virtual-host`, `route`, `connections`, `destination`, `workload`, `outside`.
    pub kind: &'static str,
    /// As a person calls it.
    pub name: String,
    /// Of workloads and callers.
    pub namespace: Option<String>,
    /// Of servers, destinations and workloads.
    pub port: Option<u16>,
    /// Of a destination with a subset.
    pub subset: Option<String>,
    /// Of a destination: how many endpoints it has.
    pub endpoints: Option<usize>,
    /// Of a server and of a virtual host: the names that lead there.
    pub hosts: Vec<String>,
    /// Where it comes from.
    pub because: Vec<Because>,
}

/// An edge.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EdgeView {
    /// A node's id.
    pub from: String,
    /// A node's id.
    pub to: String,
    /// `listens`, `asks`, `takes`, `sends`, `copies`, `arrives`.
    pub kind: &'static str,
    /// Which requests, in words.
    pub requests: String,
    /// How many of those at the node before, in percent.
    pub share: Option<f64>,
    /// Of what a route takes: `true`, `false` or `"unknown"`; true of all other edges.
    #[serde(serialize_with = "truth")]
    pub reachable: Reachable,
    /// A request that takes it, where it is a route's, or is let in, where it is a workload's.
    pub witness: Option<Witness>,
    /// Of a workload: `all`, `some`, `none` or `unknown` of the requests are let in.
    pub admits: Option<&'static str>,
    /// A request that a workload does not let in.
    pub refused: Option<Witness>,
    /// What it may depend on besides.
    pub needs: Vec<String>,
}

impl GraphView {
    /// What lies between callers of a name and a destination, or everything.
    pub fn new(graph: &Graph<'_>, from: Option<&str>, to: Option<&str>) -> Result<Self, QuestionError> {
        let net = &graph.net;
        let begins: Vec<NodeIndex> = net
            .node_indices()
            .filter(|node| match &net[*node] {
                Node::Entry(entry) => from.is_none_or(|name| is_caller(entry, name)),
                _ => false,
            })
            .collect();
        if let Some(name) = from.filter(|_| begins.is_empty()) {
            return Err(QuestionError::unknown("caller", name, &select::callers(graph)));
        }
        let wanted = to.map(Wanted::new);
        let ends: Vec<NodeIndex> = net
            .node_indices()
            .filter(|node| match (&net[*node], &wanted) {
                (_, None) => true,
                (Node::Destination { name, .. }, Some(wanted)) => wanted.is_cluster(name),
                (Node::Workload(place), Some(wanted)) => wanted.is_workload(place),
                (Node::Outside { host, .. }, Some(wanted)) => wanted.is_host(host),
                _ => false,
            })
            .collect();
        if let Some(name) = to.filter(|_| ends.is_empty()) {
            return Err(QuestionError::unknown("destination", name, &select::targets(graph)));
        }
        let forth = walk(graph, &begins, Outgoing);
        let mut kept = walk(graph, &ends, Incoming);
        // What stands behind a destination that was asked for belongs to it.
        let arrivals = ends.iter().flat_map(|node| net.neighbors(*node));
        kept.extend(arrivals.collect::<Vec<_>>());
        kept.retain(|node| forth.contains(node));
        Ok(Self::of(graph, &kept))
    }

    fn of(graph: &Graph<'_>, kept: &BTreeSet<NodeIndex>) -> Self {
        let mut order: Vec<NodeIndex> = kept.iter().copied().collect();
        order.sort_by_key(|node| (rank(&graph.net[*node]), node.index()));
        let places: BTreeMap<NodeIndex, usize> = order.iter().copied().zip(0..).collect();
        let id = |node: NodeIndex| format!("n{}", places.get(&node).copied().unwrap_or_default());
        let nodes = order.iter().map(|node| NodeView::new(graph, id(*node), &graph.net[*node]));
        let mut edges = Vec::new();
        for from in &order {
            let mut of_node: Vec<_> = graph
                .net
                .edges_directed(*from, Outgoing)
                .filter(|edge| kept.contains(&edge.target()))
                .collect();
            of_node.sort_by_key(EdgeRef::id);
            for edge in of_node {
                edges.push(EdgeView::new(graph, *from, edge.target(), edge.weight(), id));
            }
        }
        Self { version: 1, nodes: nodes.collect(), edges }
    }
}

/// The order in which requests meet nodes.
fn rank(node: &Node<'_>) -> u8 {
    match node {
        Node::Entry(_) => 0,
        Node::Table(_) => 1,
        Node::Bytes { .. } => 2,
        Node::Host(..) => 3,
        Node::Route { .. } => 4,
        Node::Destination { .. } => 5,
        Node::Workload(_) => 6,
        Node::Outside { .. } => 7,
    }
}

/// All that can be walked to.
fn walk(graph: &Graph<'_>, from: &[NodeIndex], way: petgraph::Direction) -> BTreeSet<NodeIndex> {
    let mut seen: BTreeSet<NodeIndex> = from.iter().copied().collect();
    let mut open = from.to_vec();
    while let Some(node) = open.pop() {
        for next in graph.net.neighbors_directed(node, way) {
            if seen.insert(next) {
                open.push(next);
            }
        }
    }
    seen
}

impl NodeView {
    fn new(graph: &Graph<'_>, id: String, node: &Node<'_>) -> Self {
        let lines = |origins: &[Origin]| because(origins, graph.sources);
        let plain = |kind: &'static str, name: String| Self {
            id: id.clone(),
            kind,
            name,
            namespace: None,
            port: None,
            subset: None,
            endpoints: None,
            hosts: Vec::new(),
            because: Vec::new(),
        };
        match node {
            Node::Entry(entry) => {
                let proxy = entry.proxy;
                let kind = if proxy.kind == ProxyKind::Gateway { "server" } else { "caller" };
                let origins =
                    entry.listener.map_or(std::slice::from_ref(&proxy.origin), |l| l.origins.as_slice());
                Self {
                    namespace: Some(proxy.id.namespace.clone()),
                    port: entry.listener.map(|listener| listener.port),
                    because: lines(origins),
                    ..plain(kind, proxy.workload.clone())
                }
            }
            Node::Table(table) => plain("table", table.name.clone()),
            Node::Host(table, at) => {
                let host: &VirtualHost = &table.virtual_hosts[*at];
                Self {
                    hosts: host.domains.clone(),
                    because: lines(&host.origins),
                    ..plain("virtual-host", host.name.clone())
                }
            }
            Node::Route { index, route } => {
                let what = match &route.action {
                    Action::Forward(_) => String::new(),
                    Action::Redirect(redirect) => format!(" (redirect, {})", redirect.code),
                    Action::DirectResponse(direct) => format!(" (answer, {})", direct.status),
                };
                let name = route.name.clone().unwrap_or_else(|| format!("route {index}"));
                Self { because: lines(&route.origins), ..plain("route", format!("{name}{what}")) }
            }
            Node::Bytes { port, origins, .. } => Self {
                port: Some(*port),
                because: lines(origins),
                ..plain("connections", format!("bytes at port {port}"))
            },
            Node::Destination { name, cluster } => {
                let read = Destination::read(name);
                let count = |cluster: &meshc_effective::model::Cluster| {
                    cluster.endpoints.iter().map(|group| group.endpoints.len()).sum()
                };
                Self {
                    port: cluster.map(|cluster| cluster.port).filter(|port| *port > 0),
                    subset: read.map(|read| read.subset.to_owned()).filter(|subset| !subset.is_empty()),
                    endpoints: cluster.map(count),
                    because: cluster.map(|cluster| lines(&cluster.origins)).unwrap_or_default(),
                    ..plain("destination", destination_words(name))
                }
            }
            Node::Workload(place) => Self {
                namespace: Some(place.namespace.clone()),
                port: Some(place.port),
                because: place.proxy.map(|p| lines(std::slice::from_ref(&p.origin))).unwrap_or_default(),
                ..plain("workload", place.workload.clone())
            },
            Node::Outside { host, port } => {
                Self { port: Some(*port).filter(|port| *port > 0), ..plain("outside", host.clone()) }
            }
        }
    }
}

impl EdgeView {
    fn new(
        graph: &Graph<'_>,
        from: NodeIndex,
        to: NodeIndex,
        edge: &super::Edge,
        id: impl Fn(NodeIndex) -> String,
    ) -> Self {
        let mut view = Self {
            from: id(from),
            to: id(to),
            kind: edge.kind.name(),
            requests: edge.requests.clone(),
            share: edge.share,
            reachable: edge.reach.as_ref().map_or(Reachable::Yes, |reach| reach.reachable.clone()),
            witness: None,
            admits: None,
            refused: None,
            needs: Vec::new(),
        };
        if let (EdgeKind::Takes, Some(reach)) = (edge.kind, &edge.reach) {
            let site = graph.site_of(from);
            view.witness =
                reach.witness.clone().zip(site).map(|(request, (proxy, site))| site.witness(proxy, request));
        }
        if let (EdgeKind::Arrives, Node::Workload(place)) = (edge.kind, &graph.net[to])
            && let Some(proxy) = place.proxy
        {
            let admission = admission(proxy, place.port);
            view.admits = Some(admission.admits);
            (view.witness, view.refused, view.needs) =
                (admission.admitted, admission.refused, admission.needs);
        }
        view
    }
}

impl<'m> Graph<'m> {
    /// A proxy that has the table of a virtual host, and where it is asked for.
    fn site_of(&self, host: NodeIndex) -> Option<(&'m meshc_effective::model::Proxy, crate::reach::Site)> {
        let (table, ..) = self.host(host)?;
        let of_table = self.net.neighbors_directed(host, Incoming).next()?;
        let entries: Vec<NodeIndex> = self.net.neighbors_directed(of_table, Incoming).collect();
        // Neighbours are walked newest first.
        entries.into_iter().rev().find_map(|node| match &self.net[node] {
            Node::Entry(entry) => Some((entry.proxy, entry.site(&table.name))),
            _ => None,
        })
    }
}
