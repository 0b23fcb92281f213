//! Transports to upstreams, and clusters that are extensions.

use serde_json::Value;

use crate::cluster::{DnsLookupFamily, TransportSocket};
use crate::listener::Address;
use crate::message::{message, proto_enum};
use crate::scalar::Duration;
use crate::tls::CommonTlsContext;
use crate::typed::TypedExtensionConfig;

message! {
    /// TLS of connections that are made.
    pub struct UpstreamTlsContext {
        /// What both sides have.
        pub common_tls_context: Option<CommonTlsContext>,
        /// The name that is asked for.
        pub sni: String,
    }

    /// The PROXY protocol around another transport.
    pub struct ProxyProtocolUpstreamTransport {
        /// Which.
        pub config: Option<ProxyProtocolConfig>,
        /// The other one.
        pub transport_socket: Option<TransportSocket>,
    }

    /// `envoy.config.core.v3.ProxyProtocolConfig`.
    pub struct ProxyProtocolConfig {
        /// Its version.
        pub version: ProxyProtocolVersion,
    }

    /// `envoy.extensions.network.dns_resolver.cares.v3.CaresDnsResolverConfig`.
    pub struct CaresDnsResolverConfig {
        /// Servers of names (the machine's).
        pub resolvers: Vec<Address>,
        /// Queries by one socket.
        pub udp_max_queries: Option<u32>,
    }

    /// `envoy.extensions.clusters.dynamic_forward_proxy.v3.ClusterConfig`.
    pub struct DynamicForwardProxyCluster {
        /// Names that were looked up.
        pub dns_cache_config: Option<DnsCacheConfig>,
        /// Goes without `auto_sni` and `auto_san_validation`.
        pub allow_insecure_cluster_options: bool,
    }

    /// `envoy.extensions.common.dynamic_forward_proxy.v3.DnsCacheConfig`.
    pub struct DnsCacheConfig {
        /// Its name, which filter and cluster share.
        pub name: String,
        /// Which addresses of a name are used.
        pub dns_lookup_family: DnsLookupFamily,
        /// How often names are looked up again.
        pub dns_refresh_rate: Option<Duration>,
        /// How many names are kept (1,024).
        pub max_hosts: Option<u32>,
        /// What looks them up.
        pub typed_dns_resolver_config: Option<TypedExtensionConfig>,
    }

    /// `udpa.type.v1.TypedStruct`: a message as JSON.
    pub struct TypedStruct {
        /// Its type.
        pub type_url: String,
        /// Its fields.
        pub value: Option<Value>,
    }
}

proto_enum! {
    /// A version of the PROXY protocol.
    pub enum ProxyProtocolVersion {
        /// Text.
        #[default]
        V1 = 0 "V1",
        /// Binary.
        V2 = 1 "V2",
    }
}
