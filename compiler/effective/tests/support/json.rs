//! Route tables as protojson, without what is the same in all of them.

use std::time::Duration;

use meshc_effective::model::{
    Action, AppendAction, Cors, Fault, Forward, HeaderAddition, HeaderCondition, HeaderMatch, PathMatch,
    Percent, QueryCondition, Redirect, RedirectPath, RetryPolicy, Route, RouteMatch, RouteTable, StringMatch,
    VirtualHost,
};
use serde_json::{Map, Value, json};

/// A route table.
pub(crate) fn table(table: &RouteTable) -> Value {
    json!({
        "name": table.name,
        "virtual_hosts": table.virtual_hosts.iter().map(|host| virtual_host(host)).collect::<Vec<_>>(),
        "ignore_port_in_host_matching": table.ignore_port_in_host,
    })
}

fn virtual_host(host: &VirtualHost) -> Value {
    let mut domains = host.domains.clone();
    domains.sort();
    let mut out = json!({"name": host.name, "domains": domains});
    set(&mut out, "routes", host.routes.iter().map(route).collect::<Vec<_>>(), !host.routes.is_empty());
    set(&mut out, "include_request_attempt_count", true, host.include_attempt_count);
    set(&mut out, "require_tls", "ALL", host.require_tls);
    out
}

fn set(out: &mut Value, key: &str, value: impl Into<Value>, when: bool) {
    if let (true, Some(map)) = (when, out.as_object_mut()) {
        map.insert(key.to_owned(), value.into());
    }
}

fn route(route: &Route) -> Value {
    let mut out = json!({"match": route_match(&route.matches)});
    set(&mut out, "name", route.name.clone(), route.name.is_some());
    if let Some(config) = &route.config {
        set(&mut out, "metadata", json!({"filter_metadata": {"istio": {"config": config}}}), true);
    }
    if let Some(operation) = &route.decorator {
        set(&mut out, "decorator", json!({"operation": operation}), true);
    }
    operations(&mut out, &route.headers);
    let mut filters = Map::new();
    if let Some(fault) = &route.fault {
        filters.insert("envoy.filters.http.fault".to_owned(), self::fault(fault));
    }
    if let Some(cors) = &route.cors {
        filters.insert("envoy.filters.http.cors".to_owned(), self::cors(cors));
    }
    set(&mut out, "typed_per_filter_config", filters.clone(), !filters.is_empty());
    match &route.action {
        Action::Forward(forward) => set(&mut out, "route", self::forward(forward, route), true),
        Action::Redirect(redirect) => set(&mut out, "redirect", self::redirect(redirect), true),
        Action::DirectResponse(response) => {
            let mut value = json!({"status": response.status});
            if let Some(body) = &response.body {
                set(&mut value, "body", json!({"inline_string": String::from_utf8_lossy(body)}), true);
            }
            set(&mut out, "direct_response", value, true);
        }
    }
    out
}

fn operations(out: &mut Value, headers: &meshc_effective::model::HeaderOps) {
    let added = |headers: &[HeaderAddition]| headers.iter().map(addition).collect::<Vec<_>>();
    set(out, "request_headers_to_add", added(&headers.request_add), !headers.request_add.is_empty());
    set(out, "request_headers_to_remove", headers.request_remove.clone(), !headers.request_remove.is_empty());
    set(out, "response_headers_to_add", added(&headers.response_add), !headers.response_add.is_empty());
    set(
        out,
        "response_headers_to_remove",
        headers.response_remove.clone(),
        !headers.response_remove.is_empty(),
    );
}

fn addition(header: &HeaderAddition) -> Value {
    let mut out = json!({"header": {"key": header.name, "value": header.value}});
    set(
        &mut out,
        "append_action",
        "OVERWRITE_IF_EXISTS_OR_ADD",
        header.action == AppendAction::OverwriteIfExistsOrAdd,
    );
    out
}

fn route_match(matches: &RouteMatch) -> Value {
    let mut out = match &matches.path {
        PathMatch::Exact(path) => json!({"path": path}),
        PathMatch::Prefix(path) => json!({"prefix": path}),
        PathMatch::PathSeparatedPrefix(path) => json!({"path_separated_prefix": path}),
        PathMatch::Regex(path) => json!({"safe_regex": {"regex": path}}),
    };
    set(&mut out, "case_sensitive", false, !matches.case_sensitive);
    set(
        &mut out,
        "headers",
        matches.headers.iter().map(header).collect::<Vec<_>>(),
        !matches.headers.is_empty(),
    );
    let query: Vec<Value> = matches
        .query
        .iter()
        .map(|query| match &query.condition {
            QueryCondition::Present => json!({"name": query.name, "present_match": true}),
            QueryCondition::Value(value) => json!({"name": query.name, "string_match": string(value)}),
        })
        .collect();
    set(&mut out, "query_parameters", query, !matches.query.is_empty());
    out
}

