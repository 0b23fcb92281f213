//! Connections of clients: HTTP/1.1 or HTTP/2, whichever the first bytes show.

use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use http::Version;
use hyper::rt::Executor;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use mesh_proxy_config::{Codec, ConnectionFacts};
use tokio::sync::watch;
use tokio::time::Instant;

use super::framing::{Fault, Verdict, Watched};
use super::request::serve;
use crate::replay::Replayed;
use crate::view::{HttpView, ListenerKey, NetworkView, View};
use crate::worker::Worker;

/// A client's connection.
pub(crate) struct Downstream {
    /// The worker.
    pub(crate) worker: Rc<Worker>,
    /// Where the client connected to.
    pub(crate) local: SocketAddr,
    /// What a redirected connection was made to.
    pub(crate) destination: Option<SocketAddr>,
    /// Who is connected.
    pub(crate) peer: SocketAddr,
    facts: ConnectionFacts,
    key: ListenerKey,
    last: RefCell<(Rc<View>, Rc<HttpView>)>,
    active: Cell<u32>,
    requests: Cell<u32>,
    quiet_since: Cell<Instant>,
    closing: Cell<bool>,
    verdict: Verdict,
}

/// Both ends of a connection, and what was found out before anything was answered.
pub(crate) struct Ends {
    /// Where the client connected to.
    pub(crate) local: SocketAddr,
    /// Who is connected.
    pub(crate) peer: SocketAddr,
    /// What a redirected connection was made to.
    pub(crate) destination: Option<SocketAddr>,
    /// What its filter chain was chosen by.
    pub(crate) facts: ConnectionFacts,
}

/// A request under way.
pub(crate) struct Active(Rc<Downstream>);

impl Drop for Active {
    fn drop(&mut self) {
        self.0.active.set(self.0.active.get() - 1);
        self.0.quiet_since.set(Instant::now());
    }
}

impl Downstream {
    /// The configuration for the next request: the newest, or the last one where the listener is gone.
    pub(crate) fn current(&self) -> (Rc<View>, Rc<HttpView>) {
        let view = self.worker.view();
        let mut last = self.last.borrow_mut();
        if !Rc::ptr_eq(&view, &last.0)
            && let Some(NetworkView::Http(http)) =
                view.listener(&self.key).and_then(|listener| listener.network(&self.facts))
        {
            *last = (Rc::clone(&view), Rc::clone(http));
        }
        (Rc::clone(&last.0), Rc::clone(&last.1))
    }

    /// What is wrong with the bytes of the request that comes now; the connection ends with such a request.
    pub(crate) fn fault(&self) -> Option<Fault> {
        let fault = self.verdict.of(u64::from(self.requests.get()));
        if fault.is_some() {
            self.closing.set(true);
        }
        fault
    }

    /// A request begins.
    pub(crate) fn begin(self: &Rc<Self>) -> Active {
        self.active.set(self.active.get() + 1);
        self.requests.set(self.requests.get() + 1);
        Active(Rc::clone(self))
    }

    /// Whether the response must tell the client that the connection ends.
    pub(crate) fn must_close(&self, version: Version) -> bool {
        let limit = self.last.borrow().1.config.max_requests_per_connection;
        let spent = limit > 0 && self.requests.get() >= limit;
        if spent {
            self.closing.set(true);
        }
        version != Version::HTTP_2 && (self.closing.get() || spent)
    }
}

/// Runs hyper's tasks on the worker's own thread.
#[derive(Clone)]
struct LocalExecutor;

impl<F: Future + 'static> Executor<F> for LocalExecutor {
    fn execute(&self, future: F) {
        tokio::task::spawn_local(async move {
            future.await;
        });
    }
}

/// Serves a connection to its end.
pub(crate) async fn run(
    worker: Rc<Worker>,
    stream: Replayed,
    ends: Ends,
    key: ListenerKey,
    http: Rc<HttpView>,
    mut stop: watch::Receiver<bool>,
) {
    if stream.socket().set_nodelay(true).is_err() {
        return;
    }
    let Ends { local, peer, destination, facts } = ends;
    let stats = std::sync::Arc::clone(&http.stats);
    let config = std::sync::Arc::clone(&http.config);
    let view = worker.view();
    let (stream, verdict) = Watched::new(stream, header_limit(&config));
    let downstream = Rc::new(Downstream {
        worker,
        local,
        destination,
        peer,
        facts,
        key,
        last: RefCell::new((view, http)),
        active: Cell::new(0),
        requests: Cell::new(0),
        quiet_since: Cell::new(Instant::now()),
        closing: Cell::new(false),
        verdict,
    });
    stats.downstream_cx_total.inc();
    stats.downstream_cx_active.inc();
    let builder = builder(&config);
    let service = {
        let downstream = Rc::clone(&downstream);
        service_fn(move |request| serve(Rc::clone(&downstream), request))
    };
    let connection = builder.serve_connection_with_upgrades(TokioIo::new(stream), service);
    tokio::pin!(connection);
    let born = Instant::now();
    let mut closing = *stop.borrow();
    if closing {
        downstream.closing.set(true);
        connection.as_mut().graceful_shutdown();
    }
    loop {
        let idle = config.idle_timeout;
        let mut check = Duration::from_secs(86_400);
        if !idle.is_zero() {
            check = idle.saturating_sub(downstream.quiet_since.get().elapsed()).max(Duration::from_millis(1));
        }
        let limit = config.max_connection_duration;
        if !limit.is_zero() {
            check = check.min(limit.saturating_sub(born.elapsed()).max(Duration::from_millis(1)));
        }
        tokio::select! {
            // How a client's connection ends is the client's affair.
            _ = connection.as_mut() => break,
            changed = stop.changed(), if !closing => {
                if changed.is_err() || *stop.borrow() {
                    closing = true;
                    stats.downstream_cx_drain_close.inc();
                    downstream.closing.set(true);
                    connection.as_mut().graceful_shutdown();
                }
            }
            () = tokio::time::sleep(check), if !closing => {
                let quiet = downstream.active.get() == 0 && downstream.quiet_since.get().elapsed() >= idle;
                if !idle.is_zero() && quiet {
                    stats.downstream_cx_idle_timeout.inc();
                } else if !limit.is_zero() && born.elapsed() >= limit {
                    stats.downstream_cx_max_duration_reached.inc();
                } else {
                    continue;
                }
                closing = true;
                downstream.closing.set(true);
                connection.as_mut().graceful_shutdown();
            }
        }
    }
    stats.downstream_cx_active.dec();
    stats.downstream_cx_destroy.inc();
}

/// Bytes of a head of HTTP/1 at most.
fn header_limit(config: &mesh_proxy_config::Http) -> usize {
    // hyper's smallest buffer; smaller limits would refuse what fits into one read.
    config.max_header_bytes.max(8_192)
}

fn builder(config: &mesh_proxy_config::Http) -> auto::Builder<LocalExecutor> {
    let mut builder = auto::Builder::new(LocalExecutor);
    match config.codec {
        Codec::Auto => {}
        Codec::Http1 => builder = builder.http1_only(),
        Codec::Http2 => builder = builder.http2_only(),
    }
    builder
        .http1()
        .timer(TokioTimer::new())
        .max_buf_size(header_limit(config))
        .max_headers(config.max_headers);
    builder
        .http1()
        .header_read_timeout((!config.headers_timeout.is_zero()).then_some(config.headers_timeout));
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_header_list_size(u32::try_from(config.max_header_bytes).unwrap_or(u32::MAX))
        .max_concurrent_streams(config.max_concurrent_streams.or(Some(1_024)));
    builder
}
