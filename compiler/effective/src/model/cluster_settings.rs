//! How a cluster's endpoints are chosen, limited and spoken to.

use std::time::Duration;

use serde::Serialize;

/// More about how an endpoint is chosen.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Balancing {
    /// Below this share of healthy endpoints, in percent, all are used; none is Envoy's 50.
    pub panic_threshold: Option<f64>,
    /// New endpoints get their share little by little.
    pub warmup: Option<Warmup>,
    /// Entries of a ring at least.
    pub minimum_ring_size: Option<u64>,
    /// Entries of Maglev's table.
    pub table_size: Option<u64>,
    /// What places count.
    pub locality: LocalityBalancing,
    /// Endpoints that drain are kept for the sessions that are bound to them.
    pub keep_draining: bool,
}

/// New endpoints get their share little by little.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Warmup {
    /// Over how long.
    pub window: Duration,
    /// The share that it starts with, in percent, and how fast it grows; none where only the window is said.
    pub shape: Option<(f64, f64)>,
}

/// What places count.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LocalityBalancing {
    /// Priorities alone.
    #[default]
    None,
    /// The weights of places.
    Weighted,
    /// Envoy keeps requests in the caller's zone.
    ZoneAware {
        /// Whether it does.
        enabled: bool,
        /// With fewer endpoints it does not.
        min_cluster_size: Option<u64>,
    },
}

/// Limits of connections and requests; none is none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Limits {
    /// Connections.
    pub connections: Option<u32>,
    /// Requests that wait for a connection.
    pub pending_requests: Option<u32>,
    /// Requests at once.
    pub requests: Option<u32>,
    /// Retries at once.
    pub retries: Option<u32>,
    /// Retries at once as a part of requests.
    pub retry_budget: Option<RetryBudget>,
}

/// Retries at once as a part of requests.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct RetryBudget {
    /// Percent of requests at once.
    pub percent: f64,
    /// Always allowed.
    pub min_concurrency: u32,
    /// How long requests count.
    pub interval: Option<Duration>,
}

/// How HTTP is spoken to endpoints.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct HttpOptions {
    /// Which HTTP.
    pub protocol: UpstreamProtocol,
    /// How long a connection without requests is kept.
    pub idle_timeout: Option<Duration>,
    /// How long a connection may live.
    pub max_connection_duration: Option<Duration>,
    /// Requests of one connection.
    pub max_requests_per_connection: Option<u32>,
    /// Streams at once on one HTTP/2 connection.
    pub max_concurrent_streams: Option<u32>,
    /// Pings on HTTP/2 connections: how often, and how long an answer may take.
    pub keepalive: Option<(Option<Duration>, Option<Duration>)>,
    /// Headers of HTTP/1.1 keep the case that the client wrote.
    pub preserve_header_case: bool,
    /// The server is asked for by the request's host.
    pub auto_sni: bool,
    /// The server's certificate must be for the request's host.
    pub auto_san_validation: bool,
    /// The statuses that outlier detection counts, where they are not 5xx.
    pub error_statuses: Vec<u32>,
    /// Limits of connections are written though none is set.
    pub common: bool,
}

/// Which HTTP is spoken to endpoints.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum UpstreamProtocol {
    /// HTTP/1.1, or none at all.
    #[default]
    Http1,
    /// HTTP/2.
    Http2,
    /// What the client speaks.
    Downstream,
}

/// When an endpoint is put out; none is Envoy's own default.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct OutlierDetection {
    /// 5xx in a row; 0 turns this off.
    pub consecutive_5xx: Option<u32>,
    /// 502, 503 and 504 in a row; 0 turns this off.
    pub consecutive_gateway_failure: Option<u32>,
    /// How often it is looked.
    pub interval: Option<Duration>,
    /// How long an endpoint is out, times how often it was.
    pub base_ejection_time: Option<Duration>,
    /// How many may be out, in percent.
    pub max_ejection_percent: Option<u32>,
    /// Errors of connections are counted apart.
    pub split_local_errors: bool,
    /// Errors of connections in a row.
    pub consecutive_local_origin_failure: Option<u32>,
}

/// TCP keepalive; none is the system's.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct TcpKeepalive {
    /// Probes without an answer before the connection ends.
    pub probes: Option<u32>,
    /// Seconds of silence before the first probe.
    pub time: Option<u32>,
    /// Seconds between probes.
    pub interval: Option<u32>,
}

/// A version of the PROXY protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum ProxyProtocol {
    /// Text.
    V1,
    /// Binary.
    V2,
}

/// How names are looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Dns {
    /// Which addresses are used.
    pub family: DnsFamily,
    /// How often names are looked up again.
    pub refresh_rate: Duration,
}

/// How the names of requests that no service claims are looked up (`ALLOW_ANY_DYNAMIC_DNS`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Lookup {
    /// The proxy's own server of names is asked, which it has where it captures DNS; else the machine's.
    pub by_proxy: bool,
}

/// Which addresses of a name are used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum DnsFamily {
    /// IPv4.
    #[default]
    V4Only,
    /// IPv6.
    V6Only,
    /// Both.
    All,
}

/// What statistics and Istio's filters are told.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Telemetry {
    /// The name in statistics, where the mesh gives it another one.
    pub stat_name: Option<String>,
    /// The services behind it.
    pub services: Vec<ServiceName>,
    /// The DestinationRule that it follows: namespace and name.
    pub rule: Option<(String, String)>,
    /// Its endpoints are outside the mesh.
    pub external: bool,
    /// TLS is made for the application: Istio's filter leaves ALPN alone.
    pub keep_alpn: bool,
    /// Proxies tell each other what they are on its connections.
    pub exchanges_metadata: bool,
}

/// A service by its names.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct ServiceName {
    /// In full.
    pub host: String,
    /// In short, or the entry's host.
    pub name: String,
    /// Its namespace.
    pub namespace: String,
}
