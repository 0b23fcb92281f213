//! Retries that the timeout leaves no time for.

use meshc_diagnostics::{Diagnostic, Severity, declare_rule};

use crate::rules::context::Context;

declare_rule! {
    /// ## What it does
    /// Finds `perTryTimeout` that is not shorter than the route's `timeout`, and (as an info) tries that together may take longer
    /// than it.
    ///
    /// ## What happens to traffic
    /// The timeout is for the request with all its tries: when it is over the client gets 504, however many tries are left.
    ///
    /// ## Example
    /// ```yaml
    /// timeout: 2s
    /// retries: {attempts: 3, perTryTimeout: 2s}
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// timeout: 8s
    /// retries: {attempts: 3, perTryTimeout: 2s}
    /// ```
    pub RETRY_TIME = "MC1554", "retry-time", Warning, Mesh,
    "Retries that the timeout leaves no time for",
    []
}

/// Every route with a timeout and retries.
pub(super) fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    for object in &context.resources.virtual_services {
        for route in &object.spec.http {
            let retries = route.retries.as_ref();
            let (Some(timeout), Some(one)) = (
                route.timeout.as_ref().filter(|timeout| timeout.as_millis() > 0),
                retries
                    .and_then(|retries| retries.per_try_timeout.as_ref())
                    .filter(|one| one.as_millis() > 0),
            ) else {
                continue;
            };
            let attempts = retries.and_then(|retries| retries.attempts.as_ref()).map_or(0, |n| n.value);
            if attempts <= 0 {
                continue;
            }
            let (whole, each) = (timeout.as_millis(), one.as_millis());
            let tries = i64::from(attempts) + 1;
            let (severity, message) = if each >= whole {
                let message = format!(
                    "one try may take {each} ms, the whole request {whole} ms: what times out is never tried again"
                );
                (Severity::Warning, message)
            } else if each.saturating_mul(tries) > whole {
                let message = format!(
                    "{tries} tries of {each} ms do not fit into the timeout of {whole} ms: the last ones are cut off"
                );
                (Severity::Info, message)
            } else {
                continue;
            };
            found.push(
                object
                    .finding(&RETRY_TIME, one.span, message)
                    .severity(severity)
                    .label(timeout.span, "the timeout of the request with all its tries")
                    .help("a longer `timeout`, or a shorter `perTryTimeout`"),
            );
        }
    }
}
