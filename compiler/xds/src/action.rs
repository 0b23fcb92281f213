//! What a route does with a request.

use std::time::Duration;

use meshc_effective::model::{
    DirectResponse, Forward, HashPolicy, Mirror, Redirect, RedirectPath, RetryPolicy, Route,
    WeightedDestination,
};
use meshc_envoy as envoy;
use serde_json::{Value, json};

use crate::{filters, matching, route};

/// How often Envoy may look for a host that was not tried before, as Istio sets it.
const HOST_SELECTION_ATTEMPTS: i64 = 5;

/// After how many tries Envoy considers other localities, as Istio sets it.
const PRIORITY_UPDATE_FREQUENCY: i32 = 2;

/// Envoy's `RouteAction`.
pub(crate) fn forward(forward: &Forward, route: &Route) -> envoy::RouteAction {
    let authority = route.headers.authority.clone().or_else(|| forward.rewrite.authority.clone());
    let mut out = envoy::RouteAction {
        cluster_not_found_response_code: match forward.cluster_not_found_status {
            404 => envoy::ClusterNotFoundResponseCode::NotFound,
            500 => envoy::ClusterNotFoundResponseCode::InternalServerError,
            _ => envoy::ClusterNotFoundResponseCode::ServiceUnavailable,
        },
        prefix_rewrite: forward.rewrite.prefix.clone().unwrap_or_default(),
        regex_rewrite: forward.rewrite.regex.as_ref().map(|rewrite| envoy::RegexMatchAndSubstitute {
            pattern: Some(matching::regex(&rewrite.pattern)),
            substitution: rewrite.substitution.clone(),
        }),
        host_rewrite_literal: authority,
        append_x_forwarded_host: forward.tells_host,
        timeout: forward.timeout.map(Into::into),
        retry_policy: forward.retry.as_ref().map(retry),
        request_mirror_policies: forward.mirrors.iter().map(mirror).collect(),
        hash_policy: forward.hash_policies.iter().map(hash).collect(),
        ..envoy::RouteAction::default()
    };
    match forward.destinations.as_slice() {
        [only] if !forward.weighted => out.cluster = Some(only.cluster.clone()),
        several => {
            let clusters = several.iter().map(weighted).collect();
            out.weighted_clusters = Some(envoy::WeightedCluster { clusters, total_weight: None });
        }
    }
    match forward.max_stream_duration {
        Some(limit) => {
            out.max_stream_duration = Some(envoy::MaxStreamDuration {
                max_stream_duration: Some(limit.into()),
                grpc_timeout_header_max: Some(limit.into()),
                ..envoy::MaxStreamDuration::default()
            });
        }
        // A gRPC client's own deadline never lengthens or replaces the route's timeout.
        None => out.max_grpc_timeout = forward.timeout.or(Some(Duration::ZERO)).map(Into::into),
    }
    out
}

/// Envoy's `HashPolicy`.
fn hash(policy: &HashPolicy) -> Value {
    match policy {
        HashPolicy::Header { name } => json!({"header": {"header_name": name}}),
        HashPolicy::SourceIp { used: true } => json!({"connection_properties": {"source_ip": true}}),
        HashPolicy::SourceIp { used: false } => json!({"connection_properties": {}}),
        HashPolicy::QueryParameter { name } => json!({"query_parameter": {"name": name}}),
        HashPolicy::Cookie { name, path, ttl, attributes } => {
            let mut cookie = serde_json::Map::new();
            cookie.insert("name".to_owned(), Value::from(name.as_str()));
            if !path.is_empty() {
                cookie.insert("path".to_owned(), Value::from(path.as_str()));
            }
            if let Some(ttl) = ttl {
                cookie.insert("ttl".to_owned(), Value::from(envoy::Duration(*ttl).to_string()));
            }
            if !attributes.is_empty() {
                let one = |(name, value): &(String, String)| match value.as_str() {
                    "" => json!({"name": name}),
                    value => json!({"name": name, "value": value}),
                };
                cookie.insert("attributes".to_owned(), attributes.iter().map(one).collect());
            }
            json!({"cookie": cookie})
        }
    }
}

