//! Chains that speak HTTP: the connection manager with what Istio sets, and its filters in Istio's order.

use meshc_effective::model::{ExtensionPhase, HttpChain, PathNormalization, RouteTable};
use meshc_envoy as envoy;

use super::telemetry;
use super::{Class, Place, istio, network_filter, security, tracing};
use crate::{cluster, filters as of_routes, route};

/// Where routes come from.
pub(super) enum Routes<'a> {
    Named(&'a str),
    Inline(&'a RouteTable),
}

/// The network filters of a chain.
pub(super) fn filters(routes: Routes<'_>, http: &HttpChain, place: Place<'_>) -> Vec<envoy::Filter> {
    let mut filters = Vec::new();
    if place.class == Class::SidecarInbound && place.is_istio() {
        filters.push(istio::exchange_of_bytes());
    }
    for phase in [
        ExtensionPhase::Authentication,
        ExtensionPhase::Authorization,
        ExtensionPhase::Statistics,
        ExtensionPhase::Unspecified,
    ] {
        filters.extend(telemetry::tcp_extensions(place, http.port, phase));
    }
    let manager = manager(routes, http, place);
    filters.push(network_filter("envoy.filters.network.http_connection_manager", manager.into()));
    filters
}

fn manager(routes: Routes<'_>, http: &HttpChain, place: Place<'_>) -> envoy::HttpConnectionManager {
    let inbound = place.class == Class::SidecarInbound;
    let edge = place.class == Class::Gateway;
    let paths = place.proxy.reading.paths;
    let (rds, route_config) = match routes {
        Routes::Named(table) => {
            let rds = envoy::Rds { config_source: Some(cluster::ads()), route_config_name: table.to_owned() };
            (Some(rds), None)
        }
        Routes::Inline(table) => (None, Some(route::inline(table))),
    };
    let identifies_clients = inbound || edge;
    envoy::HttpConnectionManager {
        stat_prefix: http.stat_prefix.clone(),
        rds,
        route_config,
        http_filters: http_filters(http, place),
        tracing: tracing::tracing(place),
        http_protocol_options: (edge || http.absolute_urls).then(|| envoy::Http1ProtocolOptions {
            allow_absolute_url: http.absolute_urls.then_some(true),
            ..envoy::Http1ProtocolOptions::default()
        }),
        http2_protocol_options: (inbound && http.http2).then(envoy::Http2ProtocolOptions::default),
        // A sidecar's outbound side keeps Envoy's own name.
        server_name: if identifies_clients { "istio-envoy".to_owned() } else { String::new() },
        stream_idle_timeout: Some(envoy::Duration::from_secs(0)),
        access_log: telemetry::http_log(place),
        use_remote_address: Some(edge),
        forward_client_cert_details: match place.class {
            Class::SidecarInbound => envoy::ForwardClientCertDetails::AppendForward,
            Class::Gateway => envoy::ForwardClientCertDetails::SanitizeSet,
            Class::SidecarOutbound => envoy::ForwardClientCertDetails::Sanitize,
        },
        set_current_client_cert_details: identifies_clients.then(|| envoy::SetCurrentClientCertDetails {
            subject: Some(true),
            cert: edge,
            dns: true,
            uri: true,
            ..envoy::SetCurrentClientCertDetails::default()
        }),
        proxy_100_continue: true,
        upgrade_configs: vec![envoy::UpgradeConfig {
            upgrade_type: "websocket".to_owned(),
            ..envoy::UpgradeConfig::default()
        }],
        normalize_path: Some(paths != PathNormalization::None),
        merge_slashes: matches!(
            paths,
            PathNormalization::MergeSlashes | PathNormalization::DecodeAndMergeSlashes
        ),
        path_with_escaped_slashes_action: if paths == PathNormalization::DecodeAndMergeSlashes {
            envoy::PathWithEscapedSlashesAction::UnescapeAndForward
        } else {
            envoy::PathWithEscapedSlashesAction::KeepUnchanged
        },
        request_id_extension: place.is_istio().then(|| envoy::RequestIdExtension {
            typed_config: Some(
                envoy::UuidRequestIdConfig {
                    use_request_id_for_trace_sampling: Some(tracing::by_request_id(place)),
                    ..envoy::UuidRequestIdConfig::default()
                }
                .into(),
            ),
        }),
        ..envoy::HttpConnectionManager::default()
    }
}

/// The HTTP filters in Istio's order.
fn http_filters(http: &HttpChain, place: Place<'_>) -> Vec<envoy::HttpFilter> {
    let extensions = |phase| telemetry::http_extensions(place, http.port, phase);
    let mut filters = Vec::new();
    if place.is_istio() {
        filters.push(istio::exchange_of_requests(place.class));
    }
    // Policies are the workload's own: what leaves a sidecar has none.
    let has_policy = place.class != Class::SidecarOutbound;
    if has_policy {
        filters.extend(security::custom_http(place));
    }
    filters.extend(extensions(ExtensionPhase::Authentication));
    if has_policy {
        filters.extend(security::authentication_http(place));
    }
    filters.extend(extensions(ExtensionPhase::Authorization));
    if has_policy {
        filters.extend(security::authorization_http(place));
    }
    filters.extend(extensions(ExtensionPhase::Statistics));
    filters.extend(extensions(ExtensionPhase::Unspecified));
    if http.grpc_web {
        filters.push(istio::grpc_web());
    }
    if place.is_istio() {
        filters.push(istio::grpc_stats());
        if place.class != Class::SidecarInbound {
            filters.push(istio::alpn());
        }
    }
    filters.push(of_routes::fault());
    filters.push(of_routes::cors());
    filters.extend(telemetry::http_statistics(place));
    if let Some(host) = &http.looks_up {
        filters.push(istio::forward_proxy(host));
    }
    filters.push(of_routes::router());
    filters
}
