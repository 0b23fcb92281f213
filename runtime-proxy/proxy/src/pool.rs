//! Connections to one endpoint: kept, lent, returned.

use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use http::{Request, Response};
use hyper::body::Incoming;
use hyper::client::conn::{TrySendError, http1, http2};
use hyper_util::rt::TokioIo;

use crate::http::body::RequestBody;
use crate::sockets;
use crate::stats::{ClusterStats, HostStats, Registry, Scope};
use crate::view::ClusterView;

/// One endpoint with its connections.
pub(crate) struct Upstream {
    /// Where.
    pub(crate) address: SocketAddr,
    idle: RefCell<Vec<Idle>>,
    active: Cell<u32>,
    /// Its statistics.
    pub(crate) stats: Arc<HostStats>,
}

struct Idle {
    connection: Connection,
    since: Instant,
}

/// A connection.
pub(crate) struct Connection {
    /// Sends requests.
    pub(crate) sender: Sender,
    requests: u32,
    /// The address that it comes from.
    pub(crate) local: Option<SocketAddr>,
}

/// The version of HTTP that a connection speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Protocol {
    /// One request at a time.
    Http1,
    /// Many requests at a time.
    Http2,
}

/// Sends requests on a connection.
pub(crate) enum Sender {
    /// HTTP/1.1.
    Http1(http1::SendRequest<RequestBody>),
    /// HTTP/2; what is cloned sends on the same connection.
    Http2(http2::SendRequest<RequestBody>),
}

impl Sender {
    fn protocol(&self) -> Protocol {
        match self {
            Self::Http1(_) => Protocol::Http1,
            Self::Http2(_) => Protocol::Http2,
        }
    }

    fn is_closed(&self) -> bool {
        match self {
            Self::Http1(sender) => sender.is_closed(),
            Self::Http2(sender) => sender.is_closed(),
        }
    }

    /// Waits until a request can be sent.
    pub(crate) async fn ready(&mut self) -> hyper::Result<()> {
        match self {
            Self::Http1(sender) => sender.ready().await,
            Self::Http2(sender) => sender.ready().await,
        }
    }

    /// Sends a request; what was not begun to be sent comes back.
    pub(crate) async fn try_send_request(
        &mut self,
        request: Request<RequestBody>,
    ) -> Result<Response<Incoming>, TrySendError<Request<RequestBody>>> {
        match self {
            Self::Http1(sender) => sender.try_send_request(request).await,
            Self::Http2(sender) => sender.try_send_request(as_http2(request)).await.map(as_http1),
        }
    }
}

/// The head as HTTP/2 has it: the host in the URI. A request that comes back and is sent anew keeps it.
fn as_http2(mut request: Request<RequestBody>) -> Request<RequestBody> {
    let host = request.headers_mut().remove(http::header::HOST);
    let authority = host.and_then(|host| http::uri::Authority::try_from(host.as_bytes()).ok());
    if let Some(authority) = authority {
        let mut parts = std::mem::take(request.uri_mut()).into_parts();
        parts.scheme = Some(http::uri::Scheme::HTTP);
        parts.authority = Some(authority);
        // The parts of a URI with a path make one again.
        *request.uri_mut() = http::Uri::from_parts(parts).unwrap_or_default();
    }
    *request.version_mut() = http::Version::HTTP_2;
    request
}

fn as_http1(mut response: Response<Incoming>) -> Response<Incoming> {
    *response.version_mut() = http::Version::HTTP_11;
    response
}

/// Runs the tasks of HTTP/2 connections on the worker's own thread.
#[derive(Clone, Copy)]
struct Local;

impl<F: Future + 'static> hyper::rt::Executor<F> for Local {
    fn execute(&self, task: F) {
        tokio::task::spawn_local(async move {
            task.await;
        });
    }
}

