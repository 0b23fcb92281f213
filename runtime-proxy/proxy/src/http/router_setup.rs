//! What the router does to a request before the first try: timeouts, operations on headers, rewrites.

use std::time::{Duration, Instant};

use http::header::{self, HeaderName, HeaderValue};
use http::uri::{PathAndQuery, Uri};
use http::{HeaderMap, Method};
use mesh_proxy_config::{Destination, Forward, HttpFilter};

use super::headers::append_joined;
use super::operators::HeaderValues;
use super::request::{Exchange, Routed};

const EXPECTED_TIMEOUT: HeaderName = HeaderName::from_static("x-envoy-expected-rq-timeout-ms");
pub(crate) const ATTEMPT_COUNT: HeaderName = HeaderName::from_static("x-envoy-attempt-count");

/// The head of the request that an upstream gets.
#[derive(Clone)]
pub(crate) struct Head {
    /// The method.
    pub(crate) method: Method,
    /// The path, as the target of the request line.
    pub(crate) uri: Uri,
    /// The headers with `host`.
    pub(crate) headers: HeaderMap,
}

/// The timeouts of a request; 0 is for ever.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// For all tries together.
    pub(crate) total: Duration,
    /// For one try.
    pub(crate) per_try: Duration,
    /// For silence.
    pub(crate) idle: Duration,
}

/// Whether the router adds headers of its own.
pub(crate) fn envoy_headers(exchange: &Exchange) -> bool {
    !exchange
        .http
        .config
        .filters
        .iter()
        .any(|filter| matches!(filter, HttpFilter::Router { suppress_envoy_headers: true }))
}

/// The timeouts of a request.
pub(crate) fn limits(exchange: &Exchange, forward: &Forward) -> Limits {
    let total = forward.timeouts.of(&exchange.inbound.headers, exchange.inbound.grpc);
    let mut per_try = forward.retry.as_ref().map_or(Duration::ZERO, |retry| retry.per_try_timeout);
    if !total.is_zero() && per_try >= total {
        per_try = Duration::ZERO;
    }
    let idle = forward.idle_timeout.unwrap_or(exchange.http.config.stream_idle_timeout);
    Limits { total, per_try, idle }
}

/// Tells the upstream how long it may take.
pub(crate) fn set_expected_timeout(headers: &mut HeaderMap, limits: Limits, since: Option<Instant>) {
    let mut expected = if limits.per_try.is_zero() { limits.total } else { limits.per_try };
    if expected.is_zero() {
        return;
    }
    if let (false, Some(since)) = (limits.total.is_zero(), since) {
        let left = limits.total.saturating_sub(since.elapsed());
        expected = expected.min(left).max(Duration::from_millis(1));
    }
    headers.insert(EXPECTED_TIMEOUT, HeaderValue::from(expected.as_millis() as u64));
}

/// Builds the head. `None` where a rewrite makes a path that HTTP cannot carry.
pub(crate) fn head(
    exchange: &mut Exchange,
    routed: &Routed<'_>,
    forward: &Forward,
    destination: &Destination,
    limits: Limits,
    bodyless: bool,
) -> Option<Head> {
    let own = envoy_headers(exchange);
    let mut headers = std::mem::take(&mut exchange.inbound.headers);
    if own {
        set_expected_timeout(&mut headers, limits, None);
    }
    if routed.host.count_attempts {
        headers.insert(ATTEMPT_COUNT, HeaderValue::from_static("1"));
    }
    {
        let inbound = &exchange.inbound;
        let values = HeaderValues {
            info: &exchange.guard.info,
            method: inbound.method.as_str(),
            scheme: inbound.scheme,
            authority: &inbound.authority,
            path: &inbound.path,
            request_headers: None,
        };
        destination.request_headers.apply(&mut headers, &values);
        let mut lists =
            [&routed.route.request_headers, &routed.host.request_headers, &routed.table.request_headers];
        if routed.table.most_specific_wins {
            lists.reverse();
        }
        for operations in lists {
            operations.apply(&mut headers, &values);
        }
    }
    if let Some(host) = forward.host_rewrite.as_ref().or(destination.host_rewrite.as_ref()) {
        rewrite_host(exchange, &mut headers, host, forward.append_forwarded_host, own);
    }
    let rewritten = forward.rewrite.apply(&exchange.inbound.path, routed.covered);
    // What is logged and what responses refer to is the request as it left.
    exchange.inbound.headers = headers;
    if let Some(path) = rewritten {
        exchange.replace_path(path);
    }
    exchange.capture_request();
    let mut headers = exchange.inbound.headers.clone();
    headers.insert(header::HOST, HeaderValue::from_str(&exchange.inbound.authority).ok()?);
    if bodyless
        && !matches!(exchange.inbound.method, Method::GET | Method::HEAD | Method::DELETE | Method::TRACE)
    {
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from_static("0"));
    }
    if exchange.inbound.path.is_empty() {
        return None;
    }
    let target = PathAndQuery::try_from(exchange.inbound.path.as_str()).ok()?;
    Some(Head { method: exchange.inbound.method.clone(), uri: Uri::from(target), headers })
}

fn rewrite_host(
    exchange: &mut Exchange,
    headers: &mut HeaderMap,
    host: &HeaderValue,
    append: bool,
    own: bool,
) {
    let old = std::mem::take(&mut exchange.inbound.authority);
    if append {
        append_joined(headers, &HeaderName::from_static("x-forwarded-host"), &old);
    }
    if own && let Ok(old) = HeaderValue::from_str(&old) {
        headers.insert("x-envoy-original-host", old);
    }
    host.to_str().unwrap_or("").clone_into(&mut exchange.inbound.authority);
}
