//! Limits of connections that Istio refuses.

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_source::Span;
use meshc_syntax::de::{Duration, Spanned};

use crate::Object;
use crate::istio::{ConnectionPoolSettings, H2UpgradePolicy};
use crate::names;

declare_rule! {
    /// ## What it does
    /// Finds `connectionPool` settings with negative numbers, durations under a millisecond, an HTTP/2 keep-alive
    /// without interval or timeout, `useClientProtocol` together with an upgrade to HTTP/2, or with nothing in them.
    ///
    /// ## What happens to traffic
    /// Istio's webhook refuses the resource; nothing of it takes effect.
    ///
    /// ## Example
    /// ```yaml
    /// connectionPool:
    ///   http: {maxRetries: -1}
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// connectionPool:
    ///   http: {maxRetries: 3}
    /// ```
    ///
    /// ## Covers
    /// IST0106 (what Istio's webhook refuses) and IST0133 (what Istio's webhook warns of).
    pub CONNECTION_POOL = "MC0464", "connection-pool", Error, Document,
    "Limits of connections that Istio refuses",
    ["IST0106", "IST0133"]
}

/// `validateConnectionPool`.
pub(crate) fn check<T>(
    object: &Object<T>,
    pool: Option<&Spanned<ConnectionPoolSettings>>,
    found: &mut Vec<Diagnostic>,
) {
    let Some(pool) = pool else { return };
    let mut wrong = |span: Span, why: String| {
        let message = format!("{why}: Istio refuses the resource");
        found.push(object.finding(&CONNECTION_POOL, span, message));
    };
    if pool.http.is_none() && pool.tcp.is_none() {
        wrong(pool.span, "a `connectionPool` needs `http` or `tcp`".to_owned());
    }
    let mut numbers: Vec<(&str, &Option<Spanned<i32>>)> = Vec::new();
    let mut durations: Vec<(&str, &Option<Spanned<Duration>>)> = Vec::new();
    if let Some(http) = &pool.http {
        numbers.extend([
            ("http1MaxPendingRequests", &http.http1_max_pending_requests),
            ("http2MaxRequests", &http.http2_max_requests),
            ("maxRequestsPerConnection", &http.max_requests_per_connection),
            ("maxRetries", &http.max_retries),
            ("maxConcurrentStreams", &http.max_concurrent_streams),
        ]);
        durations.push(("idleTimeout", &http.idle_timeout));
        let upgrades =
            http.h2_upgrade_policy.as_ref().is_some_and(|policy| policy.value == H2UpgradePolicy::Upgrade);
        if let Some(client) = http.use_client_protocol.as_ref().filter(|client| client.value && upgrades) {
            wrong(client.span, "`useClientProtocol` and an upgrade to HTTP/2 exclude each other".to_owned());
        }
        if let Some(keepalive) = &http.http2_keep_alive {
            for (name, value) in [("interval", &keepalive.interval), ("timeout", &keepalive.timeout)] {
                match value {
                    Some(_) => durations.push((name, value)),
                    None => wrong(keepalive.span, format!("`http2KeepAlive` needs a `{name}`")),
                }
            }
        }
    }
    if let Some(tcp) = &pool.tcp {
        numbers.push(("maxConnections", &tcp.max_connections));
        durations.extend([
            ("connectTimeout", &tcp.connect_timeout),
            ("maxConnectionDuration", &tcp.max_connection_duration),
        ]);
        // Less than a millisecond switches it off.
        if tcp.idle_timeout.as_ref().is_some_and(|timeout| timeout.as_millis() != 0) {
            durations.push(("idleTimeout", &tcp.idle_timeout));
        }
        if let Some(keepalive) = &tcp.tcp_keepalive {
            durations.extend([("time", &keepalive.time), ("interval", &keepalive.interval)]);
        }
    }
    for (name, value) in numbers {
        if let Some(value) = value.as_ref().filter(|value| value.value < 0) {
            wrong(value.span, format!("`{name}`: {} is negative", value.value));
        }
    }
    for (name, value) in durations {
        if let Some(value) = value
            && let Some(why) = names::duration(value.value)
        {
            wrong(value.span, format!("`{name}`: {why}"));
        }
    }
}
