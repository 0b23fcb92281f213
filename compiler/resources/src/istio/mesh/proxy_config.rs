//! Istio's `ProxyConfig` of `MeshConfig.defaultConfig` and of the pods' annotation `proxy.istio.io/config`
//! (`mesh/v1alpha1/proxy.proto`). The resource of that name is [`crate::istio::ProxyConfig`].

use indexmap::IndexMap;
use meshc_syntax::de::{Duration, Spanned};
use schemars::JsonSchema;
use serde::Deserialize;

use super::EmptyMessage;
use super::proto_enum::proto_enum;
use crate::istio::{ClientTlsSettings, ProxyImage, ReadinessProbe, TcpKeepalive};

/// How one proxy runs. What is absent has Istio's default.
///
/// What changes listeners, routes or clusters is modelled: `interceptionMode`, `tracing`, `gatewayTopology`,
/// `proxyHeaders`, `connectionSettings` (but for its limits of clusters and of connections, which istiod does not wire to
/// anything) and, of `proxyMetadata`, `ISTIO_META_HTTP10`, `ISTIO_META_IDLE_TIMEOUT`, `ISTIO_META_DNS_CAPTURE`,
/// `ISTIO_META_NETWORK`, `ISTIO_META_REQUESTED_NETWORK_VIEW`, `ISTIO_META_HTTP_PROXY_PORT`, those that spread connections over
/// threads, and those that name certificates (`ISTIO_META_TLS_*`). What replaces the configuration that a proxy starts with,
/// and other variables that istiod reads, are refused by name (`MC0205`). All else is about the proxy's process, its files, its
/// statistics or the agent beside it, and changes nothing that the proxy is sent.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("x-meshc-one-of" = [["serviceCluster", "tracingServiceName"]]))]
pub struct MeshProxyConfig {
    /// Where the agent keeps files.
    pub config_path: Option<Spanned<String>>,
    /// Envoy's executable.
    pub binary_path: Option<Spanned<String>>,
    /// The name of the service in spans and logs; `istio-proxy`.
    pub service_cluster: Option<Spanned<String>>,
    /// How the name of the service in spans is made.
    pub tracing_service_name: Option<Spanned<TracingServiceName>>,
    /// How long listeners drain; 45 s.
    pub drain_duration: Option<Spanned<Duration>>,
    /// Where istiod is.
    pub discovery_address: Option<Spanned<String>>,
    /// Deprecated.
    pub discovery_refresh_delay: Option<Spanned<Duration>>,
    /// Deprecated: where Zipkin is.
    pub zipkin_address: Option<Spanned<String>>,
    /// Where statsd is.
    pub statsd_udp_address: Option<Spanned<String>>,
    /// Deprecated name of `envoyMetricsService.address`.
    pub envoy_metrics_service_address: Option<Spanned<String>>,
    /// Envoy's administration; 15000.
    pub proxy_admin_port: Option<Spanned<i32>>,
    /// Deprecated.
    pub availability_zone: Option<Spanned<String>>,
    /// How istiod is spoken to.
    pub control_plane_auth_policy: Option<Spanned<AuthenticationPolicy>>,
    /// A bootstrap of one's own.
    pub custom_config_file: Option<Spanned<String>>,
    /// Of names in statistics; 189.
    pub stat_name_length: Option<Spanned<i32>>,
    /// Worker threads; by the CPU limit when absent, all cores when 0.
    pub concurrency: Option<Spanned<i32>>,
    /// A bootstrap's template of one's own.
    pub proxy_bootstrap_template_path: Option<Spanned<String>>,
    /// How the pod's connections come to the proxy.
    pub interception_mode: Option<Spanned<InboundInterceptionMode>>,
    /// How spans are reported.
    pub tracing: Option<Spanned<Tracing>>,
    /// Deprecated.
    pub sds: Option<Spanned<SecretDiscovery>>,
    /// Where access logs go by gRPC.
    pub envoy_access_log_service: Option<Spanned<RemoteService>>,
    /// Where metrics go by gRPC.
    pub envoy_metrics_service: Option<Spanned<RemoteService>>,
    /// Variables of the proxy's environment.
    pub proxy_metadata: IndexMap<Spanned<String>, Spanned<String>>,
    /// Envoy's runtime values.
    pub runtime_values: IndexMap<Spanned<String>, Spanned<String>>,
    /// The agent's port for health; 15020.
    pub status_port: Option<Spanned<i32>>,
    /// Further tags of statistics.
    pub extra_stat_tags: Vec<Spanned<String>>,
    /// What stands before a gateway.
    pub gateway_topology: Option<Spanned<Topology>>,
    /// How long a proxy that ends waits; 5 s.
    pub termination_drain_duration: Option<Spanned<Duration>>,
    /// The mesh's name.
    pub mesh_id: Option<Spanned<String>>,
    /// Of workloads on machines.
    pub readiness_probe: Option<Spanned<ReadinessProbe>>,
    /// Which statistics Envoy keeps.
    pub proxy_stats_matcher: Option<Spanned<ProxyStatsMatcher>>,
    /// Whether the application waits for the proxy.
    pub hold_application_until_proxy_starts: Option<Spanned<bool>>,
    /// Further roots of trust.
    pub ca_certificates_pem: Vec<Spanned<String>>,
    /// The proxy's image.
    pub image: Option<Spanned<ProxyImage>>,
    /// Hardware for private keys.
    pub private_key_provider: Option<Spanned<PrivateKeyProvider>>,
    /// Headers that proxies add.
    pub proxy_headers: Option<Spanned<ProxyHeaders>>,
    /// How often logs are flushed.
    pub file_flush_interval: Option<Spanned<Duration>>,
    /// How much of a log is kept back, in KiB.
    pub file_flush_min_size_kb: Option<Spanned<u32>>,
    /// Whether the agent may compress statistics.
    pub stats_compression: Option<Spanned<bool>>,
    /// Limits and timeouts of connections.
    pub connection_settings: Option<Spanned<ConnectionSettings>>,
}

