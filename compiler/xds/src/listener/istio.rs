//! Filters that Istio's build of Envoy has, and those that Istio adds to every chain.

use meshc_envoy::TypedConfig;
use serde_json::{Value, json};

use meshc_effective::model::{DnsFamily, Lookup, Proxy};
use meshc_envoy as envoy;

use super::{Class, network_filter};
use crate::cluster;

/// A message that Envoy takes without a type of its own for it.
fn typed_struct(type_url: &str, value: Value) -> TypedConfig {
    TypedConfig::Other(json!({
        "@type": "type.googleapis.com/udpa.type.v1.TypedStruct",
        "type_url": format!("type.googleapis.com/{type_url}"),
        "value": value,
    }))
}

/// A filter by its name.
pub(super) fn http_filter(name: &str, typed_config: TypedConfig) -> envoy::HttpFilter {
    envoy::HttpFilter {
        name: name.to_owned(),
        typed_config: Some(typed_config),
        ..envoy::HttpFilter::default()
    }
}

/// The peers of a connection tell each other who they are.
pub(super) fn exchange_of_bytes() -> envoy::Filter {
    network_filter(
        "istio.metadata_exchange",
        typed_struct(
            "envoy.tcp.metadataexchange.config.MetadataExchange",
            json!({"enable_discovery": true, "protocol": "istio-peer-exchange"}),
        ),
    )
}

/// The peers of a request tell each other who they are, in headers; a caller those in the mesh, or everyone.
pub(super) fn exchange_of_requests(class: Class, everywhere: bool) -> envoy::HttpFilter {
    let discovery = json!([{"istio_headers": {}}, {"workload_discovery": {}}]);
    let propagation = if everywhere || class == Class::SidecarInbound {
        json!([{"istio_headers": {}}])
    } else {
        json!([{"istio_headers": {"skip_external_clusters": true}}])
    };
    let value = if class == Class::SidecarInbound {
        json!({"downstream_discovery": discovery, "downstream_propagation": propagation})
    } else {
        json!({"upstream_discovery": discovery, "upstream_propagation": propagation})
    };
    http_filter("istio.metadata_exchange", typed_struct("io.istio.http.peer_metadata.Config", value))
}

/// gRPC's own statistics, which Istio's read.
pub(super) fn grpc_stats() -> envoy::HttpFilter {
    http_filter(
        "envoy.filters.http.grpc_stats",
        TypedConfig::Other(json!({
            "@type": "type.googleapis.com/envoy.extensions.filters.http.grpc_stats.v3.FilterConfig",
            "emit_filter_state": true,
            "stats_for_all_methods": false,
        })),
    )
}

/// gRPC-Web of browsers to gRPC.
pub(super) fn grpc_web() -> envoy::HttpFilter {
    http_filter(
        "envoy.filters.http.grpc_web",
        TypedConfig::Other(json!({
            "@type": "type.googleapis.com/envoy.extensions.filters.http.grpc_web.v3.GrpcWeb",
        })),
    )
}

/// The ALPN of mutual TLS says which HTTP is inside.
pub(super) fn alpn() -> envoy::HttpFilter {
    http_filter(
        "istio.alpn",
        TypedConfig::Other(json!({
            "@type": "type.googleapis.com/istio.envoy.config.filter.http.alpn.v2alpha1.FilterConfig",
            "alpn_override": [
                {"alpn_override": ["istio-http/1.0", "istio", "http/1.0"]},
                {"upstream_protocol": "HTTP11", "alpn_override": ["istio-http/1.1", "istio", "http/1.1"]},
                {"upstream_protocol": "HTTP2", "alpn_override": ["istio-h2", "istio", "h2"]},
            ],
        })),
    )
}

/// Names that are looked up when requests come.
pub(super) fn forward_proxy(host: &str, proxy: &Proxy) -> envoy::HttpFilter {
    http_filter(
        "envoy.filters.http.dynamic_forward_proxy",
        TypedConfig::Other(json!({
            "@type": "type.googleapis.com/envoy.extensions.filters.http.dynamic_forward_proxy.v3.FilterConfig",
            "dns_cache_config": dns_cache(host, proxy),
        })),
    )
}

/// All names that no service claims, looked up when requests come.
pub(super) fn forward_any(how: Lookup, proxy: &Proxy) -> envoy::HttpFilter {
    let family = if proxy.ip.contains(':') { DnsFamily::V6Only } else { DnsFamily::V4Only };
    http_filter(
        "envoy.filters.http.dynamic_forward_proxy",
        TypedConfig::Other(json!({
            "@type": "type.googleapis.com/envoy.extensions.filters.http.dynamic_forward_proxy.v3.FilterConfig",
            "dns_cache_config": cluster::any_cache(how, family),
        })),
    )
}

/// Names that are looked up by the SNI.
pub(super) fn sni_forward_proxy(host: &str, port: u16, proxy: &Proxy) -> envoy::Filter {
    network_filter(
        "envoy.filters.network.sni_dynamic_forward_proxy",
        TypedConfig::Other(json!({
            "@type": "type.googleapis.com/envoy.extensions.filters.network.sni_dynamic_forward_proxy.v3.FilterConfig",
            "dns_cache_config": dns_cache(host, proxy),
            "port_value": port,
        })),
    )
}

/// The cache of looked up names, which the cluster of the host shares.
fn dns_cache(host: &str, proxy: &Proxy) -> Value {
    let mut cache = json!({"name": cluster::dns_cache(host)});
    // The first of Envoy's families stands for IPv4 and IPv6 alike; Istio says one.
    cache["dns_lookup_family"] = json!(if proxy.ip.contains(':') { "V6_ONLY" } else { "V4_ONLY" });
    cache
}

/// MongoDB's statistics.
pub(super) fn mongo(stat_prefix: &str) -> envoy::Filter {
    network_filter(
        "envoy.filters.network.mongo_proxy",
        TypedConfig::Other(json!({
            "@type": "type.googleapis.com/envoy.extensions.filters.network.mongo_proxy.v3.MongoProxy",
            "stat_prefix": stat_prefix,
        })),
    )
}
