//! What a route does, from protojson.

use meshc_effective::model::{
    Action, AppendAction, Cors, DirectResponse, Fault, FaultAbort, FaultDelay, Forward, HeaderAddition,
    HeaderOps, Mirror, Percent, Redirect, RedirectPath, RegexRewrite, RetryPolicy, Rewrite,
    WeightedDestination,
};
use serde_json::Value;

use super::{duration, fields, list, number, optional, string, strings, text};

pub(super) fn action(value: &Value) -> Action {
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
        tells_host: false,
        max_stream_duration: None,
        hash_policies: Vec::new(),
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
        looks_for_hosts: value.get("host_selection_retry_max_attempts").is_some(),
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
        Some("MILLION") => Percent::of_million(numerator),
        None => Percent::of_hundred(numerator),
        Some(other) => panic!("{other}"),
    }
}

pub(super) fn operations(value: &Value) -> HeaderOps {
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

pub(super) fn fault(value: &Value) -> Fault {
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

pub(super) fn cors(value: &Value) -> Cors {
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