impl MeshProxyConfig {
    /// A variable of the proxy's environment; none where it is not set.
    pub fn variable(&self, name: &str) -> Option<&str> {
        let found = self.proxy_metadata.iter().find(|(key, _)| key.value == name);
        found.map(|(_, value)| value.value.as_str())
    }
}

proto_enum! {
    /// How the name of the service in spans is made.
    pub enum TracingServiceName {
        /// The label `app` and the namespace.
        AppLabelAndNamespace = "APP_LABEL_AND_NAMESPACE" | 0,
        /// The canonical name.
        CanonicalNameOnly = "CANONICAL_NAME_ONLY" | 1,
        /// The canonical name and the namespace.
        CanonicalNameAndNamespace = "CANONICAL_NAME_AND_NAMESPACE" | 2,
    }
}

proto_enum! {
    /// How istiod is spoken to.
    pub enum AuthenticationPolicy {
        /// In plain text.
        None = "NONE" | 0,
        /// Over mutual TLS.
        MutualTls = "MUTUAL_TLS" | 1,
        /// As elsewhere.
        Inherit = "INHERIT" | 1000,
    }
}

proto_enum! {
    /// How the pod's connections come to the proxy.
    pub enum InboundInterceptionMode {
        /// By redirection, which loses the client's address.
        Redirect = "REDIRECT" | 0,
        /// Transparently, with the client's address.
        Tproxy = "TPROXY" | 1,
        /// They do not: the application speaks to the proxy's ports.
        None = "NONE" | 2,
    }
}

