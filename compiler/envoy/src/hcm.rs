//! The HTTP connection manager: the network filter that speaks HTTP.

use serde_json::Value;

use crate::access_log::AccessLog;
use crate::bootstrap::ConfigSource;
use crate::listener::CidrRange;
use crate::message::{message, proto_enum};
use crate::route::RouteConfiguration;
use crate::scalar::Duration;
use crate::typed::{TypedConfig, TypedExtensionConfig};

message! {
    /// `envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager`.
    pub struct HttpConnectionManager {
        /// Which HTTP is spoken.
        pub codec_type: CodecType,
        /// The name in statistics (`http.PREFIX.`).
        pub stat_prefix: String,
        /// The route table by name.
        pub rds: Option<Rds>,
        /// The route table itself.
        pub route_config: Option<RouteConfiguration>,
        /// HTTP filters in order; the router last.
        pub http_filters: Vec<HttpFilter>,
        /// Headers that Envoy adds about itself.
        pub add_user_agent: Option<bool>,
        /// Traces (`HttpConnectionManager.Tracing`).
        pub tracing: Option<Value>,
        /// Limits of connections, HTTP/1 and HTTP/2 alike.
        pub common_http_protocol_options: Option<CommonHttpProtocolOptions>,
        /// HTTP/1 settings.
        pub http_protocol_options: Option<Http1ProtocolOptions>,
        /// HTTP/2 settings.
        pub http2_protocol_options: Option<Http2ProtocolOptions>,
        /// The value of the `server` header (`envoy`).
        pub server_name: String,
        /// What becomes of the upstream's `server` header.
        pub server_header_transformation: ServerHeaderTransformation,
        /// KiB of request headers (60).
        pub max_request_headers_kb: Option<u32>,
        /// How long a stream may be silent (5 min; 0 is for ever).
        pub stream_idle_timeout: Option<Duration>,
        /// How long a request may take to arrive (0 is for ever).
        pub request_timeout: Option<Duration>,
        /// How long the headers of a request may take to arrive (0 is for ever).
        pub request_headers_timeout: Option<Duration>,
        /// How long a connection goes on between the announcement of its end and the end (5 s).
        pub drain_timeout: Option<Duration>,
        /// How long a connection that was told to close is kept open for what still arrives (1 s).
        pub delayed_close_timeout: Option<Duration>,
        /// Logs of requests.
        pub access_log: Vec<AccessLog>,
        /// Whether the address of the connection is the client's, rather than `x-forwarded-for`.
        pub use_remote_address: Option<bool>,
        /// Which addresses are the mesh's own (none).
        pub internal_address_config: Option<InternalAddressConfig>,
        /// How many of the last addresses of `x-forwarded-for` are proxies that are trusted.
        pub xff_num_trusted_hops: u32,
        /// Leaves `x-forwarded-for` as it is.
        pub skip_xff_append: bool,
        /// The `via` header.
        pub via: String,
        /// Makes `x-request-id` where it is missing (true).
        pub generate_request_id: Option<bool>,
        /// Keeps the `x-request-id` of requests from outside.
        pub preserve_external_request_id: bool,
        /// Answers `x-request-id` always.
        pub always_set_request_id_in_response: bool,
        /// What becomes of `x-forwarded-client-cert`.
        pub forward_client_cert_details: ForwardClientCertDetails,
        /// What of the client's certificate is put into it.
        pub set_current_client_cert_details: Option<SetCurrentClientCertDetails>,
        /// Passes `100 Continue` through rather than answering itself.
        pub proxy_100_continue: bool,
        /// Protocols that a connection may be upgraded to.
        pub upgrade_configs: Vec<UpgradeConfig>,
        /// Resolves `.` and `..` in paths before anything looks at them.
        pub normalize_path: Option<bool>,
        /// Makes one slash of several.
        pub merge_slashes: bool,
        /// What becomes of `%2F` and `%5C` in paths.
        pub path_with_escaped_slashes_action: PathWithEscapedSlashesAction,
        /// How `x-request-id` is made.
        pub request_id_extension: Option<RequestIdExtension>,
        /// What replaces Envoy's own answers.
        pub local_reply_config: Option<Value>,
        /// Removes the port of the `host` header where it is the listener's.
        pub strip_matching_host_port: bool,
        /// Removes the port of the `host` header.
        pub strip_any_host_port: Option<bool>,
        /// Removes the dot at the end of the host.
        pub strip_trailing_host_dot: bool,
        /// Adds the port to the host in `x-forwarded-host`.
        pub append_x_forwarded_port: bool,
        /// How the client's address is found (extensions).
        pub original_ip_detection_extensions: Vec<TypedExtensionConfig>,
    }

    /// Which addresses are the mesh's own: their `x-envoy-` headers are kept.
    pub struct InternalAddressConfig {
        /// Unix sockets too.
        pub unix_sockets: bool,
        /// Blocks of addresses.
        pub cidr_ranges: Vec<CidrRange>,
    }

    /// A route table by name.
    pub struct Rds {
        /// Where it comes from.
        pub config_source: Option<ConfigSource>,
        /// Its name.
        pub route_config_name: String,
    }

    /// An HTTP filter.
    pub struct HttpFilter {
        /// Its name; configuration per route refers to it.
        pub name: String,
        /// What it is and does.
        pub typed_config: Option<TypedConfig>,
        /// Where what it does is discovered on its own (`ExtensionConfigSource`).
        pub config_discovery: Option<Value>,
        /// Whether an Envoy that does not know it may go on.
        pub is_optional: bool,
        /// Whether it runs only where a route turns it on.
        pub disabled: bool,
    }

    /// `envoy.config.core.v3.HttpProtocolOptions`.
    pub struct CommonHttpProtocolOptions {
        /// How long a connection without requests is kept (1 h; 0 is for ever).
        pub idle_timeout: Option<Duration>,
        /// How long a connection is kept at all.
        pub max_connection_duration: Option<Duration>,
        /// Headers of one message (100).
        pub max_headers_count: Option<u32>,
        /// How long a stream may take at all.
        pub max_stream_duration: Option<Duration>,
        /// Requests of one connection.
        pub max_requests_per_connection: Option<u32>,
        /// What becomes of headers with `_` in their names.
        pub headers_with_underscores_action: HeadersWithUnderscoresAction,
    }

    /// `envoy.config.core.v3.Http1ProtocolOptions`.
    pub struct Http1ProtocolOptions {
        /// Takes requests whose target is an absolute URL (true).
        pub allow_absolute_url: Option<bool>,
        /// Takes HTTP/1.0.
        pub accept_http_10: bool,
        /// The host of HTTP/1.0 requests that name none.
        pub default_host_for_http_10: String,
        /// How names of headers are spelled.
        pub header_key_format: Option<Value>,
        /// Takes trailers.
        pub enable_trailers: bool,
    }

    /// `envoy.config.core.v3.Http2ProtocolOptions`.
    pub struct Http2ProtocolOptions {
        /// Streams at once.
        pub max_concurrent_streams: Option<u32>,
        /// Window of a stream in bytes.
        pub initial_stream_window_size: Option<u32>,
        /// Window of a connection in bytes.
        pub initial_connection_window_size: Option<u32>,
        /// Takes `CONNECT` with `:protocol`.
        pub allow_connect: bool,
        /// Pings that keep or end the connection.
        pub connection_keepalive: Option<Value>,
    }

    /// What of the client's certificate goes into `x-forwarded-client-cert`.
    pub struct SetCurrentClientCertDetails {
        /// The subject.
        pub subject: Option<bool>,
        /// The certificate.
        pub cert: bool,
        /// The chain.
        pub chain: bool,
        /// The DNS names.
        pub dns: bool,
        /// The URIs.
        pub uri: bool,
    }

    /// A protocol that a connection may be upgraded to.
    pub struct UpgradeConfig {
        /// Its name in the `upgrade` header.
        pub upgrade_type: String,
        /// The filters for it; absent: those of the connection manager.
        pub filters: Vec<HttpFilter>,
        /// Whether it is on where routes say nothing (true).
        pub enabled: Option<bool>,
    }

    /// How `x-request-id` is made.
    pub struct RequestIdExtension {
        /// The extension.
        pub typed_config: Option<TypedConfig>,
    }

    /// `envoy.extensions.request_id.uuid.v3.UuidRequestIdConfig`.
    pub struct UuidRequestIdConfig {
        /// Whether the decision to trace is packed into the identifier (true).
        pub pack_trace_reason: Option<bool>,
        /// Whether the identifier decides about tracing (true).
        pub use_request_id_for_trace_sampling: Option<bool>,
    }
}

