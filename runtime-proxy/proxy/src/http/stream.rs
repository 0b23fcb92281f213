//! One stream: what is known of it, and what happens when it ends.

use std::borrow::Cow;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Instant, SystemTime};

use http::Version;
use mesh_proxy_config::{LogFormat, Operator};

use super::body::{BodyError, RequestProgress};
use super::operators::LogValues;
use crate::pool::Lease;
use crate::view::{ClusterView, HttpView};

/// Something that happened to a stream, by Envoy's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Flag(&'static str);

impl Flag {
    /// No healthy endpoint.
    pub(crate) const NO_HEALTHY_UPSTREAM: Self = Self("UH");
    /// No connection could be made.
    pub(crate) const UPSTREAM_CONNECTION_FAILURE: Self = Self("UF");
    /// The upstream's connection ended.
    pub(crate) const UPSTREAM_CONNECTION_TERMINATION: Self = Self("UC");
    /// The route's timeout.
    pub(crate) const UPSTREAM_REQUEST_TIMEOUT: Self = Self("UT");
    /// No route.
    pub(crate) const NO_ROUTE: Self = Self("NR");
    /// A fault's delay.
    pub(crate) const DELAY_INJECTED: Self = Self("DI");
    /// A fault's abort.
    pub(crate) const FAULT_INJECTED: Self = Self("FI");
    /// The client went away.
    pub(crate) const DOWNSTREAM_CONNECTION_TERMINATION: Self = Self("DC");
    /// All retries are used.
    pub(crate) const UPSTREAM_RETRY_LIMIT_EXCEEDED: Self = Self("URX");
    /// The stream was silent for too long.
    pub(crate) const STREAM_IDLE_TIMEOUT: Self = Self("SI");
    /// The cluster does not exist.
    pub(crate) const NO_CLUSTER: Self = Self("NC");
}

/// What happened to a stream, in order.
#[derive(Debug, Default)]
pub(crate) struct Flags(Vec<Flag>);

impl Flags {
    /// Adds a flag, once.
    pub(crate) fn set(&mut self, flag: Flag) {
        if !self.0.contains(&flag) {
            self.0.push(flag);
        }
    }

    /// The names, joined by commas; `-` where there is none.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        if self.0.is_empty() {
            out.push(b'-');
        }
        for (index, Flag(name)) in self.0.iter().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            out.extend_from_slice(name.as_bytes());
        }
    }
}

/// What is known of a stream.
pub(crate) struct StreamInfo {
    /// When it began.
    pub(crate) start: Instant,
    /// The time of day then.
    pub(crate) start_time: SystemTime,
    /// The protocol of the client.
    pub(crate) protocol: Version,
    /// Where the client connected to.
    pub(crate) local: SocketAddr,
    /// What a redirected connection was made to.
    pub(crate) destination: Option<SocketAddr>,
    /// Who is connected.
    pub(crate) peer: SocketAddr,
    /// The client's address, as found in headers or the connection.
    pub(crate) remote: Option<SocketAddr>,
    /// The route's name, where an access log may show it.
    pub(crate) route_name: String,
    /// The cluster's name, where it does not exist.
    pub(crate) cluster_name: Option<String>,
    /// The cluster.
    pub(crate) cluster: Option<Rc<ClusterView>>,
    /// The endpoint.
    pub(crate) upstream: Option<SocketAddr>,
    /// Where the upstream's connection comes from.
    pub(crate) upstream_local: Option<SocketAddr>,
    /// Why no connection could be made.
    pub(crate) transport_failure: Option<String>,
    /// Tries.
    pub(crate) attempts: u32,
    /// What happened.
    pub(crate) flags: Flags,
    /// How the answer came to be.
    pub(crate) details: Cow<'static, str>,
    /// The status, 0 before there is one.
    pub(crate) status: u16,
    /// Bytes of the response's body.
    pub(crate) bytes_sent: u64,
    /// When the upstream's headers had come.
    pub(crate) response_at: Option<Instant>,
    /// The request on its way.
    pub(crate) progress: Rc<RequestProgress>,
    /// Request headers that access logs show, by slot.
    pub(crate) logged_request: Vec<Option<Vec<u8>>>,
    /// Response headers that access logs show, by slot.
    pub(crate) logged_response: Vec<Option<Vec<u8>>>,
}

/// Ends a stream: counts it, logs it, gives its connection back.
pub(crate) struct StreamGuard {
    /// What is known of it.
    pub(crate) info: StreamInfo,
    /// The connection manager.
    pub(crate) http: Rc<HttpView>,
    lease: Option<Lease>,
    complete: bool,
    silent: bool,
}

impl StreamGuard {
    /// A stream of a connection manager.
    pub(crate) fn new(info: StreamInfo, http: Rc<HttpView>) -> Self {
        http.stats.downstream_rq_active.inc();
        Self { info, http, lease: None, complete: false, silent: false }
    }

    /// Whether anything is logged.
    pub(crate) fn is_logged(&self) -> bool {
        !self.http.config.access_logs.is_empty()
    }

    /// The response is our own, complete from the start.
    pub(crate) fn own_response(&mut self) {
        self.complete = true;
    }

    /// The request was none: nothing is logged.
    pub(crate) fn silence(&mut self) {
        self.silent = true;
    }

    /// The response comes on this connection.
    pub(crate) fn attach(&mut self, lease: Lease) {
        self.lease = Some(lease);
    }

    /// The upstream's response came to its end.
    pub(crate) fn upstream_finished(&mut self) {
        self.complete = true;
        if let Some(lease) = self.lease.take()
            && self.info.progress.completed.get().is_some()
        {
            lease.give_back();
        }
    }

    /// The upstream's response broke off.
    pub(crate) fn upstream_failed(&mut self, error: &BodyError) {
        self.complete = true;
        self.lease = None;
        if matches!(error, BodyError::Timeout) {
            self.info.flags.set(Flag::UPSTREAM_REQUEST_TIMEOUT);
            self.info.details = Cow::Borrowed("upstream_response_timeout");
        } else {
            self.info.flags.set(Flag::UPSTREAM_CONNECTION_TERMINATION);
            self.info.details =
                Cow::Borrowed("upstream_reset_after_response_started{connection_termination}");
        }
    }

    /// Keeps the values of headers that access logs show.
    pub(crate) fn log_headers(
        operators: &[Operator],
        value: impl Fn(&Operator) -> Option<Vec<u8>>,
    ) -> Vec<Option<Vec<u8>>> {
        operators.iter().map(value).collect()
    }
}

impl Drop for StreamGuard {
    fn drop(&mut self) {
        let stats = &self.http.stats;
        stats.downstream_rq_active.dec();
        if !self.complete {
            self.info.flags.set(Flag::DOWNSTREAM_CONNECTION_TERMINATION);
            stats.downstream_rq_rx_reset.inc();
            if self.info.status == 0 {
                self.info.details = Cow::Borrowed("downstream_remote_disconnect");
            }
        }
        if self.info.status != 0 {
            stats.downstream_rq_completed.inc();
            stats.count_status(self.info.status);
        }
        if self.silent {
            return;
        }
        let now = Instant::now();
        for (log, buffer) in self.http.config.access_logs.iter().zip(&self.http.logs) {
            let values = LogValues { info: &self.info, now };
            buffer.append(|out| match &log.format {
                LogFormat::Text(format) => {
                    format.write(&values, if log.omit_empty { b"" } else { b"-" }, out);
                }
                LogFormat::Json(node) => {
                    node.write(&values, log.omit_empty, out);
                    out.push(b'\n');
                }
            });
        }
    }
}
