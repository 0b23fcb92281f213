//! When a request is tried again.

use std::time::Duration;

use http::{HeaderMap, StatusCode};
use meshc_envoy as envoy;
use meshc_envoy::TypedConfig;

use crate::error::{At, ConfigError};
use crate::matcher::HeaderMatcher;

/// The conditions of `retry_on`, one bit each.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RetryOn(u32);

/// Names and bits; the gRPC conditions last.
const CONDITIONS: [(&str, u32); 16] = [
    ("5xx", 1),
    ("gateway-error", 1 << 1),
    ("reset", 1 << 2),
    ("reset-before-request", 1 << 3),
    ("connect-failure", 1 << 4),
    ("envoy-ratelimited", 1 << 5),
    ("retriable-4xx", 1 << 6),
    ("refused-stream", 1 << 7),
    ("retriable-status-codes", 1 << 8),
    ("retriable-headers", 1 << 9),
    ("http3-post-connect-failure", 1 << 10),
    ("cancelled", 1 << 11),
    ("deadline-exceeded", 1 << 12),
    ("internal", 1 << 13),
    ("resource-exhausted", 1 << 14),
    ("unavailable", 1 << 15),
];

const fn bit(index: usize) -> u32 {
    CONDITIONS[index].1
}

impl RetryOn {
    /// The conditions of a list; unknown names are returned.
    pub fn parse(text: &str) -> (Self, Vec<&str>) {
        let mut flags = Self(0);
        let mut unknown = Vec::new();
        for name in text.split(',').map(str::trim).filter(|name| !name.is_empty()) {
            match CONDITIONS.iter().find(|(known, _)| *known == name) {
                Some((_, bit)) => flags.0 |= bit,
                None => unknown.push(name),
            }
        }
        (flags, unknown)
    }

    /// These conditions and those.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    const fn has(self, bits: u32) -> bool {
        self.0 & bits != 0
    }
}

/// How a try failed without a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// No connection could be made.
    Connect,
    /// The connection broke before the request was sent.
    ResetBeforeRequest,
    /// The connection broke.
    Reset,
    /// The upstream refused the stream.
    RefusedStream,
    /// The try took too long.
    PerTryTimeout,
    /// The cluster's limits are reached.
    Overflow,
}

/// Retries of a route.
#[derive(Debug, Clone)]
pub struct RetryPolicy {
    /// When.
    pub on: RetryOn,
    /// How often.
    pub retries: u32,
    /// How long one try may take; 0 is for ever.
    pub per_try_timeout: Duration,
    /// How often another endpoint is looked for.
    pub host_attempts: u32,
    /// Whether endpoints that were tried are avoided.
    pub avoid_previous_hosts: bool,
    /// The first pause.
    pub base_interval: Duration,
    /// The longest pause.
    pub max_interval: Duration,
    status_codes: Vec<u16>,
    headers: Vec<HeaderMatcher>,
    request_headers: Vec<HeaderMatcher>,
}

impl RetryPolicy {
    pub(crate) fn new(policy: &envoy::RetryPolicy, at: &At<'_>) -> Result<Self, ConfigError> {
        let envoy::RetryPolicy {
            retry_on,
            num_retries,
            per_try_timeout,
            per_try_idle_timeout,
            retry_priority,
            retry_host_predicate,
            host_selection_retry_max_attempts,
            retriable_status_codes,
            retry_back_off,
            rate_limited_retry_back_off,
            retriable_headers,
            retriable_request_headers,
        } = policy;
        at.refuse("per_try_idle_timeout", per_try_idle_timeout)?;
        at.refuse("rate_limited_retry_back_off", rate_limited_retry_back_off)?;
        let (on, unknown) = RetryOn::parse(retry_on);
        if let Some(name) = unknown.first() {
            return Err(at.field("retry_on").error(format!("{name:?} is not a condition of retries")));
        }
        // With one priority, which is all that mesh-proxy has, there is no other to prefer.
        if let Some(priority) = retry_priority
            && !matches!(priority.typed_config, Some(TypedConfig::PreviousPrioritiesConfig(_)))
        {
            return Err(at.field("retry_priority").not_implemented());
        }
        let mut avoid_previous_hosts = false;
        for (index, predicate) in retry_host_predicate.iter().enumerate() {
            match &predicate.typed_config {
                Some(TypedConfig::PreviousHostsPredicate(_)) => avoid_previous_hosts = true,
                _ => return Err(at.index("retry_host_predicate", index).not_implemented()),
            }
        }
        let mut status_codes = Vec::with_capacity(retriable_status_codes.len());
        for (index, code) in retriable_status_codes.iter().enumerate() {
            let field = at.index("retriable_status_codes", index);
            status_codes.push(u16::try_from(*code).map_err(|_| field.error(format!("{code} is no status")))?);
        }
        let (base, max) = back_off(retry_back_off.as_ref(), at)?;
        Ok(Self {
            on,
            retries: num_retries.unwrap_or(1),
            per_try_timeout: per_try_timeout.unwrap_or_default().0,
            host_attempts: u32::try_from(host_selection_retry_max_attempts.0).map_err(|_| {
                at.field("host_selection_retry_max_attempts").error("must be a small positive number")
            })?,
            avoid_previous_hosts,
            base_interval: base,
            max_interval: max,
            status_codes,
            headers: matchers(retriable_headers, "retriable_headers", at)?,
            request_headers: matchers(retriable_request_headers, "retriable_request_headers", at)?,
        })
    }

