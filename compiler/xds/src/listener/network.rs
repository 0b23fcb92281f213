//! Chains that pass bytes on.

use meshc_effective::model::{ExtensionPhase, TcpForward};
use meshc_envoy as envoy;
use serde_json::json;

use super::telemetry;
use super::{Class, Place, istio, network_filter, security};

/// The network filters in Istio's order.
pub(super) fn filters(forward: &TcpForward, place: Place<'_>) -> Vec<envoy::Filter> {
    let mut filters = Vec::new();
    if forward.exchanges_metadata && place.is_istio() {
        filters.push(istio::exchange_of_bytes());
    }
    // Policies are the workload's own: what leaves a sidecar has none.
    let has_policy = !forward.is_guard && !forward.is_unchecked && place.class != Class::SidecarOutbound;
    if has_policy {
        filters.extend(security::custom_tcp(place));
    }
    if !forward.is_guard {
        filters.extend(telemetry::tcp_extensions(place, forward.port, ExtensionPhase::Authentication));
        filters.extend(telemetry::tcp_extensions(place, forward.port, ExtensionPhase::Authorization));
    }
    if has_policy {
        filters.extend(security::authorization_tcp(place));
    }
    if !forward.is_guard {
        filters.extend(telemetry::tcp_extensions(place, forward.port, ExtensionPhase::Statistics));
        filters.extend(telemetry::tcp_extensions(place, forward.port, ExtensionPhase::Unspecified));
    }
    filters.extend(telemetry::tcp_statistics(place));
    if let Some((host, port)) = &forward.looks_up {
        filters.push(istio::sni_forward_proxy(host, *port, place.proxy));
    }
    if forward.mongo {
        filters.push(istio::mongo(&forward.stat_prefix));
    }
    filters.push(network_filter("envoy.filters.network.tcp_proxy", tcp_proxy(forward, place).into()));
    filters
}

fn tcp_proxy(forward: &TcpForward, place: Place<'_>) -> envoy::TcpProxy {
    let weighted = || envoy::TcpWeightedCluster {
        clusters: forward
            .destinations
            .iter()
            .map(|(name, weight)| envoy::TcpClusterWeight {
                name: name.clone(),
                weight: *weight,
                ..envoy::TcpClusterWeight::default()
            })
            .collect(),
    };
    envoy::TcpProxy {
        stat_prefix: forward.stat_prefix.clone(),
        cluster: (!forward.weighted).then(|| forward.cluster().to_owned()),
        weighted_clusters: forward.weighted.then(weighted),
        idle_timeout: forward
            .idle_timeout
            .or(place.proxy.settings.idle_timeout.filter(|_| !forward.is_guard))
            .map(Into::into),
        max_downstream_connection_duration: forward.max_duration.map(Into::into),
        hash_policy: if forward.by_source_address { vec![json!({"source_ip": {}})] } else { Vec::new() },
        tunneling_config: forward.tunnel.as_ref().map(|tunnel| envoy::TunnelingConfig {
            hostname: tunnel.target.clone(),
            use_post: tunnel.by_post,
        }),
        access_log: if forward.is_guard { Vec::new() } else { telemetry::tcp_log(place) },
        ..envoy::TcpProxy::default()
    }
}
