//! Workers: one thread each, with a runtime, sockets, pools and statistics of its own.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::net::{SocketAddr, TcpListener as StdListener};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::mpsc::SyncSender;
use std::time::Duration;

use mesh_proxy_config::{ConnectionFacts, Snapshot};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::LocalSet;

use crate::access_log::{LogBuffers, LogFiles};
use crate::http::connection::{self, Ends};
use crate::inspect::inspect;
use crate::random::Random;
use crate::replay::Replayed;
use crate::sockets;
use crate::stats::Registry;
use crate::tcp;
use crate::view::{ListenerKey, ListenerView, NetworkView, View};

/// What a worker is told.
pub(crate) enum Command {
    /// Take a configuration, with sockets for the listeners that are new.
    Apply {
        /// The worker's own copy: nothing in it is shared, so that no request writes what another worker reads.
        snapshot: Box<Snapshot>,
        /// Sockets of new listeners.
        sockets: Vec<(ListenerKey, StdListener)>,
        /// Told when the configuration is in use.
        done: SyncSender<()>,
    },
    /// Accept no more, and close connections after the requests under way.
    Drain,
    /// Drain, and end when all connections are closed or after this time.
    End(Duration),
}

/// A worker, as its own thread sees it.
pub(crate) struct Worker {
    view: RefCell<Rc<View>>,
    /// Random numbers.
    pub(crate) random: Random,
    registry: Arc<Registry>,
    logs: LogBuffers,
    listeners: RefCell<HashMap<ListenerKey, watch::Sender<bool>>>,
    connections: Cell<usize>,
    closed: Notify,
}

/// How often idle connections are looked for.
const SWEEP: Duration = Duration::from_secs(5);
/// How long a line may wait before it is written to an access log.
const FLUSH: Duration = Duration::from_millis(100);
/// How long nothing is accepted after the system had no room for another connection.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Starts a worker; it ends after [`Command::End`] or when no more commands can come.
pub(crate) fn spawn(
    index: usize,
    registry: Arc<Registry>,
    logs: LogFiles,
) -> std::io::Result<(mpsc::UnboundedSender<Command>, std::thread::JoinHandle<()>)> {
    let (sender, commands) = mpsc::unbounded_channel();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build()?;
    let thread = std::thread::Builder::new().name(format!("worker-{index}")).spawn(move || {
        let worker = Rc::new(Worker {
            view: RefCell::new(Rc::new(View::empty())),
            random: Random::new(),
            registry,
            logs: LogBuffers::new(logs),
            listeners: RefCell::default(),
            connections: Cell::new(0),
            closed: Notify::new(),
        });
        let local = LocalSet::new();
        local.block_on(&runtime, Rc::clone(&worker).run(commands));
        // Tasks that are left hold connections; dropping them closes these and writes their log lines.
        drop(local);
        worker.logs.flush();
    })?;
    Ok((sender, thread))
}

impl Worker {
    /// The configuration now.
    pub(crate) fn view(&self) -> Rc<View> {
        Rc::clone(&self.view.borrow())
    }

    async fn run(self: Rc<Self>, mut commands: mpsc::UnboundedReceiver<Command>) {
        let mut sweep = tokio::time::interval(SWEEP);
        let mut flush = tokio::time::interval(FLUSH);
        loop {
            tokio::select! {
                command = commands.recv() => match command {
                    Some(Command::Apply { snapshot, sockets, done }) => {
                        self.apply(*snapshot, sockets);
                        // Whoever waited may be gone.
                        let _ = done.send(());
                    }
                    Some(Command::Drain) => self.drain(),
                    Some(Command::End(grace)) => {
                        self.drain();
                        let _ = tokio::time::timeout(grace, self.all_closed()).await;
                        break;
                    }
                    None => break,
                },
                _ = sweep.tick() => self.view().close_idle(),
                _ = flush.tick() => self.logs.flush(),
            }
        }
    }

    /// Swaps the view: the next request on any connection sees the new configuration, those under way keep theirs.
    fn apply(self: &Rc<Self>, snapshot: Snapshot, sockets: Vec<(ListenerKey, StdListener)>) {
        let view = Rc::new(View::new(snapshot, &self.view(), &self.registry, &self.logs));
        *self.view.borrow_mut() = Rc::clone(&view);
        self.listeners.borrow_mut().retain(|key, stop| {
            let stays = view.listener(key).is_some();
            if !stays {
                stop.send_replace(true);
            }
            stays
        });
        for (key, socket) in sockets {
            match TcpListener::from_std(socket) {
                Ok(socket) => {
                    let (stop, stopped) = watch::channel(false);
                    tokio::task::spawn_local(Rc::clone(self).accept(key.clone(), socket, stopped));
                    self.listeners.borrow_mut().insert(key, stop);
                }
                Err(error) => crate::log::warn(format_args!("a listening socket cannot be used: {error}")),
            }
        }
    }

