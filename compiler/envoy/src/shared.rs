//! The resources of many nodes at once: what is equal is held once.

use std::sync::Arc;

use crate::{Cluster, ClusterLoadAssignment, Listener, NodeConfig, RouteConfiguration};

/// Resources that several nodes may share. Sets and members that are the same allocation are written once.
pub type SharedSet<T> = Arc<Vec<Arc<T>>>;

/// What one node does; a [`NodeConfig`] whose parts may belong to other nodes too.
#[derive(Debug, Clone, Default)]
pub struct SharedNode {
    /// In Envoy's order.
    pub listeners: SharedSet<Listener>,
    /// By name.
    pub routes: SharedSet<RouteConfiguration>,
    /// By name.
    pub clusters: SharedSet<Cluster>,
    /// By cluster's name: facts.
    pub endpoints: SharedSet<ClusterLoadAssignment>,
}

impl SharedNode {
    /// A copy that shares nothing.
    pub fn to_node_config(&self) -> NodeConfig {
        NodeConfig {
            listeners: own(&self.listeners),
            routes: own(&self.routes),
            clusters: own(&self.clusters),
            endpoints: own(&self.endpoints),
        }
    }
}

fn own<T: Clone>(set: &SharedSet<T>) -> Vec<T> {
    set.iter().map(|member| T::clone(member)).collect()
}
