//! Settings in a normal form: two that mean the same are equal, whatever they are called and however they are written.

use meshc_effective::model::{
    Cors, Fault, HeaderAddition, HeaderOps, PathMatch, Percent, RetryPolicy, Rewrite, Route,
};
use serde_json::{Value, json};

fn millis(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// Milliseconds; null is no limit. Envoy's default is none of its own lengths: gRPC calls take another limit under it.
pub(super) fn timeout(timeout: Option<std::time::Duration>) -> Value {
    match timeout.map(millis) {
        None => json!("Envoy's default"),
        Some(0) => Value::Null,
        Some(limit) => json!(limit),
    }
}

/// Null where nothing is tried again and no try is limited.
pub(super) fn retries(policy: Option<&RetryPolicy>) -> Value {
    let Some(policy) = policy else { return Value::Null };
    if policy.attempts == 0 && policy.per_try_timeout.is_none() {
        return Value::Null;
    }
    let mut conditions: Vec<&str> =
        policy.retry_on.split(',').map(str::trim).filter(|text| !text.is_empty()).collect();
    conditions.sort_unstable();
    conditions.dedup();
    let mut codes = policy.retriable_status_codes.clone();
    codes.sort_unstable();
    codes.dedup();
    let backoff = policy.backoff.as_ref();
    json!({
        "attempts": policy.attempts,
        "retry_on": conditions,
        "retriable_status_codes": codes,
        "per_try_timeout_ms": policy.per_try_timeout.map(millis),
        "ignore_previous_hosts": policy.ignore_previous_hosts,
        "remote_localities": policy.remote_localities,
        "backoff_ms": backoff.map(|backoff| json!([millis(backoff.base), backoff.max.map(millis)])),
    })
}

/// How much of the path a prefix rewrite replaces: so many bytes, or null for all of it.
fn replaced(path: &PathMatch) -> Option<usize> {
    match path {
        PathMatch::Exact(text) | PathMatch::Prefix(text) | PathMatch::PathSeparatedPrefix(text) => {
            Some(text.len())
        }
        PathMatch::Regex(_) => None,
    }
}

/// Null where path and authority stay. A prefix rewrite depends on what was matched.
pub(super) fn rewrite(route: &Route, rewrite: &Rewrite) -> Value {
    if *rewrite == Rewrite::default() && route.headers.authority.is_none() {
        return Value::Null;
    }
    json!({
        "prefix": rewrite.prefix.as_ref().map(|new| json!([replaced(&route.matches.path), new])),
        "regex": rewrite.regex.as_ref().map(|regex| json!([regex.pattern, regex.substitution])),
        "authority": rewrite.authority,
        "host_header": route.headers.authority,
    })
}

/// The path of a redirect, as [`rewrite`].
pub(super) fn redirect_prefix(route: &Route, new: &str) -> Value {
    json!([replaced(&route.matches.path), new])
}

fn percent(percent: Percent) -> Value {
    json!(percent.value())
}

/// Null where no fault can happen.
pub(super) fn fault(fault: Option<&Fault>) -> Value {
    let happens = |percent: Percent| percent.millionths > 0;
    let delay = fault.and_then(|f| f.delay.as_ref()).filter(|d| happens(d.percent) && millis(d.fixed) > 0);
    let abort = fault
        .and_then(|f| f.abort.as_ref())
        .filter(|a| happens(a.percent) && (a.http_status.is_some() || a.grpc_status.is_some()));
    if delay.is_none() && abort.is_none() {
        return Value::Null;
    }
    json!({
        "delay": delay.map(|d| json!({"ms": millis(d.fixed), "percent": percent(d.percent)})),
        "abort": abort.map(|a| json!({
            "http_status": a.http_status,
            "grpc_status": a.grpc_status,
            "percent": percent(a.percent),
        })),
    })
}

/// Whether every request is answered by the fault.
pub(super) fn always_aborts(fault: Option<&Fault>) -> bool {
    fault.and_then(|fault| fault.abort.as_ref()).is_some_and(|abort| {
        abort.percent >= Percent::ALL && (abort.http_status.is_some() || abort.grpc_status.is_some())
    })
}

/// Null where there is no policy.
pub(super) fn cors(cors: Option<&Cors>) -> Value {
    let Some(cors) = cors else { return Value::Null };
    let mut origins = cors.allow_origins.clone();
    origins.sort();
    origins.dedup();
    json!({
        "allow_origins": origins,
        "allow_methods": cors.allow_methods,
        "allow_headers": cors.allow_headers,
        "expose_headers": cors.expose_headers,
        "max_age": cors.max_age,
        "allow_credentials": cors.allow_credentials.unwrap_or(false),
        "forward_not_matching_preflights": cors.forward_not_matching_preflights.unwrap_or(true),
    })
}

fn additions(additions: &[HeaderAddition]) -> Vec<Value> {
    let mut all: Vec<&HeaderAddition> = additions.iter().collect();
    // The order of different headers matters only where values are made of other headers.
    if !all.iter().any(|addition| addition.value.contains('%')) {
        all.sort_by_key(|addition| addition.name.to_ascii_lowercase());
    }
    all.into_iter()
        .map(|addition| json!([addition.name.to_ascii_lowercase(), addition.action, addition.value]))
        .collect()
}

fn removals(names: &[String]) -> Vec<String> {
    let mut all: Vec<String> = names.iter().map(|name| name.to_ascii_lowercase()).collect();
    all.sort();
    all.dedup();
    all
}

/// Operations on the request; null where there are none.
pub(super) fn request_headers(ops: &HeaderOps) -> Value {
    operations(&ops.request_add, &ops.request_remove)
}

/// Operations on the response; null where there are none.
pub(super) fn response_headers(ops: &HeaderOps) -> Value {
    operations(&ops.response_add, &ops.response_remove)
}

fn operations(add: &[HeaderAddition], remove: &[String]) -> Value {
    if add.is_empty() && remove.is_empty() {
        return Value::Null;
    }
    json!({"add": additions(add), "remove": removals(remove)})
}
