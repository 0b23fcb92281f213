//! Envoy's protojson, as Istio writes it, read into the intermediate representation. A field that is not
//! known here stops the test.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use meshc_effective::model::{
    Action, Address, AppendAction, Cluster, ClusterKind, Clusters, Cors, DirectResponse, Endpoint,
    EndpointGroup, Fault, FaultAbort, FaultDelay, Forward, HeaderAddition, HeaderCondition, HeaderMatch,
    HeaderOps, LoadBalancer, Mirror, PathMatch, Percent, QueryCondition, QueryMatch, Redirect, RedirectPath,
    RegexRewrite, RetryPolicy, Rewrite, Route, RouteMatch, RouteTable, StringMatch, VirtualHost,
    WeightedDestination,
};
use serde_json::Value;

/// The fields of an object, none of which may be unknown.
fn fields(value: &Value, known: &[&str]) {
    for key in value.as_object().into_iter().flat_map(|o| o.keys()) {
        assert!(known.contains(&key.as_str()), "the recording has a field that is not read: {key}");
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn optional(value: &Value) -> Option<String> {
    value.as_str().filter(|s| !s.is_empty()).map(str::to_owned)
}

fn strings(value: &Value) -> Vec<String> {
    list(value).iter().map(text).collect()
}

fn number(value: &Value) -> u32 {
    u32::try_from(value.as_u64().unwrap_or_default()).expect("a small number")
}

fn duration(value: &Value) -> Option<Duration> {
    let seconds = value.as_str()?.strip_suffix('s').expect("seconds");
    Some(Duration::from_secs_f64(seconds.parse().expect("a number")))
}

pub(crate) fn table(value: &Value) -> RouteTable {
    fields(
        value,
        &[
            "name",
            "virtual_hosts",
            "ignore_port_in_host_matching",
            "validate_clusters",
            "max_direct_response_body_size_bytes",
        ],
    );
    RouteTable {
        name: text(&value["name"]),
        virtual_hosts: list(&value["virtual_hosts"]).iter().map(|h| Arc::new(host(h))).collect(),
        ignore_port_in_host: value["ignore_port_in_host_matching"].as_bool().unwrap_or_default(),
    }
}

fn host(value: &Value) -> VirtualHost {
    fields(value, &["name", "domains", "routes", "include_request_attempt_count", "require_tls"]);
    VirtualHost {
        name: text(&value["name"]),
        domains: strings(&value["domains"]),
        routes: list(&value["routes"]).iter().map(route).collect(),
        include_attempt_count: value["include_request_attempt_count"].as_bool().unwrap_or_default(),
        require_tls: value["require_tls"] == "ALL",
        origins: Vec::new(),
    }
}

fn route(value: &Value) -> Route {
    fields(
        value,
        &[
            "name",
            "match",
            "route",
            "redirect",
            "direct_response",
            "decorator",
            "metadata",
            "typed_per_filter_config",
            "request_headers_to_add",
            "request_headers_to_remove",
            "response_headers_to_add",
            "response_headers_to_remove",
        ],
    );
    let filters = &value["typed_per_filter_config"];
    fields(filters, &["envoy.filters.http.fault", "envoy.filters.http.cors"]);
    Route {
        name: optional(&value["name"]),
        matches: conditions(&value["match"]),
        action: action(value),
        headers: operations(value),
        fault: filters.get("envoy.filters.http.fault").map(fault),
        cors: filters.get("envoy.filters.http.cors").map(cors),
        decorator: optional(&value["decorator"]["operation"]),
        config: None,
        origins: Vec::new(),
    }
}

fn conditions(value: &Value) -> RouteMatch {
    fields(
        value,
        &[
            "path",
            "prefix",
            "path_separated_prefix",
            "safe_regex",
            "case_sensitive",
            "headers",
            "query_parameters",
        ],
    );
    let path = match value {
        v if v["path"].is_string() => PathMatch::Exact(text(&v["path"])),
        v if v["prefix"].is_string() => PathMatch::Prefix(text(&v["prefix"])),
        v if v["path_separated_prefix"].is_string() => {
            PathMatch::PathSeparatedPrefix(text(&v["path_separated_prefix"]))
        }
        v => PathMatch::Regex(text(&v["safe_regex"]["regex"])),
    };
    let header = |h: &Value| {
        fields(
            h,
            &["name", "present_match", "string_match", "invert_match", "treat_missing_header_as_empty"],
        );
        HeaderMatch {
            name: text(&h["name"]),
            condition: match h["present_match"].as_bool() {
                Some(_) => HeaderCondition::Present,
                None => HeaderCondition::Value(string(&h["string_match"])),
            },
            invert: h["invert_match"].as_bool().unwrap_or_default(),
            treat_missing_as_empty: h["treat_missing_header_as_empty"].as_bool().unwrap_or_default(),
            ignore_case: false,
        }
    };
    let query = |q: &Value| {
        fields(q, &["name", "string_match"]);
        QueryMatch { name: text(&q["name"]), condition: QueryCondition::Value(string(&q["string_match"])) }
    };
    RouteMatch {
        path,
        case_sensitive: value["case_sensitive"].as_bool().unwrap_or(true),
        headers: list(&value["headers"]).iter().map(header).collect(),
        query: list(&value["query_parameters"]).iter().map(query).collect(),
    }
}

fn string(value: &Value) -> StringMatch {
    fields(value, &["exact", "prefix", "safe_regex"]);
    match value {
        v if v["exact"].is_string() => StringMatch::Exact(text(&v["exact"])),
        v if v["prefix"].is_string() => StringMatch::Prefix(text(&v["prefix"])),
        v => StringMatch::Regex(text(&v["safe_regex"]["regex"])),
    }
}

fn action(value: &Value) -> Action {
    if let Some(redirect) = value.get("redirect") {
        return Action::Redirect(to_redirect(redirect));
    }
    if let Some(response) = value.get("direct_response") {
        fields(response, &["status", "body"]);
        let body = response["body"]["inline_string"].as_str().map(|b| b.as_bytes().to_vec());
        return Action::DirectResponse(DirectResponse { status: number(&response["status"]), body });
    }
    Action::Forward(Box::new(forward(&value["route"])))
}

fn to_redirect(value: &Value) -> Redirect {
    fields(
        value,
        &[
            "host_redirect",
            "path_redirect",
            "prefix_rewrite",
            "port_redirect",
            "scheme_redirect",
            "response_code",
        ],
    );
    Redirect {
        code: match value["response_code"].as_str() {
            None => 301,
            Some("FOUND") => 302,
            Some("SEE_OTHER") => 303,
            Some("TEMPORARY_REDIRECT") => 307,
            Some("PERMANENT_REDIRECT") => 308,
            Some(other) => panic!("{other}"),
        },
        scheme: optional(&value["scheme_redirect"]),
        host: optional(&value["host_redirect"]),
        port: value["port_redirect"].as_u64().map(|p| u16::try_from(p).expect("a port")),
        path: match (value["prefix_rewrite"].as_str(), value["path_redirect"].as_str()) {
            (Some(prefix), _) => Some(RedirectPath::Prefix(prefix.to_owned())),
            (None, path) => path.map(|p| RedirectPath::Full(p.to_owned())),
        },
    }
}

fn forward(value: &Value) -> Forward {
    fields(
        value,
        &[
            "cluster",
            "weighted_clusters",
            "timeout",
            "max_grpc_timeout",
            "retry_policy",
            "prefix_rewrite",
            "regex_rewrite",
            "host_rewrite_literal",
            "request_mirror_policies",
            "cluster_not_found_response_code",
        ],
    );
    let weighted = value.get("weighted_clusters");
    let destinations = match weighted {
        Some(weighted) => list(&weighted["clusters"]).iter().map(destination).collect(),
        None => vec![WeightedDestination {
            cluster: text(&value["cluster"]),
            weight: 100,
            headers: HeaderOps::default(),
        }],
    };
    assert_eq!(value["timeout"], value["max_grpc_timeout"]);
    Forward {
        destinations,
        weighted: weighted.is_some(),
        cluster_not_found_status: match value["cluster_not_found_response_code"].as_str() {
            None => 503,
            Some("INTERNAL_SERVER_ERROR") => 500,
            Some(other) => panic!("{other}"),
        },
        timeout: duration(&value["timeout"]),
        retry: value.get("retry_policy").map(retry),
        rewrite: Rewrite {
            prefix: optional(&value["prefix_rewrite"]),
            regex: value.get("regex_rewrite").map(|r| RegexRewrite {
                pattern: text(&r["pattern"]["regex"]),
                substitution: text(&r["substitution"]),
            }),
            authority: optional(&value["host_rewrite_literal"]),
        },
        mirrors: list(&value["request_mirror_policies"]).iter().map(mirror).collect(),
        max_stream_duration: None,
    }
}

fn destination(value: &Value) -> WeightedDestination {
    fields(
        value,
        &[
            "name",
            "weight",
            "request_headers_to_add",
            "request_headers_to_remove",
            "response_headers_to_add",
            "response_headers_to_remove",
        ],
    );
    WeightedDestination {
        cluster: text(&value["name"]),
        weight: number(&value["weight"]),
        headers: operations(value),
    }
}

fn retry(value: &Value) -> RetryPolicy {
    fields(
        value,
        &[
            "host_selection_retry_max_attempts",
            "num_retries",
            "retry_on",
            "retriable_status_codes",
            "per_try_timeout",
            "retry_host_predicate",
            "retry_priority",
        ],
    );
    RetryPolicy {
        attempts: number(&value["num_retries"]),
        retry_on: text(&value["retry_on"]),
        retriable_status_codes: list(&value["retriable_status_codes"]).iter().map(number).collect(),
        per_try_timeout: duration(&value["per_try_timeout"]),
        ignore_previous_hosts: !list(&value["retry_host_predicate"]).is_empty(),
        remote_localities: value.get("retry_priority").is_some(),
        backoff: None,
    }
}

fn mirror(value: &Value) -> Mirror {
    fields(value, &["cluster", "runtime_fraction", "trace_sampled", "disable_shadow_host_suffix_append"]);
    Mirror { cluster: text(&value["cluster"]), percent: percent(&value["runtime_fraction"]["default_value"]) }
}

fn percent(value: &Value) -> Percent {
    let numerator = number(&value["numerator"]);
    match value["denominator"].as_str() {
        Some("MILLION") => Percent { millionths: numerator },
        None => Percent { millionths: numerator * 10_000 },
        Some(other) => panic!("{other}"),
    }
}

fn operations(value: &Value) -> HeaderOps {
    let additions = |value: &Value| {
        let addition = |a: &Value| {
            fields(a, &["header", "append_action"]);
            HeaderAddition {
                name: text(&a["header"]["key"]),
                value: text(&a["header"]["value"]),
                action: match a["append_action"].as_str() {
                    None => AppendAction::AppendIfExistsOrAdd,
                    Some("OVERWRITE_IF_EXISTS_OR_ADD") => AppendAction::OverwriteIfExistsOrAdd,
                    Some(other) => panic!("{other}"),
                },
            }
        };
        list(value).iter().map(addition).collect()
    };
    HeaderOps {
        request_add: additions(&value["request_headers_to_add"]),
        request_remove: strings(&value["request_headers_to_remove"]),
        response_add: additions(&value["response_headers_to_add"]),
        response_remove: strings(&value["response_headers_to_remove"]),
        authority: None,
    }
}

fn fault(value: &Value) -> Fault {
    fields(value, &["@type", "delay", "abort"]);
    Fault {
        delay: value.get("delay").map(|d| FaultDelay {
            fixed: duration(&d["fixed_delay"]).expect("a delay"),
            percent: percent(&d["percentage"]),
        }),
        abort: value.get("abort").map(|a| FaultAbort {
            http_status: Some(number(&a["http_status"])),
            grpc_status: None,
            percent: percent(&a["percentage"]),
        }),
    }
}

fn cors(value: &Value) -> Cors {
    fields(
        value,
        &[
            "@type",
            "allow_credentials",
            "allow_headers",
            "allow_methods",
            "allow_origin_string_match",
            "filter_enabled",
            "forward_not_matching_preflights",
            "max_age",
        ],
    );
    Cors {
        allow_origins: list(&value["allow_origin_string_match"]).iter().map(string).collect(),
        allow_methods: text(&value["allow_methods"]),
        allow_headers: text(&value["allow_headers"]),
        expose_headers: String::new(),
        max_age: optional(&value["max_age"]),
        allow_credentials: value["allow_credentials"].as_bool(),
        forward_not_matching_preflights: value["forward_not_matching_preflights"].as_bool(),
    }
}

pub(crate) fn cluster_names(table: &RouteTable) -> BTreeSet<String> {
    let routes = table.virtual_hosts.iter().flat_map(|h| &h.routes);
    let forwards = routes.filter_map(|r| match &r.action {
        Action::Forward(forward) => Some(forward),
        _ => None,
    });
    forwards.flat_map(|f| &f.destinations).map(|d| d.cluster.clone()).collect()
}

pub(crate) fn clusters<'n>(known: impl Iterator<Item = (&'n str, bool)>) -> Clusters {
    let endpoint = || Endpoint {
        address: Address::Socket { address: "10.0.0.2".to_owned(), port: 80 },
        weight: 1,
        workload: None,
        namespace: None,
        pod: None,
        labels: BTreeMap::new(),
        healthy: true,
    };
    let cluster = |(name, up): (&str, bool)| {
        let endpoints = if up { vec![endpoint()] } else { Vec::new() };
        let cluster = Cluster {
            name: name.to_owned(),
            kind: ClusterKind::Eds,
            load_balancer: LoadBalancer::LeastRequest,
            connect_timeout: Duration::from_secs(10),
            endpoints: vec![EndpointGroup { locality: String::new(), weight: 1, endpoints }],
            host: String::new(),
            port: 80,
            subset: None,
            origins: Vec::new(),
        };
        (name.to_owned(), Arc::new(cluster))
    };
    known.map(cluster).collect()
}
