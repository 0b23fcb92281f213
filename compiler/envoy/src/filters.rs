//! The filters: fault, CORS, router, TCP proxy, and their configuration per route.

use serde_json::Value;

use crate::access_log::AccessLog;
use crate::matcher::{HeaderMatcher, StringMatcher};
use crate::message::message;
use crate::scalar::{Duration, FractionalPercent, Metadata, RuntimeFractionalPercent};
use crate::typed::TypedConfig;

message! {
    /// `envoy.extensions.filters.http.router.v3.Router`.
    pub struct Router {
        /// Statistics that change while a request runs (true).
        pub dynamic_stats: Option<bool>,
        /// Spans of upstream calls.
        pub start_child_span: bool,
        /// Logs of tries.
        pub upstream_log: Vec<AccessLog>,
        /// No `x-envoy-*` headers of its own.
        pub suppress_envoy_headers: bool,
        /// Headers whose values are checked.
        pub strict_check_headers: Vec<String>,
        /// Reads `x-envoy-expected-rq-timeout-ms` of the proxy before.
        pub respect_expected_rq_timeout: bool,
    }

    /// `envoy.extensions.filters.http.fault.v3.HTTPFault`.
    pub struct HttpFault {
        /// Waits before the request goes on.
        pub delay: Option<FaultDelay>,
        /// Answers in place of the upstream.
        pub abort: Option<FaultAbort>,
        /// Only for this cluster.
        pub upstream_cluster: String,
        /// Only for requests with all of these headers.
        pub headers: Vec<HeaderMatcher>,
        /// Only for requests from these nodes.
        pub downstream_nodes: Vec<String>,
        /// Faults at the same time.
        pub max_active_faults: Option<u32>,
        /// Slows the response (`FaultRateLimit`).
        pub response_rate_limit: Option<Value>,
        /// No statistics for each downstream cluster.
        pub disable_downstream_cluster_stats: bool,
    }

    /// A wait.
    pub struct FaultDelay {
        /// How long.
        pub fixed_delay: Option<Duration>,
        /// As long as a header of the request says.
        pub header_delay: Option<Value>,
        /// For how many of all requests.
        pub percentage: Option<FractionalPercent>,
    }

    /// An answer in place of the upstream.
    pub struct FaultAbort {
        /// The HTTP status.
        pub http_status: Option<u32>,
        /// The gRPC status.
        pub grpc_status: Option<u32>,
        /// What a header of the request says.
        pub header_abort: Option<Value>,
        /// For how many of all requests.
        pub percentage: Option<FractionalPercent>,
    }

    /// `envoy.extensions.filters.http.cors.v3.Cors`.
    pub struct Cors {}

    /// `envoy.extensions.filters.http.cors.v3.CorsPolicy`.
    pub struct CorsPolicy {
        /// Origins that are allowed.
        pub allow_origin_string_match: Vec<StringMatcher>,
        /// `access-control-allow-methods`.
        pub allow_methods: String,
        /// `access-control-allow-headers`.
        pub allow_headers: String,
        /// `access-control-expose-headers`.
        pub expose_headers: String,
        /// `access-control-max-age`.
        pub max_age: String,
        /// `access-control-allow-credentials`.
        pub allow_credentials: Option<bool>,
        /// For how many of all requests.
        pub filter_enabled: Option<RuntimeFractionalPercent>,
        /// Only counts where the filter is off.
        pub shadow_enabled: Option<RuntimeFractionalPercent>,
        /// `access-control-allow-private-network`.
        pub allow_private_network_access: Option<bool>,
        /// Sends preflights that no origin matches to the upstream (true).
        pub forward_not_matching_preflights: Option<bool>,
    }

    /// `envoy.config.route.v3.FilterConfig`: a filter's configuration per route with flags.
    pub struct FilterConfig {
        /// The configuration.
        pub config: Option<TypedConfig>,
        /// Whether an Envoy that does not know it may go on.
        pub is_optional: bool,
        /// Turns the filter off here.
        pub disabled: bool,
    }

    /// `envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy`: one of the two kinds of cluster.
    pub struct TcpProxy {
        /// The name in statistics (`tcp.PREFIX.`).
        pub stat_prefix: String,
        /// One cluster.
        pub cluster: Option<String>,
        /// One of several clusters by weight.
        pub weighted_clusters: Option<TcpWeightedCluster>,
        /// Which endpoints (subset load balancing).
        pub metadata_match: Option<Metadata>,
        /// How long both ways may be silent (1 h; 0 is for ever).
        pub idle_timeout: Option<Duration>,
        /// Logs of connections.
        pub access_log: Vec<AccessLog>,
        /// Tries to connect (1).
        pub max_connect_attempts: Option<u32>,
        /// What a hash balancer hashes.
        pub hash_policy: Vec<Value>,
        /// How long a connection is kept at all.
        pub max_downstream_connection_duration: Option<Duration>,
        /// An HTTP tunnel through the cluster.
        pub tunneling_config: Option<TunnelingConfig>,
    }

    /// An HTTP tunnel.
    pub struct TunnelingConfig {
        /// `HOST:PORT` at its far end.
        pub hostname: String,
        /// By POST in place of CONNECT.
        pub use_post: bool,
    }

    /// Several clusters by weight.
    pub struct TcpWeightedCluster {
        /// The clusters.
        pub clusters: Vec<TcpClusterWeight>,
    }

    /// One of several clusters.
    pub struct TcpClusterWeight {
        /// Its name.
        pub name: String,
        /// Its part of the sum of all weights.
        pub weight: u32,
        /// Which endpoints (subset load balancing).
        pub metadata_match: Option<Metadata>,
    }
}
