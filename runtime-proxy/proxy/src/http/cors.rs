//! The CORS filter: answers preflights, completes responses.

use http::header::{self, HeaderName, HeaderValue};
use http::{HeaderMap, Method, StatusCode};
use mesh_proxy_config::{CorsPolicy, RouteFilters};

use super::headers::Inbound;
use super::local_reply::LocalReply;
use crate::random::Random;
use crate::stats::HttpStats;

/// What the filter does to the response.
#[derive(Default)]
pub(crate) struct CorsResponse {
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl CorsResponse {
    /// Sets the headers.
    pub(crate) fn apply(self, headers: &mut HeaderMap) {
        for (name, value) in self.headers {
            headers.insert(name, value);
        }
    }
}

/// The first thing that a policy says, the most specific first.
fn first<'a, T>(filters: &'a RouteFilters, value: impl Fn(&'a CorsPolicy) -> Option<T>) -> Option<T> {
    filters.cors.iter().find_map(|policy| value(policy))
}

/// Runs the filter: an answer to a preflight, or what is to be done to the response.
pub(crate) fn run(
    filters: &RouteFilters,
    inbound: &Inbound,
    stats: &HttpStats,
    random: &Random,
) -> Result<CorsResponse, Box<LocalReply>> {
    let nothing = Ok(CorsResponse::default());
    let Some(policy) = filters.cors.first() else { return nothing };
    if !policy.enabled.contains(random.next()) {
        return nothing;
    }
    let origin = match inbound.headers.get(header::ORIGIN) {
        Some(origin) if !origin.is_empty() => origin.clone(),
        _ => return nothing,
    };
    let allowed = filters.cors.iter().find(|policy| !policy.allow_origins.is_empty()).is_some_and(|policy| {
        policy.allow_origins.iter().any(|matcher| matcher.matches(b"*") || matcher.matches(origin.as_bytes()))
    });
    if allowed {
        stats.cors_origin_valid.inc();
    } else {
        stats.cors_origin_invalid.inc();
    }
    let credentials = first(filters, |policy| policy.allow_credentials).unwrap_or(false);
    let asked = inbound.headers.get(header::ACCESS_CONTROL_REQUEST_METHOD).filter(|value| !value.is_empty());
    let preflight = asked.filter(|_| inbound.method == Method::OPTIONS);
    if let Some(method) = preflight
        && (allowed || !first(filters, |policy| policy.forward_not_matching_preflights).unwrap_or(true))
    {
        return Err(Box::new(answer(filters, inbound, method, allowed.then_some(origin), credentials)));
    }
    let mut response = CorsResponse::default();
    if allowed {
        response.headers.push((header::ACCESS_CONTROL_ALLOW_ORIGIN, origin));
        if credentials {
            response
                .headers
                .push((header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true")));
        }
        if let Some(expose) = first(filters, |policy| policy.expose_headers.clone()) {
            response.headers.push((header::ACCESS_CONTROL_EXPOSE_HEADERS, expose));
        }
    }
    Ok(response)
}

/// The answer to a preflight.
fn answer(
    filters: &RouteFilters,
    inbound: &Inbound,
    method: &HeaderValue,
    origin: Option<HeaderValue>,
    credentials: bool,
) -> LocalReply {
    let mut reply = LocalReply::new(StatusCode::OK, "");
    let headers = &mut reply.headers;
    if let Some(origin) = origin {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        // Of no use to a preflight, but Envoy's answer passes the part of the filter that is for responses.
        if let Some(expose) = first(filters, |policy| policy.expose_headers.clone()) {
            headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, expose);
        }
    }
    if credentials {
        headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
    }
    if let Some(methods) = first(filters, |policy| policy.allow_methods.clone()) {
        let any = methods == "*";
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, if any { method.clone() } else { methods });
    }
    if let Some(allowed) = first(filters, |policy| policy.allow_headers.clone()) {
        let asked = inbound.headers.get(header::ACCESS_CONTROL_REQUEST_HEADERS).cloned();
        let value = if allowed == "*" { asked.unwrap_or(HeaderValue::from_static("")) } else { allowed };
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, value);
    }
    if let Some(age) = first(filters, |policy| policy.max_age.clone()) {
        headers.insert(header::ACCESS_CONTROL_MAX_AGE, age);
    }
    let private =
        inbound.headers.get("access-control-request-private-network").is_some_and(|value| value == "true");
    if private && first(filters, |policy| policy.allow_private_network).unwrap_or(false) {
        headers.insert("access-control-allow-private-network", HeaderValue::from_static("true"));
    }
    reply
}