fn header(header: &HeaderMatch) -> Value {
    let mut out = match &header.condition {
        HeaderCondition::Present => json!({"name": header.name, "present_match": true}),
        HeaderCondition::Value(value) => json!({"name": header.name, "string_match": string(value)}),
    };
    set(&mut out, "invert_match", true, header.invert);
    set(&mut out, "treat_missing_header_as_empty", true, header.treat_missing_as_empty);
    out
}

fn string(value: &StringMatch) -> Value {
    match value {
        StringMatch::Exact(text) => json!({"exact": text}),
        StringMatch::Prefix(text) => json!({"prefix": text}),
        StringMatch::Suffix(text) => json!({"suffix": text}),
        StringMatch::Contains(text) => json!({"contains": text}),
        StringMatch::Regex(text) => json!({"safe_regex": {"regex": text}}),
    }
}

fn forward(forward: &Forward, route: &Route) -> Value {
    let mut out = json!({});
    match forward.destinations.as_slice() {
        [only] if !forward.weighted => set(&mut out, "cluster", only.cluster.clone(), true),
        several => {
            let clusters: Vec<Value> = several
                .iter()
                .map(|destination| {
                    let mut out = json!({"name": destination.cluster, "weight": destination.weight});
                    operations(&mut out, &destination.headers);
                    let authority = destination.headers.authority.clone();
                    set(&mut out, "host_rewrite_literal", authority.clone(), authority.is_some());
                    out
                })
                .collect();
            set(&mut out, "weighted_clusters", json!({"clusters": clusters}), true);
        }
    }
    let authority = route.headers.authority.clone().or_else(|| forward.rewrite.authority.clone());
    set(&mut out, "host_rewrite_literal", authority.clone(), authority.is_some());
    set(&mut out, "prefix_rewrite", forward.rewrite.prefix.clone(), forward.rewrite.prefix.is_some());
    if let Some(regex) = &forward.rewrite.regex {
        let value = json!({"pattern": {"regex": regex.pattern}, "substitution": regex.substitution});
        set(&mut out, "regex_rewrite", value, true);
    }
    let timeout = forward.timeout.map(duration);
    set(&mut out, "timeout", timeout.clone(), timeout.is_some());
    set(&mut out, "max_grpc_timeout", timeout, forward.max_stream_duration.is_none());
    set(
        &mut out,
        "cluster_not_found_response_code",
        "INTERNAL_SERVER_ERROR",
        forward.cluster_not_found_status == 500,
    );
    if let Some(policy) = &forward.retry {
        set(&mut out, "retry_policy", retry(policy), true);
    }
    let mirrors: Vec<Value> = forward
        .mirrors
        .iter()
        .map(|mirror| {
            json!({"cluster": mirror.cluster, "runtime_fraction": {"default_value": percent(mirror.percent)},
                   "trace_sampled": false, "disable_shadow_host_suffix_append": true})
        })
        .collect();
    set(&mut out, "request_mirror_policies", mirrors.clone(), !mirrors.is_empty());
    out
}

fn retry(policy: &RetryPolicy) -> Value {
    let mut out = json!({
        "retry_on": policy.retry_on,
        "num_retries": policy.attempts,
        "host_selection_retry_max_attempts": "5",
    });
    if policy.ignore_previous_hosts {
        let config = json!({"@type": "type.googleapis.com/envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate"});
        let predicate =
            json!([{"name": "envoy.retry_host_predicates.previous_hosts", "typed_config": config}]);
        set(&mut out, "retry_host_predicate", predicate, true);
    }
    if policy.remote_localities {
        let config = json!({"@type": "type.googleapis.com/envoy.extensions.retry.priority.previous_priorities.v3.PreviousPrioritiesConfig",
                            "update_frequency": 2});
        let priority = json!({"name": "envoy.retry_priorities.previous_priorities", "typed_config": config});
        set(&mut out, "retry_priority", priority, true);
    }
    let per_try = policy.per_try_timeout.map(duration);
    set(&mut out, "per_try_timeout", per_try.clone(), per_try.is_some());
    let codes = policy.retriable_status_codes.clone();
    set(&mut out, "retriable_status_codes", codes, !policy.retriable_status_codes.is_empty());
    if let Some(backoff) = &policy.backoff {
        set(&mut out, "retry_back_off", json!({"base_interval": duration(backoff.base)}), true);
    }
    out
}

