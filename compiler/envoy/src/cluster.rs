//! Clusters: a named set of endpoints and how to talk to them.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::bootstrap::ConfigSource;
use crate::endpoint::{ClusterLoadAssignment, HealthStatus};
use crate::hcm::{CommonHttpProtocolOptions, Http1ProtocolOptions, Http2ProtocolOptions};
use crate::listener::{Filter, SocketAddress};
use crate::message::{message, proto_enum};
use crate::route_action::{RetryBudget, RoutingPriority};
use crate::scalar::{Duration, Empty, Metadata, Percent, Struct, UInt64};
use crate::typed::{TypedConfig, TypedExtensionConfig};

message! {
    /// `envoy.config.cluster.v3.Cluster`.
    pub struct Cluster {
        /// How TLS is chosen for an endpoint; the first match.
        pub transport_socket_matches: Vec<TransportSocketMatch>,
        /// Unique name.
        pub name: String,
        /// The name in statistics.
        pub alt_stat_name: String,
        /// Where its endpoints come from.
        pub r#type: Option<DiscoveryType>,
        /// The same, as an extension.
        pub cluster_type: Option<CustomClusterType>,
        /// The source of its endpoints where the type is `EDS`.
        pub eds_cluster_config: Option<EdsClusterConfig>,
        /// How long a connection may take to be made (5 s).
        pub connect_timeout: Option<Duration>,
        /// Bytes buffered for a connection (1 MiB).
        pub per_connection_buffer_limit_bytes: Option<u32>,
        /// How an endpoint is chosen.
        pub lb_policy: LbPolicy,
        /// Its endpoints where the type is not `EDS`.
        pub load_assignment: Option<ClusterLoadAssignment>,
        /// Active health checks.
        pub health_checks: Vec<Value>,
        /// Requests of one connection.
        pub max_requests_per_connection: Option<u32>,
        /// Limits.
        pub circuit_breakers: Option<CircuitBreakers>,
        /// How it speaks HTTP, by the extension's name.
        pub typed_extension_protocol_options: BTreeMap<String, TypedConfig>,
        /// HTTP/2 to the upstream (deprecated for `typed_extension_protocol_options`).
        pub http2_protocol_options: Option<Http2ProtocolOptions>,
        /// How often names are resolved (5 s).
        pub dns_refresh_rate: Option<Duration>,
        /// Spreads that over time.
        pub dns_jitter: Option<Duration>,
        /// Resolves again when the record's own time ends.
        pub respect_dns_ttl: bool,
        /// Which addresses of a name are used.
        pub dns_lookup_family: DnsLookupFamily,
        /// How names are resolved.
        pub typed_dns_resolver_config: Option<TypedExtensionConfig>,
        /// Passive health checks.
        pub outlier_detection: Option<OutlierDetection>,
        /// How long unused endpoints are kept (`ORIGINAL_DST`).
        pub cleanup_interval: Option<Duration>,
        /// The address that connections come from.
        pub upstream_bind_config: Option<BindConfig>,
        /// Subsets of endpoints.
        pub lb_subset_config: Option<Value>,
        /// Settings of `RING_HASH`.
        pub ring_hash_lb_config: Option<RingHashLbConfig>,
        /// Settings of `MAGLEV`.
        pub maglev_lb_config: Option<MaglevLbConfig>,
        /// Settings of `LEAST_REQUEST`.
        pub least_request_lb_config: Option<LeastRequestLbConfig>,
        /// Settings of `ROUND_ROBIN`.
        pub round_robin_lb_config: Option<RoundRobinLbConfig>,
        /// Settings of `ORIGINAL_DST`.
        pub original_dst_lb_config: Option<OriginalDstLbConfig>,
        /// Settings of every policy.
        pub common_lb_config: Option<CommonLbConfig>,
        /// Transport security.
        pub transport_socket: Option<TransportSocket>,
        /// Free data.
        pub metadata: Option<Metadata>,
        /// TCP settings.
        pub upstream_connection_options: Option<UpstreamConnectionOptions>,
        /// Ends connections to endpoints that are no longer healthy.
        pub close_connections_on_host_health_failure: bool,
        /// Ends connections to endpoints that are no longer there, even while checks say they are well.
        pub ignore_health_on_host_removal: bool,
        /// Network filters of upstream connections.
        pub filters: Vec<Filter>,
        /// How an endpoint is chosen, as an extension.
        pub load_balancing_policy: Option<LoadBalancingPolicy>,
        /// Statistics of one request's own.
        pub track_timeout_budgets: bool,
    }

    /// Transport security for endpoints with these metadata.
    pub struct TransportSocketMatch {
        /// Its name.
        pub name: String,
        /// What the endpoint's metadata must hold.
        pub r#match: Option<Struct>,
        /// The transport socket.
        pub transport_socket: Option<TransportSocket>,
    }

    /// A transport socket.
    pub struct TransportSocket {
        /// Its name.
        pub name: String,
        /// What it is and does.
        pub typed_config: Option<TypedConfig>,
    }

    /// `envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer`.
    pub struct RawBuffer {}

    /// The source of endpoints.
    pub struct EdsClusterConfig {
        /// Where they come from.
        pub eds_config: Option<ConfigSource>,
        /// Their name, where it is not the cluster's.
        pub service_name: String,
    }

    /// Limits of a cluster.
    pub struct CircuitBreakers {
        /// One for each priority.
        pub thresholds: Vec<Thresholds>,
    }

    /// Limits of one priority.
    pub struct Thresholds {
        /// Of which priority.
        pub priority: RoutingPriority,
        /// Connections (1,024).
        pub max_connections: Option<u32>,
        /// Requests that wait for a connection (1,024).
        pub max_pending_requests: Option<u32>,
        /// Requests at once (1,024).
        pub max_requests: Option<u32>,
        /// Retries at once (3).
        pub max_retries: Option<u32>,
        /// Retries at once as a part of requests.
        pub retry_budget: Option<RetryBudget>,
        /// Keeps statistics of what is left.
        pub track_remaining: bool,
        /// Connection pools (no limit).
        pub max_connection_pools: Option<u32>,
    }

    /// Passive health checks.
    pub struct OutlierDetection {
        /// Server errors in a row (5).
        pub consecutive_5xx: Option<u32>,
        /// How often (10 s).
        pub interval: Option<Duration>,
        /// How long an endpoint is out (30 s, times how often it was).
        pub base_ejection_time: Option<Duration>,
        /// How many endpoints may be out (10 %).
        pub max_ejection_percent: Option<u32>,
        /// How surely it is put out (100 %).
        pub enforcing_consecutive_5xx: Option<u32>,
        /// How surely it is put out (100 %).
        pub enforcing_success_rate: Option<u32>,
        /// Gateway errors in a row (5).
        pub consecutive_gateway_failure: Option<u32>,
        /// How surely it is put out (0 %).
        pub enforcing_consecutive_gateway_failure: Option<u32>,
        /// Tells errors of connections from answers.
        pub split_external_local_origin_errors: bool,
        /// Errors of connections in a row (5).
        pub consecutive_local_origin_failure: Option<u32>,
        /// How surely it is put out (100 %).
        pub enforcing_consecutive_local_origin_failure: Option<u32>,
        /// How surely it is put out by its share of errors of connections (100 %).
        pub enforcing_local_origin_success_rate: Option<u32>,
    }

    /// A cluster that is an extension.
    pub struct CustomClusterType {
        /// Its name.
        pub name: String,
        /// What it is and does.
        pub typed_config: Option<TypedConfig>,
    }

    /// The address that connections come from.
    pub struct BindConfig {
        /// The address.
        pub source_address: Option<SocketAddress>,
        /// Those of other IP families.
        pub extra_source_addresses: Vec<ExtraSourceAddress>,
    }

    /// An address of another IP family.
    pub struct ExtraSourceAddress {
        /// The address.
        pub address: Option<SocketAddress>,
    }

    /// Settings of `RING_HASH`.
    pub struct RingHashLbConfig {
        /// Entries at least (1,024).
        pub minimum_ring_size: Option<UInt64>,
        /// Entries at most (8 Mi).
        pub maximum_ring_size: Option<UInt64>,
    }

    /// Settings of `MAGLEV`.
    pub struct MaglevLbConfig {
        /// Entries, a prime (65,537).
        pub table_size: Option<UInt64>,
    }

    /// Settings of `LEAST_REQUEST`.
    pub struct LeastRequestLbConfig {
        /// Endpoints that are compared (2).
        pub choice_count: Option<u32>,
        /// How fast an endpoint comes up.
        pub slow_start_config: Option<SlowStartConfig>,
    }

    /// Settings of `ROUND_ROBIN`.
    pub struct RoundRobinLbConfig {
        /// How fast an endpoint comes up.
        pub slow_start_config: Option<SlowStartConfig>,
    }

    /// Settings of `ORIGINAL_DST`.
    pub struct OriginalDstLbConfig {
        /// The port in place of the one that the connection was made to.
        pub upstream_port_override: Option<u32>,
    }

    /// How fast an endpoint comes up.
    pub struct SlowStartConfig {
        /// Over how long.
        pub slow_start_window: Option<Duration>,
        /// How fast: 1 is linear.
        pub aggression: Option<RuntimeDouble>,
        /// The share that it starts with (10 %).
        pub min_weight_percent: Option<Percent>,
    }

    /// A number that Envoy's runtime could override.
    pub struct RuntimeDouble {
        /// The number.
        pub default_value: f64,
        /// The key in Envoy's runtime; mesh-proxy has none.
        pub runtime_key: String,
    }

    /// Settings of every policy.
    pub struct CommonLbConfig {
        /// Below how many healthy endpoints all are used (50 %).
        pub healthy_panic_threshold: Option<Percent>,
        /// Localities by weight.
        pub locality_weighted_lb_config: Option<Empty>,
        /// Requests stay in the caller's zone.
        pub zone_aware_lb_config: Option<ZoneAwareLbConfig>,
        /// Endpoints that a request may name though they take no others.
        pub override_host_status: Option<HealthStatusSet>,
    }

    /// Requests stay in the caller's zone.
    pub struct ZoneAwareLbConfig {
        /// Which part of them (100 %).
        pub routing_enabled: Option<Percent>,
        /// With fewer endpoints they do not (6).
        pub min_cluster_size: Option<UInt64>,
    }

    /// States of endpoints.
    pub struct HealthStatusSet {
        /// The states.
        pub statuses: Vec<HealthStatus>,
    }

    /// TCP settings.
    pub struct UpstreamConnectionOptions {
        /// Keepalive.
        pub tcp_keepalive: Option<TcpKeepalive>,
    }

    /// TCP keepalive.
    pub struct TcpKeepalive {
        /// Probes without an answer before the connection ends.
        pub keepalive_probes: Option<u32>,
        /// Seconds of silence before the first probe.
        pub keepalive_time: Option<u32>,
        /// Seconds between probes.
        pub keepalive_interval: Option<u32>,
    }

    /// How an endpoint is chosen, as extensions; the first that is known.
    pub struct LoadBalancingPolicy {
        /// The policies.
        pub policies: Vec<LoadBalancingPolicyEntry>,
    }

    /// One policy.
    pub struct LoadBalancingPolicyEntry {
        /// The extension.
        pub typed_extension_config: Option<TypedExtensionConfig>,
    }

    /// `envoy.extensions.upstreams.http.v3.HttpProtocolOptions`: at most one kind of protocol.
    pub struct HttpProtocolOptions {
        /// Limits of connections.
        pub common_http_protocol_options: Option<CommonHttpProtocolOptions>,
        /// One protocol.
        pub explicit_http_config: Option<ExplicitHttpConfig>,
        /// The protocol of the downstream request.
        pub use_downstream_protocol_config: Option<UseDownstreamHttpConfig>,
        /// The protocol that TLS agrees on.
        pub auto_config: Option<Value>,
        /// How TLS follows the request.
        pub upstream_http_protocol_options: Option<UpstreamHttpProtocolOptions>,
        /// Which answers outlier detection counts.
        pub outlier_detection: Option<Value>,
    }

    /// How TLS follows the request.
    pub struct UpstreamHttpProtocolOptions {
        /// The name that is asked for is the request's host.
        pub auto_sni: bool,
        /// The certificate must be for the request's host.
        pub auto_san_validation: bool,
    }

    /// One protocol.
    pub struct ExplicitHttpConfig {
        /// HTTP/1.1.
        pub http_protocol_options: Option<Http1ProtocolOptions>,
        /// HTTP/2.
        pub http2_protocol_options: Option<Http2ProtocolOptions>,
    }

    /// The protocol of the downstream request.
    pub struct UseDownstreamHttpConfig {
        /// HTTP/1.1.
        pub http_protocol_options: Option<Http1ProtocolOptions>,
        /// HTTP/2.
        pub http2_protocol_options: Option<Http2ProtocolOptions>,
    }
}

