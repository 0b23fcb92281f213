//! Destinations: clusters and their endpoints.

use std::time::Duration;

use serde::Serialize;

use super::cluster_settings::{
    Balancing, Dns, HttpOptions, Limits, Lookup, OutlierDetection, ProxyProtocol, TcpKeepalive, Telemetry,
};
use super::{EndpointGroup, Origin, Tls};

/// How endpoints are found, Envoy's discovery type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ClusterKind {
    /// Endpoints are facts that change on their own, delivered beside the configuration.
    Eds,
    /// Endpoints are written in the cluster.
    Static,
    /// Names that are looked up; every answer is an endpoint.
    StrictDns,
    /// One name that is looked up; one answer is used at a time.
    LogicalDns,
    /// Wherever the connection was going (passthrough).
    OriginalDst,
    /// The name that the request asks for is looked up.
    DynamicForwardProxy,
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
    /// By a hash of the request, on a ring.
    RingHash,
    /// By a hash of the request, from a table.
    Maglev,
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
    /// More about how an endpoint is chosen; none where the cluster has its own way.
    pub balancing: Option<Balancing>,
    /// Limits of connections and requests; none where Envoy's own hold, on which nothing depends.
    pub limits: Option<Limits>,
    /// How HTTP is spoken.
    pub http: HttpOptions,
    /// When an endpoint is put out.
    pub outlier_detection: Option<OutlierDetection>,
    /// TCP keepalive.
    pub tcp_keepalive: Option<TcpKeepalive>,
    /// TLS to the endpoints.
    pub tls: Tls,
    /// The endpoints are told the client's address by the PROXY protocol.
    pub proxy_protocol: Option<ProxyProtocol>,
    /// The addresses that connections come from, one for each IP family.
    pub source_addresses: Vec<String>,
    /// Connections that go where they were going go to this port there.
    pub port_override: Option<u16>,
    /// How names are looked up.
    pub dns: Option<Dns>,
    /// The names of requests are looked up, whatever they are.
    pub looks_up_any: Option<Lookup>,
    /// What statistics and Istio's filters are told.
    pub telemetry: Telemetry,
    /// The Service, ServiceEntry and DestinationRule.
    pub origins: Vec<Origin>,
}

impl Default for Cluster {
    /// The black hole: no endpoint.
    fn default() -> Self {
        Self {
            name: String::new(),
            kind: ClusterKind::Static,
            load_balancer: LoadBalancer::RoundRobin,
            connect_timeout: Duration::from_secs(10),
            endpoints: Vec::new(),
            host: String::new(),
            port: 0,
            subset: None,
            balancing: None,
            limits: None,
            http: HttpOptions::default(),
            outlier_detection: None,
            tcp_keepalive: None,
            tls: Tls::Plaintext,
            proxy_protocol: None,
            source_addresses: Vec::new(),
            port_override: None,
            dns: None,
            looks_up_any: None,
            telemetry: Telemetry::default(),
            origins: Vec::new(),
        }
    }
}

impl Cluster {
    /// Whether any endpoint exists; always true where the original destination is used.
    pub fn has_endpoints(&self) -> bool {
        matches!(self.kind, ClusterKind::OriginalDst | ClusterKind::DynamicForwardProxy)
            || self.endpoints.iter().any(|g| !g.endpoints.is_empty())
    }
}
