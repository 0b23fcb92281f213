//! Where telemetry stands: access logs, statistics, and extensions (WasmPlugin, TrafficExtension) by phase.

use meshc_effective::model::{
    AccessLog, Binding, Extension, ExtensionCode, ExtensionPhase, GrpcLog, Listener, LogBody, LogFormat,
    LogTarget, Metric, Reports, Statistics,
};
use meshc_envoy as envoy;
use meshc_envoy::TypedConfig;
use serde_json::{Map, Value, json};

use super::{Class, Place, istio, network_filter};

/// Operators of formats that an extension of Envoy knows.
const WITHOUT_QUERY: &str = "%REQ_WITHOUT_QUERY";

/// The cluster of the log service that Istio's agent starts its proxy with.
const OWN_SERVICE: &str = "envoy_accesslog_service";
/// Filter states by which Istio's peers know each other, with the names that older proxies have.
const STATES: [&str; 6] = [
    "upstream_peer",
    "downstream_peer",
    "wasm.upstream_peer",
    "wasm.upstream_peer_id",
    "wasm.downstream_peer",
    "wasm.downstream_peer_id",
];

/// What is told about the side that a place is on.
pub(super) fn reports(place: Place<'_>) -> &Reports {
    let telemetry = &place.proxy.telemetry;
    if place.class == Class::SidecarInbound { &telemetry.server } else { &telemetry.client }
}

/// The log of connections that a listener turns away. What a sidecar's outbound listeners get was handed to them, and
/// none of it is turned away: only where everything arrives is looked at.
pub(super) fn listener_log(listener: &Listener, place: Place<'_>) -> Vec<envoy::AccessLog> {
    let reports = reports(place);
    let handed = place.class == Class::SidecarOutbound && listener.binding != Binding::CapturePoint;
    if !reports.logs_unmatched || handed {
        return Vec::new();
    }
    // NR: no chain takes the connection.
    let unmatched = json!({"response_flag_filter": {"flags": ["NR"]}});
    logs(place).map(|log| access_log(log, What::Unmatched, Some(&unmatched))).collect()
}

/// The log of requests.
pub(super) fn http_log(place: Place<'_>) -> Vec<envoy::AccessLog> {
    logs(place).map(|log| access_log(log, What::Requests, None)).collect()
}

/// The log of connections.
pub(super) fn tcp_log(place: Place<'_>) -> Vec<envoy::AccessLog> {
    logs(place).map(|log| access_log(log, What::Connections, None)).collect()
}

/// What is logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    Requests,
    Connections,
    /// Connections that no chain takes.
    Unmatched,
}

/// The logs of a place. The service that Istio's agent starts its proxy with is not there for another Envoy.
fn logs(place: Place<'_>) -> impl Iterator<Item = &AccessLog> {
    reports(place).logs.iter().filter(move |log| place.is_istio() || log.to != LogTarget::OwnService)
}

fn access_log(log: &AccessLog, what: What, also: Option<&Value>) -> envoy::AccessLog {
    let only = log.only.as_ref().map(|expression| {
        json!({"extension_filter": {
            "name": "envoy.access_loggers.extension_filters.cel",
            "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.access_loggers.filters.cel.v3.ExpressionFilter",
                "expression": expression,
            },
        }})
    });
    let filter = match (also.cloned(), only) {
        (Some(also), Some(only)) => Some(json!({"and_filter": {"filters": [also, only]}})),
        (also, only) => also.or(only),
    };
    let (name, typed_config) = target(&log.to, what);
    envoy::AccessLog { name: name.to_owned(), filter, typed_config: Some(typed_config) }
}

