//! The TCP proxy: bytes both ways.

use std::cell::Cell;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Instant;

use crate::replay::Replayed;
use crate::sockets;
use crate::stats::TcpStats;
use crate::view::{ClusterView, TcpView, View};
use crate::worker::Worker;

/// Serves a connection to its end.
pub(crate) async fn run(
    worker: Rc<Worker>,
    view: Rc<View>,
    mut client: Replayed,
    destination: Option<SocketAddr>,
    tcp: Rc<TcpView>,
) {
    let stats = Arc::clone(&tcp.stats);
    stats.downstream_cx_total.inc();
    stats.downstream_cx_active.inc();
    let _open = Open(&stats);
    let (_, index) = tcp.config.choose(worker.random.next());
    let Some(cluster) = index.and_then(|index| view.clusters.get(index)) else {
        stats.downstream_cx_no_route.inc();
        return;
    };
    let Some(server) = connect(&worker, cluster, destination, tcp.config.max_connect_attempts).await else {
        return;
    };
    if client.socket().set_nodelay(true).is_err() || server.set_nodelay(true).is_err() {
        return;
    }
    let used = Rc::new(Cell::new(Instant::now()));
    cluster.stats.upstream_cx_active.inc();
    let mut server = Watched { stream: server, used: Rc::clone(&used), stats: Arc::clone(&stats) };
    tokio::select! {
        // How the connection ends is the affair of its two sides.
        _ = tokio::io::copy_bidirectional(&mut client, &mut server) => {}
        () = silence(&used, tcp.config.idle_timeout) => stats.idle_timeout.inc(),
    }
    cluster.stats.upstream_cx_active.dec();
    cluster.stats.upstream_cx_destroy.inc();
}

struct Open<'a>(&'a TcpStats);

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.0.downstream_cx_active.dec();
    }
}

async fn connect(
    worker: &Worker,
    cluster: &ClusterView,
    destination: Option<SocketAddr>,
    attempts: u32,
) -> Option<TcpStream> {
    for _ in 0..attempts {
        let Some(upstream) = cluster.choose(&worker.random, destination) else {
            cluster.stats.upstream_cx_none_healthy.inc();
            return None;
        };
        cluster.stats.upstream_cx_total.inc();
        upstream.stats.cx_total.inc();
        let connecting = sockets::connect(upstream.address, &cluster.config.source_addresses);
        match tokio::time::timeout(cluster.config.connect_timeout, connecting).await {
            Ok(Ok(stream)) => return Some(stream),
            Ok(Err(_)) => {}
            Err(_) => cluster.stats.upstream_cx_connect_timeout.inc(),
        }
        cluster.stats.upstream_cx_connect_fail.inc();
        upstream.stats.cx_connect_fail.inc();
    }
    None
}

/// Waits until nothing was sent for too long.
async fn silence(used: &Cell<Instant>, timeout: Duration) {
    if timeout.is_zero() {
        return std::future::pending().await;
    }
    loop {
        let until = used.get() + timeout;
        if until <= Instant::now() {
            return;
        }
        tokio::time::sleep_until(until).await;
    }
}

/// The upstream's side, which notes when it is used and counts.
struct Watched {
    stream: TcpStream,
    used: Rc<Cell<Instant>>,
    stats: Arc<TcpStats>,
}

impl AsyncRead for Watched {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(context, buffer);
        let read = buffer.filled().len() - before;
        if read > 0 {
            self.used.set(Instant::now());
            self.stats.downstream_cx_tx_bytes_total.add(read as u64);
        }
        polled
    }
}

impl AsyncWrite for Watched {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write(context, bytes);
        if let Poll::Ready(Ok(written)) = &polled {
            self.used.set(Instant::now());
            self.stats.downstream_cx_rx_bytes_total.add(*written as u64);
        }
        polled
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