proto_enum! {
    /// Where endpoints come from.
    pub enum DiscoveryType {
        /// From the cluster, as addresses.
        #[default]
        Static = 0 "STATIC",
        /// From the cluster, as names; all addresses of each.
        StrictDns = 1 "STRICT_DNS",
        /// From the cluster, as one name; its first address.
        LogicalDns = 2 "LOGICAL_DNS",
        /// From the control plane.
        Eds = 3 "EDS",
        /// The address that the connection was made to.
        OriginalDst = 4 "ORIGINAL_DST",
    }

    /// How an endpoint is chosen.
    pub enum LbPolicy {
        /// In turn, by weight.
        #[default]
        RoundRobin = 0 "ROUND_ROBIN",
        /// The one with fewer requests of two.
        LeastRequest = 1 "LEAST_REQUEST",
        /// By a hash, on a ring.
        RingHash = 2 "RING_HASH",
        /// At random.
        Random = 3 "RANDOM",
        /// By a hash, from a table.
        Maglev = 5 "MAGLEV",
        /// The cluster's own way (`ORIGINAL_DST`).
        ClusterProvided = 6 "CLUSTER_PROVIDED",
        /// The extension's.
        LoadBalancingPolicyConfig = 7 "LOAD_BALANCING_POLICY_CONFIG",
    }

    /// Which addresses of a name are used.
    pub enum DnsLookupFamily {
        /// IPv6, else IPv4.
        #[default]
        Auto = 0 "AUTO",
        /// IPv4.
        V4Only = 1 "V4_ONLY",
        /// IPv6.
        V6Only = 2 "V6_ONLY",
        /// IPv4, else IPv6.
        V4Preferred = 3 "V4_PREFERRED",
        /// Both.
        All = 4 "ALL",
    }
}
