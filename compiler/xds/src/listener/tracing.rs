//! Traces: which requests, where to, with which tags.

use meshc_effective::model::{Proxy, ReportHeader, Sampler, Tag, Tracer, TracerKind, Tracing};
use meshc_envoy as envoy;
use serde_json::{Value, json};

use super::{Place, telemetry};

/// The label by which a workload names what it is a part of.
pub(super) const CANONICAL_NAME: &str = "service.istio.io/canonical-name";
/// The label by which it names its version of that.
pub(super) const CANONICAL_REVISION: &str = "service.istio.io/canonical-revision";

/// How long Zipkin's report may take where nothing is said and Envoy must be told.
const ZIPKIN_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(5);

/// `HttpConnectionManager.Tracing`. Without a tracer it is for filters and tracers that are started with Istio's own
/// build of the proxy.
pub(super) fn tracing(place: Place<'_>) -> Option<Value> {
    let tracing = telemetry::reports(place).tracing.as_ref()?;
    // Stock Envoy refuses a listener whose tracer is out of the proxy's sight.
    let in_sight = |tracer: &Tracer| place.proxy.clusters.get(&tracer.cluster).is_some();
    if !place.is_istio() && !tracing.tracer.as_ref().is_some_and(in_sight) {
        return None;
    }
    let mut made = json!({
        "client_sampling": {"value": 100},
        "random_sampling": {"value": number(tracing.sampling)},
        "overall_sampling": {"value": 100},
    });
    let tags = tags(tracing, place.proxy);
    if !tags.is_empty() {
        made["custom_tags"] = tags.into();
    }
    if let Some(tracer) = &tracing.tracer {
        made["provider"] = provider(tracer, place);
    }
    if let Some(length) = tracing.max_path_length {
        made["max_path_tag_length"] = json!(length);
    }
    if tracing.spawns_span {
        made["spawn_upstream_span"] = json!(true);
    }
    if tracing.keeps_context {
        made["no_context_propagation"] = json!(true);
    }
    Some(made)
}

/// Whether the choice of a request follows from its identifier.
pub(super) fn by_request_id(place: Place<'_>) -> bool {
    telemetry::reports(place).tracing.as_ref().and_then(|tracing| tracing.by_request_id).unwrap_or(true)
}

/// Whole percents as integers, as protojson writes them.
fn number(share: f64) -> Value {
    if share.fract() == 0.0 { json!(share as i64) } else { json!(share) }
}

fn provider(tracer: &Tracer, place: Place<'_>) -> Value {
    let (name, typed_config) = match &tracer.kind {
        TracerKind::Zipkin { path, long_ids, w3c, timeout, headers } => {
            let mut config = json!({
                "@type": "type.googleapis.com/envoy.config.trace.v3.ZipkinConfig",
                "collector_endpoint_version": "HTTP_JSON",
                "trace_id_128bit": long_ids,
                "shared_span_context": false,
            });
            if timeout.is_none() && headers.is_empty() {
                config["collector_cluster"] = json!(tracer.cluster);
                config["collector_endpoint"] = json!(path);
                config["collector_hostname"] = json!(tracer.host);
            } else {
                let uri = format!("http://{}{path}", tracer.host);
                let timeout = Some(timeout.unwrap_or(ZIPKIN_TIMEOUT));
                config["collector_service"] = http_service(&uri, &tracer.cluster, timeout, headers);
            }
            if *w3c {
                config["trace_context_option"] = json!("USE_B3_WITH_W3C_PROPAGATION");
            }
            ("zipkin", config)
        }
        TracerKind::Datadog => (
            "datadog",
            json!({
                "@type": "type.googleapis.com/envoy.config.trace.v3.DatadogConfig",
                "collector_cluster": tracer.cluster,
                "collector_hostname": tracer.host,
                "service_name": service_name(place),
            }),
        ),
        TracerKind::SkyWalking => (
            "skywalking",
            json!({
                "@type": "type.googleapis.com/envoy.config.trace.v3.SkyWalkingConfig",
                "grpc_service": grpc_service(tracer),
            }),
        ),
        TracerKind::OpenTelemetry { .. } => ("opentelemetry", open_telemetry(tracer, place)),
    };
    json!({"name": format!("envoy.tracers.{name}"), "typed_config": typed_config})
}

fn open_telemetry(tracer: &Tracer, place: Place<'_>) -> Value {
    let TracerKind::OpenTelemetry {
        http_path,
        timeout,
        headers,
        from_environment,
        from_dynatrace,
        by_conventions,
        sampler,
    } = &tracer.kind
    else {
        return Value::Null;
    };
    let mut config = json!({"@type": "type.googleapis.com/envoy.config.trace.v3.OpenTelemetryConfig"});
    let name = if *by_conventions { conventional_name(place.proxy) } else { service_name(place) };
    if !name.is_empty() {
        config["service_name"] = json!(name);
    }
    if let Some(path) = http_path {
        let uri = format!("{}/{}", tracer.host, path.trim_start_matches('/'));
        config["http_service"] = http_service(&uri, &tracer.cluster, *timeout, headers);
    } else {
        let mut service = grpc_service(tracer);
        if let Some(timeout) = timeout {
            service["timeout"] = json!(envoy::Duration::from(*timeout));
        }
        if !headers.is_empty() {
            let pair = |header: &ReportHeader| json!({"key": header.name, "value": header.value});
            service["initial_metadata"] = headers.iter().map(pair).collect();
        }
        config["grpc_service"] = service;
    }
    let detector = |name: &str, message: &str| {
        json!({
            "name": format!("envoy.tracers.opentelemetry.resource_detectors.{name}"),
            "typed_config": {"@type": format!(
                "type.googleapis.com/envoy.extensions.tracers.opentelemetry.resource_detectors.v3.{message}"
            )},
        })
    };
    let environment = from_environment.then(|| detector("environment", "EnvironmentResourceDetectorConfig"));
    let dynatrace = from_dynatrace.then(|| detector("dynatrace", "DynatraceResourceDetectorConfig"));
    let detectors: Vec<_> = environment.into_iter().chain(dynatrace).collect();
    if !detectors.is_empty() {
        config["resource_detectors"] = detectors.into();
    }
    if let Some(sampler) = sampler {
        config["sampler"] = self::sampler(sampler);
    }
    config
}

