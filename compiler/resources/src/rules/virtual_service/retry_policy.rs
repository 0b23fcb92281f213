//! Retries that Istio refuses.

use meshc_diagnostics::{Diagnostic, declare_rule};

use crate::Object;
use crate::istio::VirtualService;
use crate::names;
use crate::rules::webhook::Refusals;

declare_rule! {
    /// ## What it does
    /// Finds retries with settings although `attempts` is 0, and conditions in `retryOn` that Envoy does not know
    /// (numbers are statuses).
    ///
    /// ## What happens to traffic
    /// Istio's webhook refuses the VirtualService; nothing of it takes effect.
    ///
    /// ## Example
    /// ```yaml
    /// retries: {attempts: 3, retryOn: "5xx, reset"}
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// retries: {attempts: 3, retryOn: "5xx,reset"}
    /// ```
    ///
    /// ## Covers
    /// IST0106 (what Istio's webhook refuses).
    pub RETRY_POLICY = "MC0256", "retry-policy", Error, Document,
    "Retries that Istio refuses",
    ["IST0106"]
}

/// Envoy's conditions for HTTP and gRPC.
const CONDITIONS: [&str; 16] = [
    "5xx",
    "gateway-error",
    "reset",
    "reset-before-request",
    "connect-failure",
    "retriable-4xx",
    "refused-stream",
    "retriable-status-codes",
    "retriable-headers",
    "envoy-ratelimited",
    "http3-post-connect-failure",
    "cancelled",
    "deadline-exceeded",
    "internal",
    "resource-exhausted",
    "unavailable",
];

/// Those of all routes.
pub(crate) fn check(object: &Object<VirtualService>, found: &mut Vec<Diagnostic>) {
    let mut refusals = Refusals { object, rule: &RETRY_POLICY, found };
    for retries in object.spec.http.iter().filter_map(|route| route.retries.as_ref()) {
        let retry_on = retries.retry_on.as_ref().filter(|on| !on.is_empty());
        let attempts = retries.attempts.as_ref().map_or(0, |attempts| attempts.value);
        let says_more = retries.per_try_timeout.is_some()
            || retry_on.is_some()
            || retries.retry_remote_localities.is_some();
        if attempts == 0 && says_more {
            refusals.at(
                retries.span,
                "`attempts` is 0, which switches retries off, beside other settings of retries",
            );
        }
        for duration in [&retries.per_try_timeout, &retries.backoff].into_iter().flatten() {
            refusals.maybe(duration.span, names::duration(duration.value));
        }
        let Some(retry_on) = retry_on else { continue };
        for condition in retry_on.split(',') {
            let known = condition.parse().is_ok_and(is_status) || CONDITIONS.contains(&condition);
            if !known {
                let trimmed = CONDITIONS.iter().copied().find(|known| *known == condition.trim());
                let close = trimmed.or_else(|| meshc_syntax::suggest::nearest(condition.trim(), CONDITIONS));
                refusals.at(retry_on.span, format!("`{condition}` is no condition for retries"));
                if let Some(close) = close
                    && let Some(finding) = refusals.found.pop()
                {
                    refusals.found.push(finding.help(format!("did you mean `{close}`?")));
                }
            }
        }
    }
}

/// Whether Go's `net/http` has a text for a status.
fn is_status(code: u32) -> bool {
    matches!(
        code,
        100..=103 | 200..=208 | 226 | 300..=305 | 307 | 308 | 400..=418 | 421..=426 | 428 | 429 | 431 | 451
            | 500..=508 | 510 | 511
    )
}
