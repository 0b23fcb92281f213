//! Endpoints of clusters.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;

/// Endpoints of one locality and priority.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct EndpointGroup {
    /// `region/zone/subzone`, empty where unknown.
    pub locality: String,
    /// Its share among those of its priority: the sum of its endpoints' weights, or what a DestinationRule gives it;
    /// none where no weight is said.
    pub weight: Option<u32>,
    /// 0 first.
    pub priority: u32,
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
    /// A Unix socket.
    Pipe {
        /// Its path.
        path: String,
    },
}

impl Default for Address {
    fn default() -> Self {
        Self::Socket { address: String::new(), port: 0 }
    }
}

/// Whether an endpoint takes requests.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Health {
    /// Nobody says, which means yes.
    Unknown,
    /// Yes.
    #[default]
    Healthy,
    /// No.
    Unhealthy,
    /// Only those of sessions that are bound to it.
    Draining,
}

/// One endpoint.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Endpoint {
    /// Where.
    pub address: Address,
    /// Its share; 1 unless the YAML says otherwise; none where no weight is said.
    pub weight: Option<u32>,
    /// The workload's name, for Istio's metadata and for people.
    pub workload: Option<String>,
    /// The workload's namespace.
    pub namespace: Option<String>,
    /// The pod, where it is one.
    pub pod: Option<String>,
    /// The endpoint's labels.
    pub labels: Arc<BTreeMap<String, String>>,
    /// Whether it takes new requests.
    pub health: Health,
    /// Istio's mutual TLS is spoken to it.
    pub mutual_tls: bool,
    /// Istio's filters are told which workload it is.
    pub described: bool,
    /// It is a gateway of another network that is known by its address alone, and in no cluster that istiod knows.
    #[serde(skip)]
    pub of_no_cluster: bool,
}

impl Endpoint {
    /// Its share where none is said, too.
    pub fn share(&self) -> u32 {
        self.weight.unwrap_or(1)
    }

    /// Whether it takes new requests.
    pub fn is_healthy(&self) -> bool {
        matches!(self.health, Health::Unknown | Health::Healthy)
    }
}