fn sampler(sampler: &Sampler) -> Value {
    let service = http_service(&sampler.uri, &sampler.cluster, sampler.timeout, &sampler.headers);
    let mut config = json!({
        "@type": "type.googleapis.com/envoy.extensions.tracers.opentelemetry.samplers.v3.DynatraceSamplerConfig",
        "tenant": sampler.tenant,
        "http_service": service,
    });
    if sampler.cluster_id != 0 {
        config["cluster_id"] = json!(sampler.cluster_id);
    }
    if sampler.root_spans_per_minute != 0 {
        config["root_spans_per_minute"] = json!(sampler.root_spans_per_minute);
    }
    json!({"name": "envoy.tracers.opentelemetry.samplers.dynatrace", "typed_config": config})
}

fn grpc_service(tracer: &Tracer) -> Value {
    json!({"envoy_grpc": {"cluster_name": tracer.cluster, "authority": tracer.host}})
}

fn http_service(
    uri: &str,
    cluster: &str,
    timeout: Option<std::time::Duration>,
    headers: &[ReportHeader],
) -> Value {
    let mut service = json!({"http_uri": {"uri": uri, "cluster": cluster}});
    if let Some(timeout) = timeout {
        service["http_uri"]["timeout"] = json!(envoy::Duration::from(timeout));
    }
    if !headers.is_empty() {
        let option = |header: &ReportHeader| {
            json!({
                "header": {"key": header.name, "value": header.value},
                "append_action": "OVERWRITE_IF_EXISTS_OR_ADD",
            })
        };
        service["request_headers_to_add"] = headers.iter().map(option).collect();
    }
    service
}

/// The proxy's service in spans: Istio's agent names it when it starts its own build; others are told here.
fn service_name(place: Place<'_>) -> String {
    if place.is_istio() {
        return String::new();
    }
    let proxy = place.proxy;
    let app = proxy.labels.get("app").map_or(proxy.workload.as_str(), String::as_str);
    format!("{app}.{}", proxy.id.namespace)
}

/// OpenTelemetry's name of a service of Kubernetes.
fn conventional_name(proxy: &Proxy) -> String {
    let label = |key: &str| proxy.labels.get(key).filter(|value| !value.is_empty()).cloned();
    label("app.kubernetes.io/instance")
        .or_else(|| label("app.kubernetes.io/name"))
        .unwrap_or_else(|| proxy.workload.clone())
}

/// Istio's tags (what dry-run policies found, and who the proxy is), and those that are asked for, by name.
fn tags(tracing: &Tracing, proxy: &Proxy) -> Vec<Value> {
    let mut tags: Vec<(String, Value)> = if tracing.istio_tags { own_tags(proxy) } else { Vec::new() };
    tags.extend(tracing.tags.iter().map(|(name, tag)| (name.clone(), custom_tag(name, tag))));
    tags.sort_by(|a, b| a.0.cmp(&b.0));
    tags.into_iter().map(|(_, tag)| tag).collect()
}

fn custom_tag(name: &str, tag: &Tag) -> Value {
    let named = |variable: &String, otherwise: &Option<String>| {
        let mut named = json!({"name": variable});
        if let Some(otherwise) = otherwise.as_ref().filter(|otherwise| !otherwise.is_empty()) {
            named["default_value"] = json!(otherwise);
        }
        named
    };
    match tag {
        Tag::Literal(value) => json!({"tag": name, "literal": {"value": value}}),
        Tag::Environment(variable, otherwise) => {
            json!({"tag": name, "environment": named(variable, otherwise)})
        }
        Tag::Header(header, otherwise) => json!({"tag": name, "request_header": named(header, otherwise)}),
        Tag::Format(format) => json!({"tag": name, "value": format}),
    }
}

fn own_tags(proxy: &Proxy) -> Vec<(String, Value)> {
    let found = |tag: &str, key: &str| {
        let tag = format!("istio.authorization.dry_run.{tag}");
        let value = json!({
            "tag": tag,
            "metadata": {
                "kind": {"request": {}},
                "metadata_key": {
                    "key": "envoy.filters.http.rbac",
                    "path": [{"key": format!("istio_dry_run_{key}")}],
                },
            },
        });
        (tag, value)
    };
    let is = |tag: &str, value: &str| {
        let tag = format!("istio.{tag}");
        (tag.clone(), json!({"tag": tag, "literal": {"value": value}}))
    };
    let label = |key: &str, otherwise: &str| {
        let value = proxy.labels.get(key).filter(|value| !value.is_empty());
        value.cloned().unwrap_or_else(|| otherwise.to_owned())
    };
    vec![
        found("allow_policy.name", "allow_shadow_effective_policy_id"),
        found("allow_policy.result", "allow_shadow_engine_result"),
        found("deny_policy.name", "deny_shadow_effective_policy_id"),
        found("deny_policy.result", "deny_shadow_engine_result"),
        is("canonical_revision", &label(CANONICAL_REVISION, "latest")),
        is("canonical_service", &label(CANONICAL_NAME, "unknown")),
        is("cluster_id", "Kubernetes"),
        is("mesh_id", "unknown"),
        is("namespace", &proxy.id.namespace),
    ]
}