proto_enum! {
    /// What becomes of the header `x-forwarded-client-cert`.
    pub enum ForwardClientCertDetails {
        /// Istio's default.
        Undefined = "UNDEFINED" | 0,
        /// It is removed.
        Sanitize = "SANITIZE" | 1,
        /// It stays if the connection has a client certificate.
        ForwardOnly = "FORWARD_ONLY" | 2,
        /// The client's certificate is added.
        AppendForward = "APPEND_FORWARD" | 3,
        /// The client's certificate replaces it.
        SanitizeSet = "SANITIZE_SET" | 4,
        /// It stays.
        AlwaysForwardOnly = "ALWAYS_FORWARD_ONLY" | 5,
    }
}

/// How spans are reported; at most one of the first five.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("x-meshc-one-of" = [["zipkin", "lightstep", "datadog", "stackdriver", "openCensusAgent"]]))]
pub struct Tracing {
    /// To Zipkin.
    pub zipkin: Option<Spanned<TracerAddress>>,
    /// To Lightstep.
    pub lightstep: Option<Spanned<LightstepTracer>>,
    /// To Datadog.
    pub datadog: Option<Spanned<TracerAddress>>,
    /// To Google Cloud.
    pub stackdriver: Option<Spanned<StackdriverTracer>>,
    /// To an OpenCensus agent.
    pub open_census_agent: Option<Spanned<OpenCensusTracer>>,
    /// Further tags of spans.
    pub custom_tags: IndexMap<Spanned<String>, Spanned<CustomTag>>,
    /// Of a path in a span, in bytes; 256.
    pub max_path_tag_length: Option<Spanned<u32>>,
    /// The share of requests, in percent; 1.
    pub sampling: Option<Spanned<f64>>,
    /// To the tracer.
    pub tls_settings: Option<Spanned<ClientTlsSettings>>,
    /// Whether spans have Istio's own tags; true.
    pub enable_istio_tags: Option<Spanned<bool>>,
}

/// Where a tracer is.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct TracerAddress {
    /// `HOST:PORT`
    pub address: Option<Spanned<String>>,
}

/// Lightstep.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct LightstepTracer {
    /// `HOST:PORT`
    pub address: Option<Spanned<String>>,
    /// Its key.
    pub access_token: Option<Spanned<String>>,
}

/// Google Cloud.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct StackdriverTracer {
    /// Whether spans are written to the log too.
    pub debug: Option<Spanned<bool>>,
    /// 200.
    pub max_number_of_attributes: Option<Spanned<i64>>,
    /// 200.
    pub max_number_of_annotations: Option<Spanned<i64>>,
    /// 200.
    pub max_number_of_message_events: Option<Spanned<i64>>,
}

/// An OpenCensus agent.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct OpenCensusTracer {
    /// gRPC's name of it.
    pub address: Option<Spanned<String>>,
    /// Headers that tell the trace.
    pub context: Vec<Spanned<super::OpenCensusTraceContext>>,
}

/// A tag of spans; exactly one.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("x-meshc-one-of" = [["literal", "environment", "header"]]))]
pub struct CustomTag {
    /// Always the same.
    pub literal: Option<Spanned<LiteralTag>>,
    /// A variable of the proxy's environment.
    pub environment: Option<Spanned<NamedTag>>,
    /// A header of the request.
    pub header: Option<Spanned<NamedTag>>,
}

/// A tag that is always the same.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct LiteralTag {
    /// Its value.
    pub value: Option<Spanned<String>>,
}

/// A tag by name.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct NamedTag {
    /// Of the variable or header.
    pub name: Option<Spanned<String>>,
    /// Where there is none.
    pub default_value: Option<Spanned<String>>,
}

/// Deprecated: how secrets came to proxies.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct SecretDiscovery {
    /// Whether.
    pub enabled: Option<Spanned<bool>>,
    /// The token's file.
    pub k8s_sa_jwt_path: Option<Spanned<String>>,
}

/// What stands before a gateway.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Topology {
    /// How many proxies before it are trusted.
    pub num_trusted_proxies: Option<Spanned<u32>>,
    /// What becomes of `x-forwarded-client-cert`.
    pub forward_client_cert_details: Option<Spanned<ForwardClientCertDetails>>,
    /// Connections begin with the PROXY protocol.
    pub proxy_protocol: Option<Spanned<EmptyMessage>>,
}