    /// Whether the request is one that may be retried at all.
    pub fn accepts(&self, request: &crate::RequestView<'_>) -> bool {
        self.request_headers.is_empty() || self.request_headers.iter().any(|matcher| matcher.matches(request))
    }

    /// Whether a response asks for another try. `extra` are conditions and codes of the request's own headers.
    pub fn retries_response(
        &self,
        on: RetryOn,
        extra: &[u16],
        status: StatusCode,
        headers: &HeaderMap,
    ) -> bool {
        retries_response(on, status, headers)
            || on.has(bit(8))
                && (self.status_codes.contains(&status.as_u16()) || extra.contains(&status.as_u16()))
            || on.has(bit(9)) && self.headers.iter().any(|matcher| matcher.matches_headers(headers))
    }

    /// Whether a failure asks for another try.
    pub fn retries_failure(on: RetryOn, failure: Failure) -> bool {
        match failure {
            Failure::Overflow => false,
            _ if on.has(bit(0) | bit(1) | bit(2)) => true,
            Failure::Connect => on.has(bit(4) | bit(3)),
            Failure::ResetBeforeRequest => on.has(bit(3)),
            Failure::RefusedStream => on.has(bit(7)),
            Failure::Reset | Failure::PerTryTimeout => false,
        }
    }
}

fn matchers(
    list: &[envoy::HeaderMatcher],
    name: &str,
    at: &At<'_>,
) -> Result<Vec<HeaderMatcher>, ConfigError> {
    list.iter()
        .enumerate()
        .map(|(index, matcher)| HeaderMatcher::new(matcher, &at.index(name, index)))
        .collect()
}

/// The first and the longest pause.
fn back_off(
    back_off: Option<&envoy::RetryBackOff>,
    at: &At<'_>,
) -> Result<(Duration, Duration), ConfigError> {
    let Some(back_off) = back_off else { return Ok((Duration::from_millis(25), Duration::from_millis(250))) };
    let field = at.field("retry_back_off");
    let Some(base) = back_off.base_interval.filter(|base| !base.is_zero()) else {
        return Err(field.field("base_interval").error("must be more than 0"));
    };
    let max = back_off.max_interval.map_or(base.0.saturating_mul(10), |max| max.0);
    if max < base.0 {
        return Err(field.field("max_interval").error("must not be less than base_interval"));
    }
    Ok((base.0, max))
}

fn retries_response(on: RetryOn, status: StatusCode, headers: &HeaderMap) -> bool {
    if headers.contains_key("x-envoy-overloaded") {
        return false;
    }
    if headers.contains_key("x-envoy-ratelimited") {
        return on.has(bit(5));
    }
    let code = status.as_u16();
    if on.has(bit(0)) && status.is_server_error()
        || on.has(bit(1)) && matches!(code, 502..=504)
        || on.has(bit(6)) && code == 409
    {
        return true;
    }
    let grpc = bit(11) | bit(12) | bit(13) | bit(14) | bit(15);
    if !on.has(grpc) {
        return false;
    }
    match headers.get("grpc-status").map(http::HeaderValue::as_bytes) {
        Some(b"1") => on.has(bit(11)),
        Some(b"4") => on.has(bit(12)),
        Some(b"13") => on.has(bit(13)),
        Some(b"8") => on.has(bit(14)),
        Some(b"14") => on.has(bit(15)),
        _ => false,
    }
}
