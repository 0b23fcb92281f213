//! How long a routed request may take, and what the upstream is told about it.

use std::time::Duration;

use meshc_effective::model::Forward;

use crate::seen::Seen;

/// Envoy's default of a route without a timeout.
const DEFAULT_MS: u64 = 15_000;

/// What the router computes before the first try.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Timeouts {
    /// `x-envoy-expected-rq-timeout-ms`.
    pub(crate) expected_ms: Option<u64>,
    /// The value that replaces `grpc-timeout`.
    pub(crate) grpc: Option<String>,
}

/// Envoy's `finalTimeout`. A gRPC call asks for its timeout itself, up to the route's; a route with
/// `max_stream_duration` has no other limit than a try's.
pub(crate) fn timeouts(forward: &Forward, seen: &Seen) -> Timeouts {
    let streams = forward.max_stream_duration.is_some();
    let asked = seen.headers.first("grpc-timeout").and_then(parse_grpc);
    let capped_by = forward.timeout.map(millis).filter(|_| seen.is_grpc() && !streams);
    let global = match capped_by {
        _ if streams => 0,
        Some(cap) => match asked.unwrap_or(0) {
            0 => cap,
            asked if cap > 0 => asked.min(cap),
            asked => asked,
        },
        None => forward.timeout.map_or(DEFAULT_MS, millis),
    };
    let try_limit = forward.retry.as_ref().and_then(|r| r.per_try_timeout).map_or(0, millis);
    let expected = if try_limit > 0 && (global == 0 || try_limit < global) { try_limit } else { global };
    let grpc = match capped_by {
        Some(_) if expected > 0 => Some(write_grpc(expected)),
        None if streams && seen.is_grpc() => asked.map(write_grpc),
        _ => None,
    };
    Timeouts { expected_ms: (expected > 0).then_some(expected), grpc }
}

/// Whole milliseconds, as Envoy counts.
pub(crate) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// Up to eight digits and a unit; fractions of a millisecond are rounded up.
fn parse_grpc(text: &str) -> Option<u64> {
    let unit = text.chars().last()?;
    let digits = text.strip_suffix(unit)?;
    if digits.is_empty() || digits.len() > 8 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let count: u64 = digits.parse().ok()?;
    match unit {
        'H' => Some(count * 3_600_000),
        'M' => Some(count * 60_000),
        'S' => Some(count * 1000),
        'm' => Some(count),
        'u' => Some(count.div_ceil(1000)),
        'n' => Some(count.div_ceil(1_000_000)),
        _ => None,
    }
}

/// The smallest unit that fits eight digits.
fn write_grpc(millis: u64) -> String {
    const MOST: u64 = 99_999_999;
    match millis {
        0..=MOST => format!("{millis}m"),
        _ if millis / 1000 <= MOST => format!("{}S", millis / 1000),
        _ if millis / 60_000 <= MOST => format!("{}M", millis / 60_000),
        _ => format!("{}H", (millis / 3_600_000).min(MOST)),
    }
}