/// Which statistics Envoy keeps.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ProxyStatsMatcher {
    /// By the start of their names.
    pub inclusion_prefixes: Vec<Spanned<String>>,
    /// By the end of their names.
    pub inclusion_suffixes: Vec<Spanned<String>>,
    /// By expressions.
    pub inclusion_regexps: Vec<Spanned<String>>,
}

/// Hardware for private keys; exactly one.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("x-meshc-one-of" = [["cryptomb", "qat"]]))]
pub struct PrivateKeyProvider {
    /// Intel's `CryptoMB`.
    pub cryptomb: Option<Spanned<KeyHardware>>,
    /// Intel's `QuickAssist`.
    pub qat: Option<Spanned<KeyHardware>>,
}

/// Settings of hardware for private keys.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct KeyHardware {
    /// How long operations are gathered.
    pub poll_delay: Option<Spanned<Duration>>,
    /// Without the hardware in software.
    pub fallback: Option<Spanned<bool>>,
}

/// A service by gRPC.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct RemoteService {
    /// `HOST:PORT`
    pub address: Option<Spanned<String>>,
    /// To it.
    pub tls_settings: Option<Spanned<ClientTlsSettings>>,
    /// Probes of the idle connection.
    pub tcp_keepalive: Option<Spanned<TcpKeepalive>>,
}

/// Headers that proxies add.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ProxyHeaders {
    /// `x-forwarded-client-cert`.
    pub forwarded_client_cert: Option<Spanned<ForwardClientCertDetails>>,
    /// What of the client's certificate stands in it.
    pub set_current_client_cert_details: Option<Spanned<ClientCertDetails>>,
    /// `x-request-id`.
    pub request_id: Option<Spanned<DisabledHeader>>,
    /// `server`.
    pub server: Option<Spanned<ServerHeader>>,
    /// `x-envoy-attempt-count`.
    pub attempt_count: Option<Spanned<DisabledHeader>>,
    /// `x-envoy-…`.
    pub envoy_debug_headers: Option<Spanned<DisabledHeader>>,
    /// `x-envoy-peer-metadata` and `x-envoy-peer-metadata-id`.
    pub metadata_exchange_headers: Option<Spanned<MetadataExchangeHeaders>>,
    /// Whether the case of HTTP/1.1 headers stays.
    #[serde(alias = "preserve_http1_header_case")]
    pub preserve_http1_header_case: Option<Spanned<bool>>,
    /// `x-forwarded-host`.
    pub x_forwarded_host: Option<Spanned<EnabledHeader>>,
    /// `x-forwarded-port`.
    pub x_forwarded_port: Option<Spanned<EnabledHeader>>,
}

/// A header that can be switched off.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct DisabledHeader {
    /// Whether it is left out.
    pub disabled: Option<Spanned<bool>>,
}

/// A header that can be switched on.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct EnabledHeader {
    /// Whether it is there.
    pub enabled: Option<Spanned<bool>>,
}

/// The header `server`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ServerHeader {
    /// Whether it is left as it came.
    pub disabled: Option<Spanned<bool>>,
    /// `istio-envoy`.
    pub value: Option<Spanned<String>>,
}

proto_enum! {
    /// Where peers tell each other who they are by headers.
    pub enum MetadataExchangeMode {
        /// Everywhere.
        Undefined = "UNDEFINED" | 0,
        /// Within the mesh.
        InMesh = "IN_MESH" | 1,
    }
}

/// The headers by which peers tell who they are.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct MetadataExchangeHeaders {
    /// Where.
    pub mode: Option<Spanned<MetadataExchangeMode>>,
}

