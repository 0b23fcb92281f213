//! The router: from a routed request to an upstream's response, with tries and timeouts.

use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use http::header::{HeaderName, HeaderValue};
use http::{Request, Response, StatusCode};
use http_body::Body as _;
use hyper::body::Incoming;
use mesh_proxy_config::{Destination, Failure, Forward, RetryPolicy, UpstreamProtocol};

use super::body::{ReplayBuffer, RequestBody, RequestProgress};
use super::mirror;
use super::request::{Exchange, Routed};
use super::respond::{Answer, UpstreamAnswer};
use super::router_setup::{ATTEMPT_COUNT, Head, Limits, envoy_headers, head, limits, set_expected_timeout};
use super::stream::Flag;
use crate::pool::{ConnectError, Lease, Protocol, Upstream};
use crate::view::ClusterView;

/// Bytes of a request body that are kept for another try or a copy, which is Envoy's default.
const REPLAY_BYTES: usize = 1 << 20;

/// Forwards a request to a cluster.
pub(crate) async fn forward(
    exchange: &mut Exchange,
    routed: &Routed<'_>,
    forward: &Forward,
    destination: &Destination,
    body: Incoming,
) -> Answer {
    let Some(cluster) =
        destination.cluster.and_then(|index| exchange.view.clusters.get(index)).map(Rc::clone)
    else {
        exchange.http.stats.no_cluster.inc();
        exchange.guard.info.cluster_name = Some(destination.cluster_name.to_string());
        let status =
            StatusCode::from_u16(forward.not_found_status).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
        return exchange.local(status, "", Some(Flag::NO_CLUSTER), "cluster_not_found");
    };
    if !cluster.has_endpoint(exchange.guard.info.destination) {
        cluster.stats.upstream_cx_none_healthy.inc();
        cluster.stats.codes.inc(503);
        exchange.guard.info.attempts = 1;
        let (status, flag) = (StatusCode::SERVICE_UNAVAILABLE, Flag::NO_HEALTHY_UPSTREAM);
        let answer = exchange.local(status, "no healthy upstream", Some(flag), "no_healthy_upstream");
        return count_in_response(exchange, routed, answer);
    }
    let protocol = protocol(exchange, &cluster);
    if protocol == Protocol::Http2 && exchange.inbound.upgrade.is_some() {
        // It would need a CONNECT with `:protocol`, which the runtime does not send.
        cluster.stats.codes.inc(503);
        let status = StatusCode::SERVICE_UNAVAILABLE;
        return exchange.local(status, "upgrade over HTTP/2", None, "upgrade_over_http2_not_implemented");
    }
    let limits = limits(exchange, forward);
    let Some(head) = head(exchange, routed, forward, destination, limits, body.is_end_stream()) else {
        return exchange.local(StatusCode::BAD_REQUEST, "", None, "path_rewrite_failed");
    };
    let retry =
        forward.retry.clone().filter(|retry| !retry.on.is_empty() && retry.accepts(&exchange.inbound.view()));
    let mirrors = mirror::choose(exchange, forward);
    let progress = Rc::clone(&exchange.guard.info.progress);
    let source = if body.is_end_stream() {
        Source::Empty
    } else if exchange.inbound.upgrade.is_none() && (retry.is_some() || !mirrors.is_empty()) {
        Source::Replay(ReplayBuffer::new(body, Rc::clone(&progress), REPLAY_BYTES))
    } else {
        Source::Once(Some((body, Rc::clone(&progress))))
    };
    if !mirrors.is_empty() {
        mirror::send(exchange, mirrors, &head, limits, source.replay().as_ref());
    }
    let mut tries = Tries {
        own_headers: envoy_headers(exchange),
        count_attempts: routed.host.count_attempts,
        exchange,
        cluster: Rc::clone(&cluster),
        protocol,
        head: Some(head),
        source,
        retry,
        limits,
        progress: Rc::clone(&progress),
        tried: Vec::new(),
    };
    let outcome = tries.run_within_limits().await;
    match outcome {
        Ok((mut response, lease)) => {
            exchange.guard.info.details = "via_upstream".into();
            let headers = response.headers_mut();
            if routed.host.count_attempts_in_response {
                headers.insert(ATTEMPT_COUNT, HeaderValue::from(exchange.guard.info.attempts));
            }
            if envoy_headers(exchange) {
                let since = progress.completed.get().map_or(Duration::ZERO, |at| at.elapsed());
                headers.insert(SERVICE_TIME, HeaderValue::from(since.as_millis() as u64));
            }
            exchange.guard.info.status = response.status().as_u16();
            let mut headers = std::mem::take(response.headers_mut());
            exchange.change_response(routed, Some(destination), &mut headers);
            *response.headers_mut() = headers;
            let deadline = deadline(&progress, limits.total);
            Answer::Upstream(Box::new(UpstreamAnswer { response, lease, deadline, idle: limits.idle }))
        }
        Err(failed) => {
            let answer = failed.answer(exchange, &cluster);
            count_in_response(exchange, routed, answer)
        }
    }
}

