//! Chains that speak HTTP: the connection manager with what Istio sets, and its filters in Istio's order.

use meshc_effective::model::{
    EscapedSlashes, ExtensionPhase, ForwardedCertificate, HttpChain, ProxySettings, RouteTable, ServerHeader,
    Underscores,
};
use meshc_envoy as envoy;

use super::telemetry;
use super::{Class, Place, istio, network_filter, security, tracing};
use crate::{cluster, filters as of_routes, http_options, route};

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
    let settings = &*place.proxy.settings;
    let (headers, limits) = (&settings.headers, &settings.connections);
    // A sidecar's outbound side keeps Envoy's own name.
    let own_name = if inbound || edge { "istio-envoy" } else { "" };
    let certificates = certificates(place);
    envoy::HttpConnectionManager {
        stat_prefix: http.stat_prefix.clone(),
        rds,
        route_config,
        http_filters: http_filters(http, place),
        tracing: tracing::tracing(place),
        common_http_protocol_options: common(settings, place),
        http_protocol_options: http1(http, settings, edge),
        http2_protocol_options: http2(inbound && http.http2, settings),
        server_name: match &headers.server {
            ServerHeader::Istio => own_name.to_owned(),
            ServerHeader::Named(name) => name.clone(),
            ServerHeader::Untouched => String::new(),
        },
        server_header_transformation: if headers.server == ServerHeader::Untouched {
            envoy::ServerHeaderTransformation::PassThrough
        } else {
            envoy::ServerHeaderTransformation::Overwrite
        },
        generate_request_id: (!headers.request_ids).then_some(false),
        append_x_forwarded_port: headers.forwarded_port,
        stream_idle_timeout: Some(limits.stream_idle.unwrap_or_default().into()),
        request_timeout: limits.request.map(Into::into),
        request_headers_timeout: limits.request_headers.map(Into::into),
        drain_timeout: limits.drain.map(Into::into),
        access_log: telemetry::http_log(place),
        use_remote_address: Some(edge),
        internal_address_config: (edge && !settings.internal_ranges.is_empty())
            .then(|| internal(&settings.internal_ranges)),
        xff_num_trusted_hops: if edge { settings.trusted_proxies } else { 0 },
        forward_client_cert_details: certificates,
        set_current_client_cert_details: certificate_details(certificates, place),
        proxy_100_continue: true,
        upgrade_configs: vec![envoy::UpgradeConfig {
            upgrade_type: "websocket".to_owned(),
            ..envoy::UpgradeConfig::default()
        }],
        normalize_path: Some(paths.resolves),
        merge_slashes: paths.merges_slashes,
        path_with_escaped_slashes_action: match paths.escaped_slashes {
            EscapedSlashes::Keep => envoy::PathWithEscapedSlashesAction::KeepUnchanged,
            EscapedSlashes::Refuse => envoy::PathWithEscapedSlashesAction::RejectRequest,
            EscapedSlashes::Redirect => envoy::PathWithEscapedSlashesAction::UnescapeAndRedirect,
            EscapedSlashes::Decode => envoy::PathWithEscapedSlashesAction::UnescapeAndForward,
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

/// The addresses of the mesh's networks.
fn internal(ranges: &[String]) -> envoy::InternalAddressConfig {
    let range = |text: &String| {
        let (address, bits) = text.split_once('/')?;
        Some(envoy::CidrRange { address_prefix: address.to_owned(), prefix_len: bits.parse().ok() })
    };
    envoy::InternalAddressConfig {
        cidr_ranges: ranges.iter().filter_map(range).collect(),
        ..Default::default()
    }
}

/// Limits of connections in any HTTP.
fn common(settings: &ProxySettings, place: Place<'_>) -> Option<envoy::CommonHttpProtocolOptions> {
    let limits = &settings.connections;
    let made = envoy::CommonHttpProtocolOptions {
        idle_timeout: limits.idle.or(settings.idle_timeout).map(Into::into),
        max_connection_duration: limits.connection.map(Into::into),
        max_stream_duration: limits.stream.map(Into::into),
        headers_with_underscores_action: match place.proxy.reading.underscores {
            Underscores::Pass => envoy::HeadersWithUnderscoresAction::Allow,
            Underscores::Refuse => envoy::HeadersWithUnderscoresAction::RejectRequest,
            Underscores::Drop => envoy::HeadersWithUnderscoresAction::DropHeader,
        },
        ..envoy::CommonHttpProtocolOptions::default()
    };
    (made != envoy::CommonHttpProtocolOptions::default()).then_some(made)
}

fn http1(http: &HttpChain, settings: &ProxySettings, edge: bool) -> Option<envoy::Http1ProtocolOptions> {
    let keeps_case = settings.headers.keeps_case;
    (edge || http.absolute_urls || settings.http10 || keeps_case).then(|| envoy::Http1ProtocolOptions {
        allow_absolute_url: http.absolute_urls.then_some(true),
        accept_http_10: settings.http10,
        header_key_format: keeps_case.then(http_options::as_written),
        ..envoy::Http1ProtocolOptions::default()
    })
}

/// `spoken`: the port says that it speaks HTTP/2.
fn http2(spoken: bool, settings: &ProxySettings) -> Option<envoy::Http2ProtocolOptions> {
    let limits = &settings.connections;
    let made = envoy::Http2ProtocolOptions {
        max_concurrent_streams: limits.concurrent_streams,
        initial_stream_window_size: limits.stream_window,
        initial_connection_window_size: limits.connection_window,
        ..envoy::Http2ProtocolOptions::default()
    };
    (spoken || made != envoy::Http2ProtocolOptions::default()).then_some(made)
}

/// What becomes of `x-forwarded-client-cert`.
fn certificates(place: Place<'_>) -> envoy::ForwardClientCertDetails {
    let headers = &place.proxy.settings.headers;
    let written = match place.class {
        Class::SidecarInbound => headers.forwarded_certificate.unwrap_or(ForwardedCertificate::Append),
        Class::Gateway => headers.gateway_certificate.unwrap_or(ForwardedCertificate::Replace),
        Class::SidecarOutbound => ForwardedCertificate::Remove,
    };
    match written {
        ForwardedCertificate::Remove => envoy::ForwardClientCertDetails::Sanitize,
        ForwardedCertificate::Keep => envoy::ForwardClientCertDetails::ForwardOnly,
        ForwardedCertificate::Append => envoy::ForwardClientCertDetails::AppendForward,
        ForwardedCertificate::Replace => envoy::ForwardClientCertDetails::SanitizeSet,
        ForwardedCertificate::AlwaysKeep => envoy::ForwardClientCertDetails::AlwaysForwardOnly,
    }
}

/// What of the client's certificate stands in it; at gateways only where they write it.
fn certificate_details(
    forwarded: envoy::ForwardClientCertDetails,
    place: Place<'_>,
) -> Option<envoy::SetCurrentClientCertDetails> {
    use envoy::ForwardClientCertDetails::{AppendForward, SanitizeSet};
    match place.class {
        Class::SidecarInbound => {
            let told = place.proxy.settings.headers.certificate;
            Some(envoy::SetCurrentClientCertDetails {
                subject: Some(told.subject),
                cert: told.whole,
                chain: told.chain,
                dns: told.dns,
                uri: told.uri,
            })
        }
        Class::Gateway if matches!(forwarded, AppendForward | SanitizeSet) => {
            Some(envoy::SetCurrentClientCertDetails {
                subject: Some(true),
                cert: true,
                dns: true,
                uri: true,
                ..envoy::SetCurrentClientCertDetails::default()
            })
        }
        Class::Gateway | Class::SidecarOutbound => None,
    }
}

/// The HTTP filters in Istio's order.
fn http_filters(http: &HttpChain, place: Place<'_>) -> Vec<envoy::HttpFilter> {
    let extensions = |phase| telemetry::http_extensions(place, http.port, phase);
    let mut filters = Vec::new();
    if place.is_istio() {
        // On the port on which it is an HTTP proxy, a sidecar tells everyone.
        let everywhere = place.proxy.settings.headers.peers_everywhere || http.absolute_urls;
        filters.push(istio::exchange_of_requests(place.class, everywhere));
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
        filters.push(istio::forward_proxy(host, place.proxy));
    }
    if let Some(how) = http.looks_up_any {
        filters.push(istio::forward_any(how, place.proxy));
    }
    filters.push(of_routes::router(!place.proxy.settings.headers.debug));
    filters
}
