//! What a chain does with a connection: how HTTP is spoken, where bytes go, how TLS is terminated.

use std::time::Duration;

use serde::Serialize;

use super::Lookup;

/// How HTTP is spoken on a chain.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct HttpChain {
    /// Istio's name in statistics.
    pub stat_prefix: String,
    /// The port declares HTTP/2.
    pub http2: bool,
    /// The port declares gRPC-Web, which is translated to gRPC.
    pub grpc_web: bool,
    /// Requests name whole URLs, as to a proxy.
    pub absolute_urls: bool,
    /// The wildcard host whose names are looked up when requests come (ServiceEntry resolution `DYNAMIC_DNS`).
    pub looks_up: Option<String>,
    /// Hosts that no service claims are looked up when requests come.
    pub looks_up_any: Option<Lookup>,
    /// The port that policies about the chain mean: of a workload behind an inbound chain, else the listener's.
    pub port: u16,
}

/// Bytes to a cluster, or to one of several by weight.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct TcpForward {
    /// Istio's name in statistics.
    pub stat_prefix: String,
    /// Where to: cluster and weight, in configured order; 100 for a plain cluster.
    pub destinations: Vec<(String, u32)>,
    /// Whether the destinations are chosen among by weight, even if there is only one.
    pub weighted: bool,
    /// How long both ways may be silent.
    pub idle_timeout: Option<Duration>,
    /// How long a connection is kept at all.
    pub max_duration: Option<Duration>,
    /// Connections of one address go to one endpoint.
    pub by_source_address: bool,
    /// An HTTP tunnel through the destination, to this `HOST:PORT`.
    pub tunnel: Option<Tunnel>,
    /// The bytes are MongoDB's, which statistics tell apart.
    pub mongo: bool,
    /// The peers exchange their metadata first, if both are Istio's.
    pub exchanges_metadata: bool,
    /// The wildcard host whose names are looked up by the SNI (ServiceEntry resolution `DYNAMIC_DNS`), and the port.
    pub looks_up: Option<(String, u16)>,
    /// It stops loops: nothing is logged, no policy applies.
    pub is_guard: bool,
    /// No policy applies: the TLS within ends at a workload that checks it (`AUTO_PASSTHROUGH`).
    pub is_unchecked: bool,
    /// The port that policies about the chain mean.
    pub port: u16,
}

/// An HTTP tunnel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Tunnel {
    /// `HOST:PORT` at its far end.
    pub target: String,
    /// By POST in place of CONNECT.
    pub by_post: bool,
}

impl TcpForward {
    /// Bytes to one cluster, which also names the statistics.
    pub fn to(cluster: impl Into<String>) -> Self {
        let cluster = cluster.into();
        Self { stat_prefix: cluster.clone(), destinations: vec![(cluster, 100)], ..Self::default() }
    }

    /// The first destination's cluster.
    pub fn cluster(&self) -> &str {
        self.destinations.first().map_or("", |(cluster, _)| cluster)
    }
}

/// How TLS is terminated.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize)]
pub struct ServerTls {
    /// Protocols that are offered.
    pub alpn: Vec<String>,
    /// A client without a certificate is turned away.
    pub require_client_certificate: bool,
    /// What is shown to clients.
    pub certificates: Vec<Secret>,
    /// What a client's certificate must be, where one is looked at.
    pub clients: Option<ClientValidation>,
    /// In OpenSSL's spelling; Envoy's choice when empty.
    pub cipher_suites: Vec<String>,
    /// Curves; Envoy's choice when empty.
    pub ecdh_curves: Vec<String>,
    /// At least; Envoy's choice when absent.
    pub min_version: Option<TlsVersion>,
    /// At most.
    pub max_version: Option<TlsVersion>,
}

/// What a client's certificate must be.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize)]
pub struct ClientValidation {
    /// The authorities; none where only names are asked for.
    pub authorities: Option<Secret>,
    /// Names, one of which it must have.
    pub names: Vec<String>,
    /// Prefixes of names, one of which it must have.
    pub name_prefixes: Vec<String>,
    /// Base64 digests of public keys.
    pub key_digests: Vec<String>,
    /// Hexadecimal digests of certificates.
    pub certificate_digests: Vec<String>,
    /// A file with revoked certificates.
    pub revoked: Option<String>,
    /// A certificate of an unknown authority will do.
    pub accepts_untrusted: bool,
}

/// A certificate, or authorities, by the name under which they are delivered.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Secret {
    /// By the agent beside the proxy: the workload's own, or files in the pod.
    Agent(String),
    /// By the control plane: Secrets of the cluster.
    ControlPlane(String),
}

impl Secret {
    /// The certificate of the proxy's workload, under Istio's name.
    pub fn workload_certificate() -> Self {
        Self::Agent("default".to_owned())
    }

    /// The mesh's authorities, under Istio's name.
    pub fn workload_authorities() -> Self {
        Self::Agent("ROOTCA".to_owned())
    }
}

/// A version of TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum TlsVersion {
    /// 1.0
    #[serde(rename = "1.0")]
    V1_0,
    /// 1.1
    #[serde(rename = "1.1")]
    V1_1,
    /// 1.2
    #[serde(rename = "1.2")]
    V1_2,
    /// 1.3
    #[serde(rename = "1.3")]
    V1_3,
}
