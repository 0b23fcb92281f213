//! Everything that a request can pass, as a graph: who sends it (workloads, the servers of gateways), route tables,
//! virtual hosts, routes, destinations with their shares, workloads with what they check, and the way out of the mesh.
//! Each edge says which requests take it.

mod beyond;
mod build;
mod connections;
mod direct;
mod dot;
mod entry;
mod hop;
mod mermaid;
mod policy;
mod query;
mod question;
mod select;
mod text;
mod tree;
mod verdict;
mod view;
mod ways;

use meshc_effective::model::{Cluster, EffectiveMesh, Origin, Proxy, Route, RouteTable, VirtualHost};
use meshc_source::SourceSet;
use petgraph::graph::{DiGraph, NodeIndex};

use crate::reach::RouteReach;

pub use dot::render_dot;
pub(crate) use entry::Entry;
pub use mermaid::render_mermaid;
pub(crate) use policy::{Gate, admission};
pub use query::query;
pub use question::{Answers, Question, QuestionError};
pub use text::render_answers;
pub use tree::render_graph;
pub use verdict::{Refused, Verdict, Way, Without};
pub use view::{EdgeView, GraphView, NodeView};

/// The graph of a mesh.
pub struct Graph<'m> {
    pub(crate) net: DiGraph<Node<'m>, Edge>,
    pub(crate) mesh: &'m EffectiveMesh,
    pub(crate) sources: &'m SourceSet,
}

/// What a request can pass.
#[derive(Debug, Clone)]
pub(crate) enum Node<'m> {
    /// Where requests begin.
    Entry(Entry<'m>),
    /// A route table.
    Table(&'m RouteTable),
    /// A virtual host: its place in a table.
    Host(&'m RouteTable, usize),
    /// A route of a virtual host.
    Route {
        /// Its place.
        index: usize,
        /// What it does.
        route: &'m Route,
    },
    /// Connections whose bytes are passed on.
    Bytes {
        /// Where they arrive.
        port: u16,
        /// Of the listener.
        origins: &'m [Origin],
    },
    /// A cluster of some proxies; none where a route names one that is not there.
    Destination {
        /// Istio's name.
        name: &'m str,
        /// What it is.
        cluster: Option<&'m Cluster>,
    },
    /// A port of a workload's pods.
    Workload(Place<'m>),
    /// Somewhere that no proxy of the mesh stands before: a host outside, or wherever the caller wants.
    Outside {
        /// Its name.
        host: String,
        /// The port; 0 for any.
        port: u16,
    },
}

/// A port of a workload's pods.
#[derive(Debug, Clone)]
pub(crate) struct Place<'m> {
    pub(crate) workload: String,
    pub(crate) namespace: String,
    pub(crate) port: u16,
    /// A proxy of one of its pods; none where they have none.
    pub(crate) proxy: Option<&'m Proxy>,
}

/// Which requests go from one node to another.
#[derive(Debug, Clone)]
pub(crate) struct Edge {
    pub(crate) kind: EdgeKind,
    /// In words: `port 9080`, `GET /api/*`, `reviews, reviews.shop`.
    pub(crate) requests: String,
    /// Of the requests at the node before, in percent.
    pub(crate) share: Option<f64>,
    /// Of routes: whether some request takes it, with one that does.
    pub(crate) reach: Option<RouteReach>,
}

/// What an edge means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum EdgeKind {
    /// A caller's requests at a port are looked up in a table, or passed on as bytes.
    Listens,
    /// Requests for some domains are those of a virtual host.
    Asks,
    /// A route takes requests.
    Takes,
    /// They are sent on.
    Sends,
    /// Copies are sent.
    Copies,
    /// An endpoint gets them, if it lets them in.
    Arrives,
}

impl EdgeKind {
    /// As JSON has it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Listens => "listens",
            Self::Asks => "asks",
            Self::Takes => "takes",
            Self::Sends => "sends",
            Self::Copies => "copies",
            Self::Arrives => "arrives",
        }
    }
}

impl<'m> Graph<'m> {
    /// The graph of everything.
    pub fn new(mesh: &'m EffectiveMesh, sources: &'m SourceSet) -> Self {
        build::build(mesh, sources)
    }

    /// The virtual host of a node.
    pub(crate) fn host(&self, node: NodeIndex) -> Option<(&'m RouteTable, usize, &'m VirtualHost)> {
        match self.net.node_weight(node)? {
            Node::Host(table, at) => Some((table, *at, table.virtual_hosts.get(*at)?)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
