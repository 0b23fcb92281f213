//! Destinations: clusters and their endpoints.

use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

use super::Origin;

/// How endpoints are found, Envoy's discovery type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ClusterKind {
    /// Endpoints are facts that change on their own, delivered beside the configuration.
    Eds,
    /// Endpoints are written in the cluster.
    Static,
    /// Names that are looked up.
    StrictDns,
    /// Wherever the connection was going (passthrough).
    OriginalDst,
}

/// How an endpoint is chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum LoadBalancer {
    /// One after the other.
    RoundRobin,
    /// The less busy of two: Istio's default.
    LeastRequest,
    /// By chance.
    Random,
    /// The original destination.
    ClusterProvided,
}

/// Envoy's cluster.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Cluster {
    /// Istio's name: `outbound|PORT|SUBSET|HOST`, `inbound|PORT||`, `BlackHoleCluster`, `PassthroughCluster`.
    pub name: String,
    /// How endpoints are found.
    pub kind: ClusterKind,
    /// How one is chosen.
    pub load_balancer: LoadBalancer,
    /// To establish a connection; Istio's default is 10 s.
    pub connect_timeout: Duration,
    /// The endpoints, for kinds other than `OriginalDst`; facts, not intent, for `Eds`.
    pub endpoints: Vec<EndpointGroup>,
    /// The host, port and subset in the name, for those who group by service.
    pub host: String,
    /// See `host`.
    pub port: u16,
    /// See `host`.
    pub subset: Option<String>,
    /// The Service, ServiceEntry and DestinationRule.
    pub origins: Vec<Origin>,
}

impl Cluster {
    /// Whether any endpoint exists; always true where the original destination is used.
    pub fn has_endpoints(&self) -> bool {
        self.kind == ClusterKind::OriginalDst || self.endpoints.iter().any(|g| !g.endpoints.is_empty())
    }
}

/// The clusters of a proxy by name. Proxies with the same view of the mesh share one map: a mesh of a
/// thousand services has thousands of proxies with thousands of clusters each.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Clusters(Arc<BTreeMap<String, Arc<Cluster>>>);

impl Clusters {
    /// Whether both are one map in memory, so that what was computed for one holds for the other.
    pub fn same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Deref for Clusters {
    type Target = BTreeMap<String, Arc<Cluster>>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl From<BTreeMap<String, Arc<Cluster>>> for Clusters {
    fn from(clusters: BTreeMap<String, Arc<Cluster>>) -> Self {
        Self(Arc::new(clusters))
    }
}

impl FromIterator<(String, Arc<Cluster>)> for Clusters {
    fn from_iter<I: IntoIterator<Item = (String, Arc<Cluster>)>>(clusters: I) -> Self {
        Self(Arc::new(clusters.into_iter().collect()))
    }
}

impl<'a> IntoIterator for &'a Clusters {
    type Item = (&'a String, &'a Arc<Cluster>);
    type IntoIter = std::collections::btree_map::Iter<'a, String, Arc<Cluster>>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

/// Endpoints of one locality.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EndpointGroup {
    /// `region/zone/subzone`, empty where unknown.
    pub locality: String,
    /// The sum of its endpoints' weights in Istio.
    pub weight: u32,
    /// In the order of discovery.
    pub endpoints: Vec<Endpoint>,
}

/// Where bytes are sent.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Address {
    /// An IP address, or a name for DNS clusters, and a port.
    Socket {
        /// IP or name.
        address: String,
        /// Port.
        port: u16,
    },
}

/// One endpoint.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Endpoint {
    /// Where.
    pub address: Address,
    /// Its share; 1 unless the YAML says otherwise.
    pub weight: u32,
    /// The workload's name, for Istio's metadata and for people.
    pub workload: Option<String>,
    /// The workload's namespace.
    pub namespace: Option<String>,
    /// The pod, where it is one.
    pub pod: Option<String>,
    /// The endpoint's labels.
    pub labels: BTreeMap<String, String>,
    /// Whether it takes new requests.
    pub healthy: bool,
}
