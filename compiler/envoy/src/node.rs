//! All that one proxy loads: the unit that a bundle holds for each node.

use crate::cluster::Cluster;
use crate::endpoint::ClusterLoadAssignment;
use crate::listener::Listener;
use crate::message::message;
use crate::route::RouteConfiguration;

message! {
    /// The resources of one proxy, complete: what refers to a name finds it here.
    pub struct NodeConfig {
        /// Its listeners.
        pub listeners: Vec<Listener>,
        /// The route tables that its listeners name by `rds`.
        pub routes: Vec<RouteConfiguration>,
        /// The clusters that its routes name.
        pub clusters: Vec<Cluster>,
        /// The endpoints of clusters of type `EDS`, by `cluster_name`.
        pub endpoints: Vec<ClusterLoadAssignment>,
    }
}
