//! Retries, with Istio's defaults (`pilot/pkg/networking/core/route/retry`).

use meshc_mesh::MeshConfig;
use meshc_resources::istio::HttpRetry;

use crate::model::{Backoff, RetryPolicy};

/// What Istio retries on unless a VirtualService says otherwise: failures after which the request cannot have
/// been served.
const DEFAULT_RETRY_ON: &str = "connect-failure,refused-stream,unavailable,cancelled,retriable-status-codes";

/// What a sidecar retries towards its own workload: a connection that was closed before the request was read.
const INBOUND_RETRY_ON: &str = "reset-before-request";

/// How often, unless a VirtualService says otherwise.
const DEFAULT_ATTEMPTS: u32 = 2;

/// Outbound, where nobody says anything.
fn outbound_default() -> RetryPolicy {
    RetryPolicy {
        attempts: DEFAULT_ATTEMPTS,
        retry_on: DEFAULT_RETRY_ON.to_owned(),
        retriable_status_codes: Vec::new(),
        per_try_timeout: None,
        ignore_previous_hosts: true,
        looks_for_hosts: true,
        remote_localities: false,
        backoff: None,
    }
}

/// Inbound: by the mesh's settings, of which some mean nothing where there is one endpoint.
pub(super) fn inbound(config: &MeshConfig) -> Option<RetryPolicy> {
    let default = RetryPolicy {
        retry_on: INBOUND_RETRY_ON.to_owned(),
        ignore_previous_hosts: false,
        looks_for_hosts: false,
        ..outbound_default()
    };
    let Some(written) = &config.written.default_inbound_http_retry_policy else { return Some(default) };
    policy(written, default)
}

/// Outbound: a VirtualService's retries, else the mesh's; none when they are switched off. `hashed`: the host is chosen
/// by a hash, and stays the same unless someone says otherwise.
pub(super) fn outbound(
    written: Option<&HttpRetry>,
    config: &MeshConfig,
    hashed: bool,
) -> Option<RetryPolicy> {
    let default = RetryPolicy { ignore_previous_hosts: !hashed, ..outbound_default() };
    let of_mesh = config.written.default_http_retry_policy.as_deref();
    let Some(written) = written.or(of_mesh) else { return Some(default) };
    let mut policy = policy(written, default)?;
    policy.per_try_timeout = written.per_try_timeout.as_ref().and_then(|timeout| timeout.as_std());
    if let Some(ignore) = &written.retry_ignore_previous_hosts {
        policy.ignore_previous_hosts = ignore.value;
    }
    policy.remote_localities = written.retry_remote_localities.as_ref().is_some_and(|remote| remote.value);
    Some(policy)
}

/// What both directions take from what is written.
fn policy(written: &HttpRetry, default: RetryPolicy) -> Option<RetryPolicy> {
    let attempts = written.attempts.as_ref().and_then(|attempts| u32::try_from(attempts.value).ok());
    let attempts = attempts.filter(|attempts| *attempts > 0)?;
    let mut policy = RetryPolicy { attempts, ..default };
    if let Some(retry_on) = written.retry_on.as_ref().filter(|text| !text.is_empty()) {
        (policy.retry_on, policy.retriable_status_codes) = conditions(retry_on);
    }
    let base = written.backoff.as_ref().and_then(|backoff| backoff.as_std());
    policy.backoff = base.map(|base| Backoff { base, max: None });
    Some(policy)
}

/// Envoy's conditions, and the status codes that stand among them.
fn conditions(retry_on: &str) -> (String, Vec<u32>) {
    let mut names: Vec<&str> = Vec::new();
    let mut codes = Vec::new();
    for part in retry_on.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        match part.parse::<u32>().ok().filter(|code| is_status(*code)) {
            Some(code) => codes.push(code),
            None => names.push(part),
        }
    }
    let mut conditions = names.join(",");
    if !codes.is_empty() && !conditions.contains("retriable-status-codes") {
        conditions.push_str(",retriable-status-codes");
    }
    (conditions, codes)
}

/// Whether Go's `net/http` has a text for it; Istio takes other numbers for names of conditions.
fn is_status(code: u32) -> bool {
    matches!(code, 100..=103 | 200..=208 | 226 | 300..=305 | 307 | 308 | 400..=418 | 421..=426 | 428 | 429 | 431
        | 451 | 500..=508 | 510 | 511)
}

#[cfg(test)]
mod tests {
    use super::conditions;

    #[test]
    fn numbers_among_conditions_are_status_codes() {
        assert_eq!(conditions("5xx, connect-failure"), ("5xx,connect-failure".to_owned(), vec![]));
        assert_eq!(conditions("503,reset"), ("reset,retriable-status-codes".to_owned(), vec![503]));
        assert_eq!(conditions("503"), (",retriable-status-codes".to_owned(), vec![503]));
        assert_eq!(conditions("599"), ("599".to_owned(), vec![]));
        assert_eq!(
            conditions("retriable-status-codes,409"),
            ("retriable-status-codes".to_owned(), vec![409])
        );
    }
}