/// Why no connection could be made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConnectError {
    /// It took too long.
    #[error("connection timeout")]
    Timeout,
    /// The system refused.
    #[error("delayed connect error: {}", describe(.0))]
    Io(std::io::Error),
    /// The protocol could not be set up.
    #[error("{0}")]
    Protocol(hyper::Error),
}

/// The system's words for an error, as `strerror` has them.
fn describe(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or(&text).to_owned()
}

/// The right to one request on a connection; gives it back or closes it.
pub(crate) struct Lease {
    connection: Option<Connection>,
    upstream: Rc<Upstream>,
    cluster: Rc<ClusterView>,
}

impl Connection {
    /// The same connection for others; none of HTTP/1.1, which takes one request at a time.
    fn shared(&self) -> Option<Self> {
        match &self.sender {
            Sender::Http1(_) => None,
            Sender::Http2(sender) => Some(Self {
                sender: Sender::Http2(sender.clone()),
                requests: self.requests + 1,
                local: self.local,
            }),
        }
    }
}

impl Upstream {
    /// An endpoint without connections.
    pub(crate) fn new(address: SocketAddr, cluster: &str, registry: &Registry) -> Self {
        let stats = Arc::default();
        registry.add(Scope::Host(cluster.to_owned(), address.to_string()), &stats);
        Self { address, idle: RefCell::default(), active: Cell::new(0), stats }
    }

    /// Requests under way.
    pub(crate) fn active(&self) -> u32 {
        self.active.get()
    }

    /// Whether it has connections or requests.
    pub(crate) fn is_used(&self) -> bool {
        self.active.get() > 0 || !self.idle.borrow().is_empty()
    }

    /// Closes connections that were idle for too long; 0 is for ever.
    pub(crate) fn close_idle(&self, timeout: Duration) {
        self.idle.borrow_mut().retain(|idle| {
            !idle.connection.sender.is_closed() && (timeout.is_zero() || idle.since.elapsed() < timeout)
        });
    }

    /// A connection that is kept, the one used last first; `None` where there is none.
    pub(crate) fn take(self: &Rc<Self>, cluster: &Rc<ClusterView>, protocol: Protocol) -> Option<Lease> {
        let timeout = cluster.config.idle_timeout;
        loop {
            let idle = self.pick(protocol)?;
            let fresh = timeout.is_zero() || idle.since.elapsed() < timeout;
            if !idle.connection.sender.is_closed() && fresh {
                return Some(self.lend(cluster, idle.connection));
            }
        }
    }

    /// The connection of this version that was used last. One of HTTP/2 stays for others too.
    fn pick(&self, protocol: Protocol) -> Option<Idle> {
        let mut idle = self.idle.borrow_mut();
        let at = idle.iter().rposition(|idle| idle.connection.sender.protocol() == protocol)?;
        let found = idle.remove(at);
        if let Some(connection) = found.connection.shared() {
            idle.push(Idle { connection, since: Instant::now() });
        }
        Some(found)
    }

    /// A new connection.
    pub(crate) async fn connect(
        self: &Rc<Self>,
        cluster: &Rc<ClusterView>,
        protocol: Protocol,
    ) -> Result<Lease, ConnectError> {
        let stats = &cluster.stats;
        stats.upstream_cx_total.inc();
        match protocol {
            Protocol::Http1 => stats.upstream_cx_http1_total.inc(),
            Protocol::Http2 => stats.upstream_cx_http2_total.inc(),
        }
        self.stats.cx_total.inc();
        match self.open(cluster, protocol).await {
            Ok(connection) => {
                if let Some(connection) = connection.shared() {
                    self.idle.borrow_mut().push(Idle { connection, since: Instant::now() });
                }
                Ok(self.lend(cluster, connection))
            }
            Err(error) => {
                stats.upstream_cx_connect_fail.inc();
                if matches!(error, ConnectError::Timeout) {
                    stats.upstream_cx_connect_timeout.inc();
                }
                self.stats.cx_connect_fail.inc();
                Err(error)
            }
        }
    }