/// The version of HTTP in which a cluster gets a request.
pub(super) fn protocol(exchange: &Exchange, cluster: &ClusterView) -> Protocol {
    match cluster.config.protocol {
        UpstreamProtocol::Http1 => Protocol::Http1,
        UpstreamProtocol::Http2 => Protocol::Http2,
        UpstreamProtocol::Downstream if exchange.guard.info.protocol == http::Version::HTTP_2 => {
            Protocol::Http2
        }
        UpstreamProtocol::Downstream => Protocol::Http1,
    }
}

/// Says in an answer of our own how many tries there were, where the virtual host wants it.
fn count_in_response(exchange: &Exchange, routed: &Routed<'_>, mut answer: Answer) -> Answer {
    if let (true, Answer::Local(reply)) = (routed.host.count_attempts_in_response, &mut answer) {
        reply.headers.insert(ATTEMPT_COUNT, HeaderValue::from(exchange.guard.info.attempts));
    }
    answer
}

const SERVICE_TIME: HeaderName = HeaderName::from_static("x-envoy-upstream-service-time");

/// When a timeout that runs since the request was complete is over.
fn deadline(progress: &RequestProgress, timeout: Duration) -> Option<tokio::time::Instant> {
    let since = progress.completed.get().filter(|_| !timeout.is_zero())?;
    Some(tokio::time::Instant::from_std(since + timeout))
}

/// Waits until a timeout that runs since the request is complete is over.
async fn expire(progress: &RequestProgress, timeout: Duration, from: Option<Instant>) {
    if timeout.is_zero() {
        return std::future::pending().await;
    }
    let complete = progress.wait().await;
    let since = from.map_or(complete, |from| from.max(complete));
    tokio::time::sleep_until(tokio::time::Instant::from_std(since + timeout)).await;
}

/// Where the body of each try comes from.
enum Source {
    Empty,
    Once(Option<(Incoming, Rc<RequestProgress>)>),
    Replay(Rc<ReplayBuffer>),
}

impl Source {
    fn body(&mut self) -> RequestBody {
        match self {
            Self::Empty => RequestBody::Empty,
            Self::Once(body) => body
                .take()
                .map_or(RequestBody::Empty, |(body, progress)| RequestBody::Streaming(body, progress)),
            Self::Replay(buffer) => RequestBody::Replay(buffer.reader()),
        }
    }

    fn replay(&self) -> Option<Rc<ReplayBuffer>> {
        match self {
            Self::Replay(buffer) => Some(Rc::clone(buffer)),
            _ => None,
        }
    }
}

/// Why there is no response.
enum Failed {
    /// The last try failed; whether it was one of several.
    Try { failure: Failure, reason: Option<String>, retried: bool },
    /// All tries together took too long.
    Timeout,
    /// Nothing happened for too long.
    Idle,
}