/// What of a client's certificate is passed on.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ClientCertDetails {
    /// Its subject; true.
    pub subject: Option<Spanned<bool>>,
    /// All of it.
    pub cert: Option<Spanned<bool>>,
    /// Its chain.
    pub chain: Option<Spanned<bool>>,
    /// Its DNS names; true.
    pub dns: Option<Spanned<bool>>,
    /// Its URI; true.
    pub uri: Option<Spanned<bool>>,
}

proto_enum! {
    /// Where a proxy stands.
    pub enum ConnectionProfile {
        /// Beside a workload.
        Sidecar = "SIDECAR" | 0,
        /// At the edge: clients are not trusted.
        Edge = "EDGE" | 1,
    }
}

proto_enum! {
    /// What becomes of headers with underscores.
    pub enum HeadersWithUnderscoresAction {
        /// Of the profile.
        Unspecified = "HEADERS_WITH_UNDERSCORES_UNSPECIFIED" | 0,
        /// They pass.
        Allow = "HEADERS_WITH_UNDERSCORES_ALLOW" | 1,
        /// The request is refused.
        RejectRequest = "HEADERS_WITH_UNDERSCORES_REJECT_REQUEST" | 2,
        /// They are left out.
        DropHeader = "HEADERS_WITH_UNDERSCORES_DROP_HEADER" | 3,
    }
}

proto_enum! {
    /// What becomes of `%2F` and `%5C` in a path.
    pub enum PathWithEscapedSlashesAction {
        /// Of the profile.
        Unspecified = "PATH_WITH_ESCAPED_SLASHES_UNSPECIFIED" | 0,
        /// They stay.
        KeepUnchanged = "KEEP_UNCHANGED" | 1,
        /// The request is refused.
        RejectRequest = "REJECT_REQUEST" | 2,
        /// The client is sent to the decoded path.
        UnescapeAndRedirect = "UNESCAPE_AND_REDIRECT" | 3,
        /// They are decoded.
        UnescapeAndForward = "UNESCAPE_AND_FORWARD" | 4,
    }
}

/// Limits and timeouts of connections.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ConnectionSettings {
    /// What holds for what is not written.
    pub profile: Option<Spanned<ConnectionProfile>>,
    /// Of a listener's connections, in bytes.
    pub listener_per_connection_buffer_limit_bytes: Option<Spanned<i32>>,
    /// Of connections to upstreams, in bytes.
    pub cluster_per_connection_buffer_limit_bytes: Option<Spanned<i32>>,
    /// Of connections without requests.
    pub http_idle_timeout: Option<Spanned<Duration>>,
    /// Of a connection.
    pub http_max_connection_duration: Option<Spanned<Duration>>,
    /// Between the announcement of the end and the end.
    pub http_drain_timeout: Option<Spanned<Duration>>,
    /// Of a whole request.
    pub http_request_timeout: Option<Spanned<Duration>>,
    /// Of its headers.
    pub http_request_headers_timeout: Option<Spanned<Duration>>,
    /// Of a request on which nothing happens.
    pub http_stream_idle_timeout: Option<Spanned<Duration>>,
    /// Of a request and its answer.
    pub http_max_stream_duration: Option<Spanned<Duration>>,
    /// Of one HTTP/2 connection.
    pub http_max_concurrent_streams: Option<Spanned<i32>>,
    /// Of HTTP/2, in bytes.
    pub http2_initial_stream_window_size: Option<Spanned<i32>>,
    /// Of HTTP/2, in bytes.
    pub http2_initial_connection_window_size: Option<Spanned<i32>>,
    /// Of headers with underscores.
    pub http_headers_with_underscores_action: Option<Spanned<HeadersWithUnderscoresAction>>,
    /// Whether several slashes are one.
    pub http_merge_slashes: Option<Spanned<bool>>,
    /// Of `%2F` and `%5C`.
    pub http_path_with_escaped_slashes_action: Option<Spanned<PathWithEscapedSlashesAction>>,
    /// Connections of one listener.
    pub listener_connection_limit: Option<Spanned<i32>>,
    /// Connections of all listeners.
    pub global_downstream_connection_limit: Option<Spanned<i32>>,
}