/// Envoy's `RedirectAction`.
pub(crate) fn redirect(redirect: &Redirect) -> envoy::RedirectAction {
    let (path_redirect, prefix_rewrite) = match &redirect.path {
        Some(RedirectPath::Full(path)) => (Some(path.clone()), None),
        Some(RedirectPath::Prefix(prefix)) => (None, Some(prefix.clone())),
        // Istio always says one of the two: nothing for the path as it is.
        None => (Some(String::new()), None),
    };
    envoy::RedirectAction {
        scheme_redirect: redirect.scheme.clone(),
        host_redirect: redirect.host.clone().unwrap_or_default(),
        port_redirect: redirect.port.map_or(0, u32::from),
        path_redirect,
        prefix_rewrite,
        response_code: match redirect.code {
            302 => envoy::RedirectResponseCode::Found,
            303 => envoy::RedirectResponseCode::SeeOther,
            307 => envoy::RedirectResponseCode::TemporaryRedirect,
            308 => envoy::RedirectResponseCode::PermanentRedirect,
            _ => envoy::RedirectResponseCode::MovedPermanently,
        },
        ..envoy::RedirectAction::default()
    }
}

/// Envoy's `DirectResponseAction`; a body that is no text goes as base64.
pub(crate) fn direct_response(response: &DirectResponse) -> envoy::DirectResponseAction {
    let body = response.body.as_ref().map(|bytes| match std::str::from_utf8(bytes) {
        Ok(text) => {
            envoy::DataSource { inline_string: Some(text.to_owned()), ..envoy::DataSource::default() }
        }
        Err(_) => envoy::DataSource { inline_bytes: Some(base64(bytes)), ..envoy::DataSource::default() },
    });
    envoy::DirectResponseAction { status: response.status, body }
}

fn weighted(destination: &WeightedDestination) -> envoy::ClusterWeight {
    let headers = &destination.headers;
    envoy::ClusterWeight {
        name: destination.cluster.clone(),
        weight: Some(destination.weight),
        request_headers_to_add: route::additions(&headers.request_add),
        request_headers_to_remove: headers.request_remove.clone(),
        response_headers_to_add: route::additions(&headers.response_add),
        response_headers_to_remove: headers.response_remove.clone(),
        host_rewrite_literal: headers.authority.clone(),
        ..envoy::ClusterWeight::default()
    }
}

fn retry(policy: &RetryPolicy) -> envoy::RetryPolicy {
    let previous_hosts = envoy::TypedExtensionConfig {
        name: "envoy.retry_host_predicates.previous_hosts".to_owned(),
        typed_config: Some(envoy::PreviousHostsPredicate::default().into()),
    };
    let previous_priorities = envoy::TypedExtensionConfig {
        name: "envoy.retry_priorities.previous_priorities".to_owned(),
        typed_config: Some(
            envoy::PreviousPrioritiesConfig { update_frequency: PRIORITY_UPDATE_FREQUENCY }.into(),
        ),
    };
    envoy::RetryPolicy {
        retry_on: policy.retry_on.clone(),
        num_retries: Some(policy.attempts),
        per_try_timeout: policy.per_try_timeout.map(Into::into),
        retry_priority: policy.remote_localities.then_some(previous_priorities),
        retry_host_predicate: if policy.ignore_previous_hosts { vec![previous_hosts] } else { Vec::new() },
        host_selection_retry_max_attempts: envoy::Int64(if policy.looks_for_hosts {
            HOST_SELECTION_ATTEMPTS
        } else {
            0
        }),
        retriable_status_codes: policy.retriable_status_codes.clone(),
        retry_back_off: policy.backoff.as_ref().map(|backoff| envoy::RetryBackOff {
            base_interval: Some(backoff.base.into()),
            max_interval: backoff.max.map(Into::into),
        }),
        ..envoy::RetryPolicy::default()
    }
}

fn mirror(mirror: &Mirror) -> envoy::RequestMirrorPolicy {
    envoy::RequestMirrorPolicy {
        cluster: mirror.cluster.clone(),
        runtime_fraction: Some(envoy::RuntimeFractionalPercent {
            default_value: Some(filters::fraction(mirror.percent)),
            ..envoy::RuntimeFractionalPercent::default()
        }),
        trace_sampled: Some(false),
        // The copy keeps the request's own host.
        disable_shadow_host_suffix_append: true,
    }
}

/// Standard base64 with padding, as protojson writes bytes.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let word =
            chunk.iter().fold(0u32, |word, byte| word << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for place in 0..4 {
            let digit = DIGITS[(word >> (18 - 6 * place) & 63) as usize];
            out.push(if place <= chunk.len() { char::from(digit) } else { '=' });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    #[test]
    fn base64_pads() {
        assert_eq!(super::base64(b""), "");
        assert_eq!(super::base64(b"f"), "Zg==");
        assert_eq!(super::base64(b"fo"), "Zm8=");
        assert_eq!(super::base64(b"foo\xff"), "Zm9v/w==");
    }
}