impl Failed {
    fn answer(self, exchange: &mut Exchange, cluster: &ClusterView) -> Answer {
        let gateway_timeout = StatusCode::GATEWAY_TIMEOUT;
        let (failure, reason, retried) = match self {
            Self::Timeout => {
                cluster.stats.upstream_rq_timeout.inc();
                cluster.stats.codes.inc(504);
                let flag = Flag::UPSTREAM_REQUEST_TIMEOUT;
                return exchange.local(
                    gateway_timeout,
                    "upstream request timeout",
                    Some(flag),
                    "response_timeout",
                );
            }
            Self::Idle => {
                exchange.http.stats.downstream_rq_idle_timeout.inc();
                let flag = Flag::STREAM_IDLE_TIMEOUT;
                // Where the request is not complete, it is the client that took too long.
                let complete = exchange.guard.info.progress.completed.get().is_some();
                let status = if complete { gateway_timeout } else { StatusCode::REQUEST_TIMEOUT };
                return exchange.local(status, "stream timeout", Some(flag), "stream_idle_timeout");
            }
            Self::Try { failure: Failure::PerTryTimeout, .. } => {
                cluster.stats.codes.inc(504);
                let flag = Flag::UPSTREAM_REQUEST_TIMEOUT;
                return exchange.local(
                    gateway_timeout,
                    "upstream request timeout",
                    Some(flag),
                    "upstream_per_try_timeout",
                );
            }
            Self::Try { failure, reason, retried } => (failure, reason, retried),
        };
        cluster.stats.codes.inc(503);
        let (name, flag) = match failure {
            Failure::Connect if reason.is_none() => ("connection timeout", Flag::UPSTREAM_CONNECTION_FAILURE),
            Failure::Connect => ("remote connection failure", Flag::UPSTREAM_CONNECTION_FAILURE),
            _ => ("connection termination", Flag::UPSTREAM_CONNECTION_TERMINATION),
        };
        let verb = if retried { "retried and the latest reset reason" } else { "reset reason" };
        let body = format!("upstream connect error or disconnect/reset before headers. {verb}: {name}");
        let mut details = format!("upstream_reset_before_response_started{{{}", name.replace(' ', "_"));
        if let Some(reason) = reason {
            details.push('|');
            details.push_str(&reason.replace(' ', "_"));
            exchange.guard.info.transport_failure = Some(reason);
        }
        details.push('}');
        let answer = exchange.local(StatusCode::SERVICE_UNAVAILABLE, body, Some(flag), "");
        exchange.guard.info.details = details.into();
        answer
    }
}

type Got = (Response<Incoming>, Lease);

/// The tries of one request.
struct Tries<'a> {
    exchange: &'a mut Exchange,
    cluster: Rc<ClusterView>,
    protocol: Protocol,
    head: Option<Head>,
    source: Source,
    retry: Option<Arc<RetryPolicy>>,
    limits: Limits,
    progress: Rc<RequestProgress>,
    tried: Vec<std::net::SocketAddr>,
    own_headers: bool,
    count_attempts: bool,
}