    fn drain(&self) {
        #[expect(clippy::iter_over_hash_type, reason = "all are told the same")]
        for stop in self.listeners.borrow().values() {
            stop.send_replace(true);
        }
    }

    async fn all_closed(&self) {
        loop {
            let closed = self.closed.notified();
            if self.connections.get() == 0 {
                return;
            }
            closed.await;
        }
    }

    /// Accepts connections until it is told to stop; those that wait already are still served.
    async fn accept(
        self: Rc<Self>,
        key: ListenerKey,
        socket: TcpListener,
        mut stopped: watch::Receiver<bool>,
    ) {
        let Some(mut listener) = self.view().listener(&key).cloned() else { return };
        loop {
            let stop = stopped.clone();
            tokio::select! {
                biased;
                _ = stopped.changed() => break,
                accepted = socket.accept() => {
                    if let Ok((stream, peer)) = accepted {
                        if let Some(newest) = self.view().listener(&key) {
                            listener = newest.clone();
                        }
                        self.serve(&key, listener.clone(), stream, peer, stop);
                    } else {
                        listener.stats.downstream_accept_error.inc();
                        tokio::time::sleep(ACCEPT_PAUSE).await;
                    }
                }
            }
        }
        if let Ok(socket) = socket.into_std() {
            while let Ok((stream, peer)) = socket.accept() {
                if stream.set_nonblocking(true).is_ok()
                    && let Ok(stream) = TcpStream::from_std(stream)
                {
                    self.serve(&key, listener.clone(), stream, peer, stopped.clone());
                }
            }
        }
    }

    fn serve(
        self: &Rc<Self>,
        key: &ListenerKey,
        listener: ListenerView,
        stream: TcpStream,
        peer: SocketAddr,
        stop: watch::Receiver<bool>,
    ) {
        let view = self.view();
        let restores = listener.inspectors.original_destination;
        let destination = restores.then(|| sockets::original_destination(&stream)).flatten();
        let Ok(local) = stream.local_addr() else { return };
        let handed = destination
            .filter(|_| listener.hands_over)
            .and_then(|destination| view.listener_for(destination));
        let (key, listener) =
            handed.map_or_else(|| (key.clone(), listener), |(key, listener)| (key, listener.clone()));
        let facts = ConnectionFacts::new(destination.unwrap_or(local), peer.ip());
        let ends = Ends { local, peer, destination, facts };
        let worker = Rc::clone(self);
        self.connections.set(self.connections.get() + 1);
        tokio::task::spawn_local(async move {
            worker.clone().carry(view, key, listener, stream, ends, stop).await;
            worker.connections.set(worker.connections.get() - 1);
            worker.closed.notify_waiters();
        });
    }

    /// Finds out which filter chain a connection is for, and serves it to its end.
    async fn carry(
        self: Rc<Self>,
        view: Rc<View>,
        key: ListenerKey,
        listener: ListenerView,
        mut stream: TcpStream,
        mut ends: Ends,
        mut stop: watch::Receiver<bool>,
    ) {
        let stats = Arc::clone(&listener.stats);
        let mut read = Vec::new();
        if listener.inspectors.looks(ends.facts.destination.port()) != (false, false) {
            stats.downstream_pre_cx_active.inc();
            let inspecting = inspect(&mut stream, &listener.inspectors, &mut ends.facts);
            let looked = tokio::select! {
                looked = inspecting => looked,
                // A client that says nothing does not hold up the end.
                _ = stop.wait_for(|stop| *stop) => None,
            };
            stats.downstream_pre_cx_active.dec();
            let Some(bytes) = looked else {
                stats.downstream_pre_cx_timeout.inc();
                return;
            };
            read = bytes;
        }
        // A connection that no filter chain is for is closed.
        let Some(network) = listener.network(&ends.facts).cloned() else {
            stats.no_filter_chain_match.inc();
            return;
        };
        stats.downstream_cx_total.inc();
        stats.downstream_cx_active.inc();
        let stream = Replayed::new(stream, read);
        match network {
            NetworkView::Http(http) => connection::run(self, stream, ends, key, http, stop).await,
            NetworkView::Tcp(tcp) => tcp::run(self, view, stream, ends.destination, tcp).await,
            NetworkView::AwaitsSecret => stats.ssl_downstream_context_secrets_not_ready.inc(),
        }
        stats.downstream_cx_active.dec();
        stats.downstream_cx_destroy.inc();
    }
}