fn redirect(redirect: &Redirect) -> Value {
    let mut out = json!({});
    let code = match redirect.code {
        302 => "FOUND",
        303 => "SEE_OTHER",
        307 => "TEMPORARY_REDIRECT",
        308 => "PERMANENT_REDIRECT",
        _ => "MOVED_PERMANENTLY",
    };
    set(&mut out, "response_code", code, redirect.code != 301);
    set(&mut out, "host_redirect", redirect.host.clone(), redirect.host.is_some());
    set(&mut out, "scheme_redirect", redirect.scheme.clone(), redirect.scheme.is_some());
    set(&mut out, "port_redirect", redirect.port, redirect.port.is_some());
    match &redirect.path {
        Some(RedirectPath::Full(path)) => set(&mut out, "path_redirect", path.clone(), true),
        Some(RedirectPath::Prefix(prefix)) => set(&mut out, "prefix_rewrite", prefix.clone(), true),
        None => {}
    }
    out
}

fn fault(fault: &Fault) -> Value {
    let mut out = json!({"@type": "type.googleapis.com/envoy.extensions.filters.http.fault.v3.HTTPFault"});
    if let Some(delay) = &fault.delay {
        let value = json!({"fixed_delay": duration(delay.fixed), "percentage": percent(delay.percent)});
        set(&mut out, "delay", value, true);
    }
    if let Some(abort) = &fault.abort {
        let mut value = json!({"percentage": percent(abort.percent)});
        set(&mut value, "http_status", abort.http_status, abort.http_status.is_some());
        set(&mut value, "grpc_status", abort.grpc_status, abort.grpc_status.is_some());
        set(&mut out, "abort", value, true);
    }
    out
}

fn cors(cors: &Cors) -> Value {
    let mut out = json!({
        "@type": "type.googleapis.com/envoy.extensions.filters.http.cors.v3.CorsPolicy",
        "filter_enabled": {"default_value": {"millionths": 1_000_000}},
    });
    let origins = cors.allow_origins.iter().map(string).collect::<Vec<_>>();
    set(&mut out, "allow_origin_string_match", origins, !cors.allow_origins.is_empty());
    set(&mut out, "allow_methods", cors.allow_methods.clone(), !cors.allow_methods.is_empty());
    set(&mut out, "allow_headers", cors.allow_headers.clone(), !cors.allow_headers.is_empty());
    set(&mut out, "expose_headers", cors.expose_headers.clone(), !cors.expose_headers.is_empty());
    set(&mut out, "max_age", cors.max_age.clone(), cors.max_age.is_some());
    set(&mut out, "allow_credentials", cors.allow_credentials, cors.allow_credentials.is_some());
    let forward = cors.forward_not_matching_preflights;
    set(&mut out, "forward_not_matching_preflights", forward, forward.is_some());
    out
}

fn percent(percent: Percent) -> Value {
    json!({"millionths": percent.millionths})
}

/// With 3, 6 or 9 digits behind the point, as protojson has it.
fn duration(duration: Duration) -> String {
    let (seconds, nanos) = (duration.as_secs(), duration.subsec_nanos());
    match nanos {
        0 => format!("{seconds}s"),
        _ if nanos % 1_000_000 == 0 => format!("{seconds}.{:03}s", nanos / 1_000_000),
        _ if nanos % 1_000 == 0 => format!("{seconds}.{:06}s", nanos / 1_000),
        _ => format!("{seconds}.{nanos:09}s"),
    }
}

/// A recorded table with what is the same in all tables left out, what protojson may write in several ways written
/// in one, and sets sorted.
pub(crate) fn recorded(mut value: Value) -> Value {
    let fixed = ["validate_clusters", "max_direct_response_body_size_bytes"];
    if let Some(table) = value.as_object_mut() {
        table.retain(|key, _| !fixed.contains(&key.as_str()));
        table.entry("ignore_port_in_host_matching").or_insert(Value::Bool(false));
    }
    normalize(&mut value);
    value
}

fn normalize(value: &mut Value) {
    match value {
        Value::Object(map) => {
            if map.get("case_sensitive") == Some(&Value::Bool(true)) {
                map.remove("case_sensitive");
            }
            if map.get("path_redirect") == Some(&json!("")) {
                map.remove("path_redirect");
            }
            if map.contains_key("numerator") || map.contains_key("denominator") {
                let numerator = map.get("numerator").and_then(Value::as_u64).unwrap_or_default();
                let factor = match map.get("denominator").and_then(Value::as_str) {
                    Some("MILLION") => 1,
                    Some("TEN_THOUSAND") => 100,
                    _ => 10_000,
                };
                *value = json!({"millionths": numerator * factor});
                return;
            }
            for (key, value) in map.iter_mut() {
                normalize(value);
                let by_name = |v: &Value| v.get("name").map_or_else(|| v.to_string(), Value::to_string);
                if let ("domains" | "query_parameters", Value::Array(items)) = (key.as_str(), &mut *value) {
                    items.sort_by_key(by_name);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(normalize),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