impl Tries<'_> {
    /// Tries, but not for longer than the route allows.
    async fn run_within_limits(&mut self) -> Result<Got, Failed> {
        let (limits, progress) = (self.limits, Rc::clone(&self.progress));
        if limits.total.is_zero() && limits.idle.is_zero() {
            return self.run().await;
        }
        tokio::select! {
            biased;
            outcome = self.run() => outcome,
            () = expire(&progress, limits.total, None) => Err(Failed::Timeout),
            () = progress.silence(limits.idle), if !limits.idle.is_zero() => Err(Failed::Idle),
        }
    }

    async fn run(&mut self) -> Result<Got, Failed> {
        let mut left = self.retry.as_ref().map_or(0, |retry| retry.retries);
        let mut pauses = 0;
        loop {
            self.exchange.guard.info.attempts += 1;
            let outcome = self.attempt(left > 0).await;
            let again = self.wants_another(&outcome);
            let may = again
                && !self.source.replay().is_some_and(|buffer| buffer.overflown())
                && self.head.is_some();
            if !may || left == 0 {
                let retried = self.exchange.guard.info.attempts > 1;
                if again && self.retry.is_some() {
                    self.exchange.guard.info.flags.set(Flag::UPSTREAM_RETRY_LIMIT_EXCEEDED);
                    self.cluster.stats.upstream_rq_retry_limit_exceeded.inc();
                } else if retried && outcome.is_ok() {
                    self.cluster.stats.upstream_rq_retry_success.inc();
                }
                return outcome.map_err(|(failure, reason)| Failed::Try { failure, reason, retried });
            }
            left -= 1;
            self.cluster.stats.upstream_rq_retry.inc();
            drop(outcome);
            self.pause(&mut pauses).await;
        }
    }

    /// Waits as long as a full jitter of an interval that doubles says.
    async fn pause(&self, pauses: &mut u32) {
        let Some(retry) = &self.retry else { return };
        let interval = retry.base_interval.saturating_mul(1 << (*pauses).min(16)).min(retry.max_interval);
        *pauses += 1;
        let microseconds = self.exchange.worker.random.below(interval.as_micros() as u64);
        tokio::time::sleep(Duration::from_micros(microseconds)).await;
    }

    fn wants_another(&self, outcome: &Result<Got, (Failure, Option<String>)>) -> bool {
        let Some(retry) = &self.retry else { return false };
        match outcome {
            Ok((response, _)) => retry.retries_response(retry.on, &[], response.status(), response.headers()),
            Err((failure, _)) => RetryPolicy::retries_failure(retry.on, *failure),
        }
    }

    /// An endpoint, if possible one that was not tried.
    fn choose(&self) -> Option<Rc<Upstream>> {
        let (random, destination) = (&self.exchange.worker.random, self.exchange.guard.info.destination);
        let mut chosen = self.cluster.choose(random, destination)?;
        if let Some(retry) = self.retry.as_ref().filter(|retry| retry.avoid_previous_hosts) {
            for _ in 0..retry.host_attempts {
                if !self.tried.contains(&chosen.address) {
                    break;
                }
                chosen = self.cluster.choose(random, destination)?;
            }
        }
        Some(chosen)
    }

    /// One try. The head is kept where another may follow.
    async fn attempt(&mut self, keep: bool) -> Result<Got, (Failure, Option<String>)> {
        let Some(upstream) = self.choose() else { return Err((Failure::Connect, None)) };
        if self.retry.is_some() {
            self.tried.push(upstream.address);
        }
        let attempts = self.exchange.guard.info.attempts;
        let Some(mut head) = (if keep { self.head.clone() } else { self.head.take() }) else {
            return Err((Failure::Reset, None));
        };
        if attempts > 1 {
            if self.own_headers {
                set_expected_timeout(&mut head.headers, self.limits, self.progress.completed.get());
            }
            if self.count_attempts {
                head.headers.insert(ATTEMPT_COUNT, HeaderValue::from(attempts));
            }
        }
        let mut request = Request::new(self.source.body());
        *request.method_mut() = head.method;
        *request.uri_mut() = head.uri;
        *request.headers_mut() = head.headers;
        self.exchange.guard.info.upstream = Some(upstream.address);
        let begun = Instant::now();
        let outcome = if self.limits.per_try.is_zero() {
            send(&self.cluster, &upstream, self.protocol, request).await
        } else {
            tokio::select! {
                biased;
                outcome = send(&self.cluster, &upstream, self.protocol, request) => outcome,
                () = expire(&self.progress, self.limits.per_try, Some(begun)) => {
                    self.cluster.stats.upstream_rq_per_try_timeout.inc();
                    upstream.stats.rq_timeout.inc();
                    Err((Failure::PerTryTimeout, None))
                }
            }
        };
        match &outcome {
            Ok((response, _)) => {
                let status = response.status();
                self.cluster.stats.upstream_rq_completed.inc();
                self.cluster.stats.codes.inc(status.as_u16());
                let result = if status.is_server_error() {
                    &upstream.stats.rq_error
                } else {
                    &upstream.stats.rq_success
                };
                result.inc();
                self.exchange.guard.info.response_at = Some(Instant::now());
            }
            Err((failure, _)) => {
                upstream.stats.rq_error.inc();
                if *failure == Failure::Reset {
                    self.cluster.stats.upstream_rq_rx_reset.inc();
                }
            }
        }
        outcome.map(|(response, mut lease)| {
            self.exchange.guard.info.upstream_local =
                lease.connection().and_then(|connection| connection.local);
            (response, lease)
        })
    }
}

/// Sends a request on a connection that is kept or new.
async fn send(
    cluster: &Rc<ClusterView>,
    upstream: &Rc<Upstream>,
    protocol: Protocol,
    mut request: Request<RequestBody>,
) -> Result<Got, (Failure, Option<String>)> {
    loop {
        let mut lease = match upstream.take(cluster, protocol) {
            Some(lease) => lease,
            None => upstream.connect(cluster, protocol).await.map_err(|error| {
                let reason = (!matches!(error, ConnectError::Timeout)).then(|| error.to_string());
                (Failure::Connect, reason)
            })?,
        };
        let fresh = lease.is_new();
        let Some(connection) = lease.connection() else { return Err((Failure::Reset, None)) };
        // A connection that the upstream closed while it was kept costs nothing but another look.
        if connection.sender.ready().await.is_err() {
            if fresh {
                return Err((Failure::ResetBeforeRequest, None));
            }
            continue;
        }
        match connection.sender.try_send_request(request).await {
            Ok(response) => return Ok((response, lease)),
            Err(mut error) => match error.take_message() {
                Some(unsent) if !fresh => request = unsent,
                Some(_) => return Err((Failure::ResetBeforeRequest, None)),
                None => return Err((Failure::Reset, None)),
            },
        }
    }
}