proto_enum! {
    /// Which HTTP a listener speaks.
    pub enum CodecType {
        /// What the first bytes show.
        #[default]
        Auto = 0 "AUTO",
        /// HTTP/1.
        Http1 = 1 "HTTP1",
        /// HTTP/2.
        Http2 = 2 "HTTP2",
        /// HTTP/3.
        Http3 = 3 "HTTP3",
    }

    /// What becomes of the upstream's `server` header.
    pub enum ServerHeaderTransformation {
        /// It is replaced.
        #[default]
        Overwrite = 0 "OVERWRITE",
        /// It stays where there is one.
        AppendIfAbsent = 1 "APPEND_IF_ABSENT",
        /// It is never touched.
        PassThrough = 2 "PASS_THROUGH",
    }

    /// What becomes of `x-forwarded-client-cert`.
    pub enum ForwardClientCertDetails {
        /// It is removed.
        #[default]
        Sanitize = 0 "SANITIZE",
        /// It is kept where the connection is mTLS.
        ForwardOnly = 1 "FORWARD_ONLY",
        /// It grows where the connection is mTLS.
        AppendForward = 2 "APPEND_FORWARD",
        /// It is replaced where the connection is mTLS.
        SanitizeSet = 3 "SANITIZE_SET",
        /// It is always kept.
        AlwaysForwardOnly = 4 "ALWAYS_FORWARD_ONLY",
    }

    /// What becomes of `%2F` and `%5C` in paths.
    pub enum PathWithEscapedSlashesAction {
        /// They are kept.
        #[default]
        ImplementationSpecificDefault = 0 "IMPLEMENTATION_SPECIFIC_DEFAULT",
        /// They are kept.
        KeepUnchanged = 1 "KEEP_UNCHANGED",
        /// The request is refused with 400.
        RejectRequest = 2 "REJECT_REQUEST",
        /// The client is sent to the path with slashes.
        UnescapeAndRedirect = 3 "UNESCAPE_AND_REDIRECT",
        /// They become slashes.
        UnescapeAndForward = 4 "UNESCAPE_AND_FORWARD",
    }

    /// What becomes of headers with `_` in their names.
    pub enum HeadersWithUnderscoresAction {
        /// They are kept.
        #[default]
        Allow = 0 "ALLOW",
        /// The request is refused.
        RejectRequest = 1 "REJECT_REQUEST",
        /// They are dropped.
        DropHeader = 2 "DROP_HEADER",
    }
}