    async fn open(&self, cluster: &Rc<ClusterView>, protocol: Protocol) -> Result<Connection, ConnectError> {
        let connecting = sockets::connect(self.address, &cluster.config.source_addresses);
        let stream = tokio::time::timeout(cluster.config.connect_timeout, connecting)
            .await
            .map_err(|_| ConnectError::Timeout)?
            .map_err(ConnectError::Io)?;
        stream.set_nodelay(true).map_err(ConnectError::Io)?;
        let local = stream.local_addr().ok();
        let open = OpenConnection::new(Arc::clone(&cluster.stats), Arc::clone(&self.stats));
        let sender = match protocol {
            Protocol::Http1 => {
                let (sender, connection) = http1::Builder::new()
                    .max_headers(MAX_RESPONSE_HEADERS)
                    .handshake(TokioIo::new(stream))
                    .await
                    .map_err(ConnectError::Protocol)?;
                tokio::task::spawn_local(async move {
                    // How it ended is told to whoever waits for a response on it.
                    let _ = connection.with_upgrades().await;
                    drop(open);
                });
                Sender::Http1(sender)
            }
            Protocol::Http2 => {
                let (sender, connection) = http2::Builder::new(Local)
                    .handshake(TokioIo::new(stream))
                    .await
                    .map_err(ConnectError::Protocol)?;
                tokio::task::spawn_local(async move {
                    let _ = connection.await;
                    drop(open);
                });
                Sender::Http2(sender)
            }
        };
        Ok(Connection { sender, requests: 0, local })
    }

    fn lend(self: &Rc<Self>, cluster: &Rc<ClusterView>, mut connection: Connection) -> Lease {
        connection.requests += 1;
        self.active.set(self.active.get() + 1);
        self.stats.rq_active.inc();
        self.stats.rq_total.inc();
        cluster.stats.upstream_rq_active.inc();
        cluster.stats.upstream_rq_total.inc();
        Lease { connection: Some(connection), upstream: Rc::clone(self), cluster: Rc::clone(cluster) }
    }
}

/// Headers of a response at most, which is Envoy's limit.
const MAX_RESPONSE_HEADERS: usize = 100;

/// Counts a connection for as long as it is open.
struct OpenConnection {
    cluster: Arc<ClusterStats>,
    host: Arc<HostStats>,
}

impl OpenConnection {
    fn new(cluster: Arc<ClusterStats>, host: Arc<HostStats>) -> Self {
        cluster.upstream_cx_active.inc();
        host.cx_active.inc();
        Self { cluster, host }
    }
}

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.cluster.upstream_cx_active.dec();
        self.cluster.upstream_cx_destroy.inc();
        self.host.cx_active.dec();
    }
}

impl Lease {
    /// The connection, where it was not given back.
    pub(crate) fn connection(&mut self) -> Option<&mut Connection> {
        self.connection.as_mut()
    }

    /// Whether the connection was made for this request.
    pub(crate) fn is_new(&self) -> bool {
        self.connection.as_ref().is_none_or(|connection| connection.requests == 1)
    }

    /// Keeps the connection for the next request, after the response was read to its end.
    pub(crate) fn give_back(mut self) {
        let Some(connection) = self.connection.take() else { return };
        let limit = self.cluster.config.max_requests_per_connection;
        if limit > 0 && connection.requests >= limit {
            self.cluster.stats.upstream_cx_max_requests.inc();
            return;
        }
        // One of HTTP/2 is kept already.
        if !connection.sender.is_closed() && connection.sender.protocol() == Protocol::Http1 {
            self.upstream.idle.borrow_mut().push(Idle { connection, since: Instant::now() });
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.upstream.active.set(self.upstream.active.get() - 1);
        self.upstream.stats.rq_active.dec();
        self.cluster.stats.upstream_rq_active.dec();
    }
}
