//! Limits of connections and requests, and how HTTP is spoken (Istio's `applyConnectionPool`).

use std::time::Duration;

use meshc_mesh::Protocol;
use meshc_resources::istio::{ConnectionPoolSettings, H2UpgradePolicy, TcpKeepalive as Written};
use meshc_syntax::de::{self, Spanned};

use super::policy::Policy;
use super::settings::Settings;
use crate::model::{Cluster, HttpOptions, Limits, ProxyKind, RetryBudget, TcpKeepalive, UpstreamProtocol};

/// The protocol that a port is spoken to in, before policies.
pub(super) fn protocol(port: Protocol, kind: ProxyKind, settings: &Settings) -> HttpOptions {
    let may_be_http1 = !port.is_http2() && port.may_be_http();
    HttpOptions {
        protocol: if port.is_http2() {
            UpstreamProtocol::Http2
        } else if port == Protocol::Auto && kind == ProxyKind::Sidecar {
            UpstreamProtocol::Downstream
        } else {
            UpstreamProtocol::Http1
        },
        preserve_header_case: may_be_http1 && settings.preserve_header_case,
        ..HttpOptions::default()
    }
}

/// Whether requests to a port become HTTP/2.
pub(super) fn upgrades(port: Protocol, pool: Option<&ConnectionPoolSettings>, settings: &Settings) -> bool {
    if let Some(http) = pool.and_then(|pool| pool.http.as_ref()) {
        if http.use_client_protocol.as_ref().is_some_and(|yes| yes.value) {
            return false;
        }
        match http.h2_upgrade_policy.as_ref().map(|policy| policy.value) {
            Some(H2UpgradePolicy::Upgrade) => return true,
            Some(H2UpgradePolicy::DoNotUpgrade) => return false,
            Some(H2UpgradePolicy::Default) | None => {}
        }
    }
    settings.h2_upgrade && port.is_http()
}

/// Limits and timeouts of a cluster whose protocol is known.
pub(super) fn apply(cluster: &mut Cluster, policy: &Policy<'_>, settings: &Settings) {
    let tcp = policy.connection_pool.and_then(|pool| pool.tcp.as_ref());
    let http = policy.connection_pool.and_then(|pool| pool.http.as_ref());
    let limit = |value: Option<&Spanned<i32>>| positive(value);
    cluster.limits = Some(Limits {
        connections: limit(tcp.and_then(|tcp| tcp.max_connections.as_ref())),
        pending_requests: limit(http.and_then(|http| http.http1_max_pending_requests.as_ref())),
        requests: limit(http.and_then(|http| http.http2_max_requests.as_ref())),
        retries: limit(http.and_then(|http| http.max_retries.as_ref())),
        retry_budget: policy.retry_budget.map(|budget| RetryBudget {
            percent: budget.percent.as_ref().map_or(20.0, |percent| percent.value),
            min_concurrency: budget
                .min_retry_concurrency
                .as_ref()
                .map(|number| number.value)
                .filter(|number| *number > 0)
                .unwrap_or(3),
            interval: time(budget.budget_interval.as_ref()),
        }),
    });
    cluster.connect_timeout =
        time(tcp.and_then(|tcp| tcp.connect_timeout.as_ref())).unwrap_or(settings.connect_timeout);
    keepalive(cluster, settings.tcp_keepalive.as_ref());
    keepalive(cluster, tcp.and_then(|tcp| tcp.tcp_keepalive.as_ref()).map(|keepalive| &keepalive.value));

    let options = &mut cluster.http;
    let idle_timeout = http.and_then(|http| http.idle_timeout.as_ref());
    options.idle_timeout = time(idle_timeout.or_else(|| tcp.and_then(|tcp| tcp.idle_timeout.as_ref())));
    options.max_connection_duration = time(tcp.and_then(|tcp| tcp.max_connection_duration.as_ref()));
    options.max_requests_per_connection =
        limit(http.and_then(|http| http.max_requests_per_connection.as_ref()));
    let streams = limit(http.and_then(|http| http.max_concurrent_streams.as_ref()));
    let pings = http.and_then(|http| http.http2_keep_alive.as_ref());
    options.common = options.idle_timeout.is_some()
        || options.max_connection_duration.is_some()
        || options.max_requests_per_connection.is_some()
        || streams.is_some()
        || pings.is_some();
    if http.is_some_and(|http| http.use_client_protocol.as_ref().is_some_and(|yes| yes.value)) {
        options.protocol = UpstreamProtocol::Downstream;
    } else if options.protocol == UpstreamProtocol::Http2 {
        options.max_concurrent_streams = streams;
        options.keepalive = pings.map(|pings| (time(pings.interval.as_ref()), time(pings.timeout.as_ref())));
    }
}

/// Each of keepalive's settings that is there.
fn keepalive(cluster: &mut Cluster, written: Option<&Written>) {
    let Some(written) = written else { return };
    let keepalive: &mut TcpKeepalive = cluster.tcp_keepalive.get_or_insert_default();
    let seconds = |value: Option<&Spanned<de::Duration>>| {
        time(value).map(|time| u32::try_from(time.as_secs()).unwrap_or(u32::MAX))
    };
    let probes = written.probes.as_ref().map(|probes| probes.value).filter(|probes| *probes > 0);
    keepalive.probes = probes.or(keepalive.probes);
    keepalive.time = seconds(written.time.as_ref()).or(keepalive.time);
    keepalive.interval = seconds(written.interval.as_ref()).or(keepalive.interval);
}

/// A limit; Istio cannot tell 0 from none.
fn positive(value: Option<&Spanned<i32>>) -> Option<u32> {
    value.and_then(|value| u32::try_from(value.value).ok()).filter(|value| *value > 0)
}

/// A duration; the reader has reported one that is negative.
pub(super) fn time(value: Option<&Spanned<de::Duration>>) -> Option<Duration> {
    value.and_then(|value| value.value.as_std())
}