fn target(to: &LogTarget, what: What) -> (&'static str, TypedConfig) {
    match to {
        LogTarget::OwnService => own_service(what),
        LogTarget::File { path, format } => {
            let log = envoy::FileAccessLog {
                path: path.clone(),
                log_format: Some(log_format(format)),
                ..envoy::FileAccessLog::default()
            };
            ("envoy.access_loggers.file", log.into())
        }
        LogTarget::HttpGrpc { service, request_headers, response_headers, response_trailers } => (
            "envoy.access_loggers.http_grpc",
            TypedConfig::Other(json!({
                "@type": "type.googleapis.com/envoy.extensions.access_loggers.grpc.v3.HttpGrpcAccessLogConfig",
                "common_config": common(service),
                "additional_request_headers_to_log": request_headers,
                "additional_response_headers_to_log": response_headers,
                "additional_response_trailers_to_log": response_trailers,
            })),
        ),
        LogTarget::TcpGrpc(service) => (
            "envoy.tcp_grpc_access_log",
            TypedConfig::Other(json!({
                "@type": "type.googleapis.com/envoy.extensions.access_loggers.grpc.v3.TcpGrpcAccessLogConfig",
                "common_config": common(service),
            })),
        ),
        LogTarget::OpenTelemetry { service, body, attributes } => {
            let pair =
                |(key, value): (&String, &String)| json!({"key": key, "value": {"string_value": value}});
            let mut config = json!({
                "@type": "type.googleapis.com/envoy.extensions.access_loggers.open_telemetry.v3.OpenTelemetryAccessLogConfig",
                "common_config": common(service),
                "disable_builtin_labels": true,
                "body": {"string_value": body},
            });
            if !attributes.is_empty() {
                config["attributes"] = json!({"values": attributes.iter().map(pair).collect::<Vec<_>>()});
            }
            let texts = attributes.values().chain([body]);
            if texts.into_iter().any(|text| text.contains(WITHOUT_QUERY)) {
                config["formatters"] = json!([without_query()]);
            }
            ("envoy.access_loggers.open_telemetry", TypedConfig::Other(config))
        }
    }
}

/// The service that proxies are started with takes requests and connections by two protocols.
fn own_service(what: What) -> (&'static str, TypedConfig) {
    let (log, name, message) = match what {
        What::Requests => ("envoy.access_loggers.http_grpc", "http_envoy_accesslog", "Http"),
        What::Connections => ("envoy.tcp_grpc_access_log", "tcp_envoy_accesslog", "Tcp"),
        What::Unmatched => ("envoy.tcp_grpc_access_log", "listener_envoy_accesslog", "Tcp"),
    };
    let config = json!({
        "@type": format!("type.googleapis.com/envoy.extensions.access_loggers.grpc.v3.{message}GrpcAccessLogConfig"),
        "common_config": {
            "log_name": name,
            "grpc_service": {"envoy_grpc": {"cluster_name": OWN_SERVICE}},
            "transport_api_version": "V3",
            "filter_state_objects_to_log": STATES,
        },
    });
    (log, TypedConfig::Other(config))
}

fn common(service: &GrpcLog) -> Value {
    json!({
        "log_name": service.name,
        "grpc_service": {
            "envoy_grpc": {"cluster_name": service.cluster, "authority": service.authority},
        },
        "transport_api_version": "V3",
        "filter_state_objects_to_log": service.states,
    })
}

fn log_format(format: &LogFormat) -> envoy::SubstitutionFormatString {
    let mut made = envoy::SubstitutionFormatString {
        omit_empty_values: format.omit_empty,
        ..envoy::SubstitutionFormatString::default()
    };
    let asks = match &format.body {
        LogBody::Text(line) => {
            made.text_format_source =
                Some(envoy::DataSource { inline_string: Some(line.clone()), ..envoy::DataSource::default() });
            line.contains(WITHOUT_QUERY)
        }
        LogBody::Json(object) => {
            made.json_format = object
                .as_object()
                .map(|object| object.iter().map(|(key, value)| (key.clone(), value.clone())).collect());
            made.json_format_options = Some(envoy::JsonFormatOptions::default());
            let texts = object.as_object().into_iter().flat_map(Map::values).filter_map(Value::as_str);
            texts.into_iter().any(|text| text.contains(WITHOUT_QUERY))
        }
    };
    if asks {
        let formatter = without_query();
        let entries = formatter.as_object().into_iter().flatten();
        made.formatters = vec![entries.map(|(key, value)| (key.clone(), value.clone())).collect()];
    }
    made
}

fn without_query() -> Value {
    json!({
        "name": "envoy.formatter.req_without_query",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.formatter.req_without_query.v3.ReqWithoutQuery",
        },
    })
}

