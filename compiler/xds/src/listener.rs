//! Listeners, as stock Envoy takes them.
//!
//! Istio's own filters (`istio.stats`, `istio.alpn`, metadata exchange) are for Istio's build of Envoy and are not
//! written here; the settings of the connection manager are those that Istio gives.

use meshc_effective::model::{Binding, Chain, ChainAction, Direction, Listener, ProxyKind};
use meshc_envoy as envoy;

use crate::{cluster, filters, route, security};

/// The cluster that has no endpoint.
const BLACK_HOLE: &str = "BlackHoleCluster";

/// Envoy's `Listener`.
pub(crate) fn listener(listener: &Listener, kind: ProxyKind) -> envoy::Listener {
    let captures = listener.binding == Binding::CapturePoint;
    let hands_over = captures && listener.direction == Direction::Outbound;
    let looks_up = captures && listener.direction == Direction::Inbound;
    envoy::Listener {
        name: listener.name.clone(),
        address: Some(envoy::Address::socket(listener.address.clone(), listener.port)),
        filter_chains: listener.chains.iter().map(|c| chain(c, listener, kind)).collect(),
        use_original_dst: hands_over.then_some(true),
        listener_filters: if looks_up { vec![original_dst()] } else { Vec::new() },
        bind_to_port: (listener.binding == Binding::Captured).then_some(false),
        traffic_direction: match listener.direction {
            Direction::Inbound => envoy::TrafficDirection::Inbound,
            Direction::Outbound => envoy::TrafficDirection::Outbound,
        },
        ..envoy::Listener::default()
    }
}

fn original_dst() -> envoy::ListenerFilter {
    envoy::ListenerFilter {
        name: "envoy.filters.listener.original_dst".to_owned(),
        typed_config: Some(envoy::OriginalDst::default().into()),
        ..envoy::ListenerFilter::default()
    }
}

fn chain(chain: &Chain, listener: &Listener, kind: ProxyKind) -> envoy::FilterChain {
    // Of HTTP the connection manager checks; what leads nowhere needs no check.
    let checks = match &chain.action {
        ChainAction::Tcp { cluster } if cluster != BLACK_HOLE => {
            listener.security.as_deref().map(security::network_filters).unwrap_or_default()
        }
        _ => Vec::new(),
    };
    let filter = match &chain.action {
        ChainAction::HttpTable { table } => {
            let mut manager = manager(chain, listener, kind);
            manager.rds =
                Some(envoy::Rds { config_source: Some(cluster::ads()), route_config_name: table.clone() });
            network("envoy.filters.network.http_connection_manager", manager.into())
        }
        ChainAction::HttpInline { table } => {
            let mut manager = manager(chain, listener, kind);
            manager.route_config = Some(route::table(table));
            network("envoy.filters.network.http_connection_manager", manager.into())
        }
        ChainAction::Tcp { cluster } => network(
            "envoy.filters.network.tcp_proxy",
            envoy::TcpProxy {
                stat_prefix: cluster.clone(),
                cluster: Some(cluster.clone()),
                ..envoy::TcpProxy::default()
            }
            .into(),
        ),
    };
    envoy::FilterChain {
        name: chain.name.clone().unwrap_or_default(),
        filter_chain_match: chain.destination_port.map(|port| envoy::FilterChainMatch {
            destination_port: Some(u32::from(port)),
            ..envoy::FilterChainMatch::default()
        }),
        filters: checks.into_iter().chain([filter]).collect(),
        ..envoy::FilterChain::default()
    }
}

fn network(name: &str, typed_config: envoy::TypedConfig) -> envoy::Filter {
    envoy::Filter { name: name.to_owned(), typed_config: Some(typed_config) }
}

/// The connection manager with what Istio sets for all of a kind.
fn manager(chain: &Chain, listener: &Listener, kind: ProxyKind) -> envoy::HttpConnectionManager {
    let inbound = listener.direction == Direction::Inbound;
    let edge = kind == ProxyKind::Gateway;
    let port = chain.destination_port.unwrap_or(listener.port);
    let direction = if inbound { "inbound" } else { "outbound" };
    envoy::HttpConnectionManager {
        stat_prefix: format!("{direction}_0.0.0.0_{port}"),
        http_filters: filters::chain(listener.security.as_deref()),
        // A sidecar's outbound side keeps Envoy's own name.
        server_name: if inbound || edge { "istio-envoy".to_owned() } else { String::new() },
        stream_idle_timeout: Some(envoy::Duration::from_secs(0)),
        use_remote_address: Some(edge),
        proxy_100_continue: true,
        upgrade_configs: vec![envoy::UpgradeConfig {
            upgrade_type: "websocket".to_owned(),
            ..envoy::UpgradeConfig::default()
        }],
        normalize_path: Some(true),
        path_with_escaped_slashes_action: envoy::PathWithEscapedSlashesAction::KeepUnchanged,
        ..envoy::HttpConnectionManager::default()
    }
}
