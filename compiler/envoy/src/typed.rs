//! `typed_config`: a message with its type beside it, as one enum of the types that are known here.

use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;

use crate::access_log::FileAccessLog;
use crate::cluster::{HttpProtocolOptions, RawBuffer};
use crate::ext_authz::{HttpExtAuthz, NetworkExtAuthz};
use crate::filters::{Cors, CorsPolicy, FilterConfig, HttpFault, Router, TcpProxy};
use crate::hcm::{HttpConnectionManager, UuidRequestIdConfig};
use crate::jwt_authn::JwtAuthentication;
use crate::listener::{HttpInspector, OriginalDst, TlsInspector};
use crate::message::message;
use crate::rbac::{HttpRbac, NetworkRbac, UriTemplateMatchConfig};
use crate::route_action::{PreviousHostsPredicate, PreviousPrioritiesConfig};
use crate::tls::DownstreamTlsContext;
use crate::upstream::{
    CaresDnsResolverConfig, DynamicForwardProxyCluster, ProxyProtocolUpstreamTransport, TypedStruct,
    UpstreamTlsContext,
};

macro_rules! typed_configs {
    ($($(#[$meta:meta])* $variant:ident($type:ty) = $url:literal,)*) => {
        /// A message with its type. Unknown types are kept whole, so that the compiler can carry them to an Envoy
        /// that knows them; who reads refuses them by name.
        #[derive(Debug, Clone, PartialEq, Deserialize)]
        #[serde(rename = "@type")]
        pub enum TypedConfig {
            $($(#[$meta])* #[serde(rename = $url)] $variant(Box<$type>),)*
            /// Anything else, as JSON with `@type` in it.
            #[serde(rename = "@other")]
            Other(Value),
        }

        impl TypedConfig {
            /// The type URL.
            pub fn type_url(&self) -> &str {
                match self {
                    $(Self::$variant(_) => $url,)*
                    Self::Other(value) => value.get("@type").and_then(Value::as_str).unwrap_or(""),
                }
            }
        }

        impl Serialize for TypedConfig {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                /// The same with the type inside the message, as it is written.
                #[derive(Serialize)]
                #[serde(tag = "@type")]
                enum Tagged<'a> {
                    $(#[serde(rename = $url)] $variant(&'a $type),)*
                }
                match self {
                    $(Self::$variant(message) => Tagged::$variant(message).serialize(serializer),)*
                    Self::Other(value) => value.serialize(serializer),
                }
            }
        }

        $(impl From<$type> for TypedConfig {
            fn from(message: $type) -> Self {
                Self::$variant(Box::new(message))
            }
        })*
    };
}

typed_configs! {
    /// The network filter that speaks HTTP.
    HttpConnectionManager(HttpConnectionManager) = "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
    /// The network filter that passes bytes to a cluster.
    TcpProxy(TcpProxy) = "type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy",
    /// The HTTP filter that routes; the last of each chain.
    Router(Router) = "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router",
    /// The HTTP filter that injects faults, and its configuration per route.
    HttpFault(HttpFault) = "type.googleapis.com/envoy.extensions.filters.http.fault.v3.HTTPFault",
    /// The HTTP filter that answers CORS.
    Cors(Cors) = "type.googleapis.com/envoy.extensions.filters.http.cors.v3.Cors",
    /// The CORS policy of a route or virtual host.
    CorsPolicy(CorsPolicy) = "type.googleapis.com/envoy.extensions.filters.http.cors.v3.CorsPolicy",
    /// A filter's configuration per route with the flags around it.
    FilterConfig(FilterConfig) = "type.googleapis.com/envoy.config.route.v3.FilterConfig",
    /// The HTTP filter that verifies tokens.
    JwtAuthentication(JwtAuthentication) = "type.googleapis.com/envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication",
    /// The HTTP filter that enforces rules.
    HttpRbac(HttpRbac) = "type.googleapis.com/envoy.extensions.filters.http.rbac.v3.RBAC",
    /// The network filter that enforces rules.
    NetworkRbac(NetworkRbac) = "type.googleapis.com/envoy.extensions.filters.network.rbac.v3.RBAC",
    /// The HTTP filter that asks a service.
    HttpExtAuthz(HttpExtAuthz) = "type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthz",
    /// The network filter that asks a service.
    NetworkExtAuthz(NetworkExtAuthz) = "type.googleapis.com/envoy.extensions.filters.network.ext_authz.v3.ExtAuthz",
    /// Matches paths by a template.
    UriTemplateMatchConfig(UriTemplateMatchConfig) = "type.googleapis.com/envoy.extensions.path.match.uri_template.v3.UriTemplateMatchConfig",
    /// The access log to a file.
    FileAccessLog(FileAccessLog) = "type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog",
    /// How `x-request-id` is made.
    UuidRequestIdConfig(UuidRequestIdConfig) = "type.googleapis.com/envoy.extensions.request_id.uuid.v3.UuidRequestIdConfig",
    /// How a cluster speaks HTTP.
    HttpProtocolOptions(HttpProtocolOptions) = "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
    /// No transport security.
    RawBuffer(RawBuffer) = "type.googleapis.com/envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer",
    /// TLS of connections that are accepted.
    DownstreamTlsContext(DownstreamTlsContext) = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext",
    /// TLS of connections that are made.
    UpstreamTlsContext(UpstreamTlsContext) = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext",
    /// The PROXY protocol around another transport.
    ProxyProtocolUpstreamTransport(ProxyProtocolUpstreamTransport) = "type.googleapis.com/envoy.extensions.transport_sockets.proxy_protocol.v3.ProxyProtocolUpstreamTransport",
    /// How names are resolved.
    CaresDnsResolverConfig(CaresDnsResolverConfig) = "type.googleapis.com/envoy.extensions.network.dns_resolver.cares.v3.CaresDnsResolverConfig",
    /// A cluster whose endpoints are the names that requests ask for.
    DynamicForwardProxyCluster(DynamicForwardProxyCluster) = "type.googleapis.com/envoy.extensions.clusters.dynamic_forward_proxy.v3.ClusterConfig",
    /// A message of a type that this Envoy does not know by itself.
    TypedStruct(TypedStruct) = "type.googleapis.com/udpa.type.v1.TypedStruct",
    /// Retries avoid hosts that were tried.
    PreviousHostsPredicate(PreviousHostsPredicate) = "type.googleapis.com/envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate",
    /// Retries avoid priorities that were tried.
    PreviousPrioritiesConfig(PreviousPrioritiesConfig) = "type.googleapis.com/envoy.extensions.retry.priority.previous_priorities.v3.PreviousPrioritiesConfig",
    /// Tells HTTP from other bytes.
    HttpInspector(HttpInspector) = "type.googleapis.com/envoy.extensions.filters.listener.http_inspector.v3.HttpInspector",
    /// Tells TLS from other bytes.
    TlsInspector(TlsInspector) = "type.googleapis.com/envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector",
    /// Restores the address that a redirected connection was made to.
    OriginalDst(OriginalDst) = "type.googleapis.com/envoy.extensions.filters.listener.original_dst.v3.OriginalDst",
}

message! {
    /// An extension: its name and its configuration.
    pub struct TypedExtensionConfig {
        /// The extension's name; Envoy chooses by the type of the configuration.
        pub name: String,
        /// The configuration.
        pub typed_config: Option<TypedConfig>,
    }
}