/// HTTP filters for statistics, which only Istio's build has.
pub(super) fn http_statistics(place: Place<'_>) -> Vec<envoy::HttpFilter> {
    let filter = |statistics| istio::http_filter("istio.stats", plugin(statistics, place.class));
    statistics(place).iter().map(filter).collect()
}

/// Network filters for statistics, which only Istio's build has.
pub(super) fn tcp_statistics(place: Place<'_>) -> Vec<envoy::Filter> {
    let filter = |statistics| network_filter("istio.stats", plugin(statistics, place.class));
    statistics(place).iter().map(filter).collect()
}

fn statistics(place: Place<'_>) -> &[Statistics] {
    if place.is_istio() { &reports(place).statistics } else { &[] }
}

fn plugin(statistics: &Statistics, class: Class) -> TypedConfig {
    let mut config = json!({"@type": "type.googleapis.com/stats.PluginConfig"});
    if class != Class::SidecarOutbound {
        config["disable_host_header_fallback"] = json!(true);
    }
    if let Some(interval) = statistics.interval {
        config["tcp_reporting_duration"] = json!(envoy::Duration::from(interval));
    }
    if !statistics.metrics.is_empty() {
        config["metrics"] = statistics.metrics.iter().map(metric).collect();
    }
    TypedConfig::Other(config)
}

fn metric(metric: &Metric) -> Value {
    let mut made = json!({"name": metric.name});
    if !metric.tags.is_empty() {
        made["dimensions"] = json!(metric.tags);
    }
    if !metric.removed_tags.is_empty() {
        made["tags_to_remove"] = json!(metric.removed_tags);
    }
    if metric.drop {
        made["drop"] = json!(true);
    }
    made
}

/// HTTP filters of the extensions of a phase, for a port. Without Istio's agent nobody fetches a module: it is left
/// out (`MC1371` names it).
pub(super) fn http_extensions(place: Place<'_>, port: u16, phase: ExtensionPhase) -> Vec<envoy::HttpFilter> {
    let filter = |extension: &Extension| match &extension.code {
        ExtensionCode::Lua(script) => Some(istio::http_filter(
            &extension.name,
            TypedConfig::Other(json!({
                "@type": "type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua",
                "default_source_code": {"inline_string": script},
            })),
        )),
        ExtensionCode::Wasm(_) => place.is_istio().then(|| envoy::HttpFilter {
            name: extension.name.clone(),
            config_discovery: Some(discovery(&[
                "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm",
                "type.googleapis.com/envoy.extensions.filters.http.rbac.v3.RBAC",
            ])),
            ..envoy::HttpFilter::default()
        }),
    };
    extensions(place, port, phase).filter(|extension| !extension.of_connections).filter_map(filter).collect()
}

/// Network filters of the extensions of a phase, for a port.
pub(super) fn tcp_extensions(place: Place<'_>, port: u16, phase: ExtensionPhase) -> Vec<envoy::Filter> {
    let filter = |extension: &Extension| envoy::Filter {
        name: extension.name.clone(),
        config_discovery: Some(discovery(&[
            "type.googleapis.com/envoy.extensions.filters.network.wasm.v3.Wasm",
            "type.googleapis.com/envoy.extensions.filters.network.rbac.v3.RBAC",
        ])),
        ..envoy::Filter::default()
    };
    let of_connections = |extension: &&Extension| place.is_istio() && extension.of_connections;
    extensions(place, port, phase).filter(of_connections).map(filter).collect()
}

fn extensions(place: Place<'_>, port: u16, phase: ExtensionPhase) -> impl Iterator<Item = &Extension> {
    let inbound = place.class == Class::SidecarInbound;
    let all = place.proxy.extensions.iter();
    all.filter(move |extension| extension.phase == phase && extension.is_for(inbound, port))
}

/// Istio's control plane sends the module's configuration on its own.
fn discovery(types: &[&str]) -> Value {
    json!({
        "config_source": {"ads": {}, "initial_fetch_timeout": "0s", "resource_api_version": "V3"},
        "type_urls": types,
    })
}
