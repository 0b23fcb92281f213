//! How long a request may take.

use std::time::Duration;

use http::HeaderMap;

/// The timeouts of a route; 0 is for ever.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Timeouts {
    /// For the whole answer.
    pub route: Duration,
    /// The longest that a gRPC client may ask for, where it may ask.
    pub max_grpc: Option<Duration>,
}

impl Timeouts {
    /// The timeout of a request, before the headers with which a client asks for another are read.
    pub fn of(&self, headers: &HeaderMap, grpc: bool) -> Duration {
        let Some(max) = self.max_grpc.filter(|_| grpc) else { return self.route };
        let asked =
            headers.get("grpc-timeout").and_then(|value| grpc_timeout(value.as_bytes())).unwrap_or_default();
        if !max.is_zero() && (asked.is_zero() || asked > max) { max } else { asked }
    }
}

/// `grpc-timeout`: up to 8 digits and a unit.
fn grpc_timeout(text: &[u8]) -> Option<Duration> {
    let text = std::str::from_utf8(text).ok()?;
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    if number.is_empty() || number.len() > 8 {
        return None;
    }
    let number: u64 = number.parse().ok()?;
    Some(match unit {
        "H" => Duration::from_secs(number * 3_600),
        "M" => Duration::from_secs(number * 60),
        "S" => Duration::from_secs(number),
        "m" => Duration::from_millis(number),
        // Envoy counts in milliseconds, rounded up.
        "u" => Duration::from_millis(number.div_ceil(1_000)),
        "n" => Duration::from_millis(number.div_ceil(1_000_000)),
        _ => return None,
    })
}
