//! Taking configurations: everything that can fail happens before the first worker is told.

use std::collections::{BTreeMap, HashSet};
use std::net::SocketAddr;
use std::sync::atomic::Ordering;
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use mesh_proxy_config::{Network, Snapshot};
use meshc_envoy::{Bootstrap, NodeConfig};
use tokio::sync::mpsc::UnboundedSender;

use crate::access_log::LogFiles;
use crate::error::ProxyError;
use crate::sockets;
use crate::source::{Loaded, Source};
use crate::stats::Registry;
use crate::view::ListenerKey;
use crate::worker::Command;

/// How long a worker may take to use a new configuration before that is said.
const SLOW: Duration = Duration::from_secs(10);

/// What the administration shows, and what the next configuration is compared with.
pub(crate) struct Control {
    /// Where the configuration comes from.
    pub(crate) source: Source,
    /// Statistics.
    pub(crate) registry: Arc<Registry>,
    logs: LogFiles,
    workers: Vec<UnboundedSender<Command>>,
    state: Mutex<State>,
}

/// The configuration in use.
#[derive(Clone, Default)]
pub(crate) struct State {
    /// The resources.
    pub(crate) resources: Arc<NodeConfig>,
    /// The bootstrap.
    pub(crate) bootstrap: Option<Arc<Bootstrap>>,
    /// The bundle's digest.
    pub(crate) digest: Option<String>,
    /// The digest of its endpoints.
    pub(crate) endpoints_digest: Option<String>,
    /// The node.
    pub(crate) node: String,
    /// When it was taken.
    pub(crate) updated: Option<SystemTime>,
    /// The addresses of its listeners, as they were really opened, with their names.
    pub(crate) listeners: BTreeMap<ListenerKey, (String, SocketAddr)>,
    /// Why a newer one was refused.
    pub(crate) last_error: Option<String>,
    /// Whether connections are being closed.
    pub(crate) draining: bool,
}

impl Control {
    /// A control of workers that have no configuration yet.
    pub(crate) fn new(
        source: Source,
        registry: Arc<Registry>,
        logs: LogFiles,
        workers: Vec<UnboundedSender<Command>>,
    ) -> Self {
        Self { source, registry, logs, workers, state: Mutex::default() }
    }

    /// The configuration in use.
    pub(crate) fn state(&self) -> State {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Loads the source again; what is wrong is noted, counted and said, and the old configuration stays.
    pub(crate) fn reload(&self) {
        // A bundle that is replaced twice in a row may lose parts of the first while it is read; the second is whole.
        let loaded = match self.source.load().or_else(|_| self.source.load()) {
            Ok(loaded) => loaded,
            Err(error) => return self.refused(&error),
        };
        let state = self.state();
        let same = loaded.digest.is_some()
            && loaded.digest == state.digest
            && loaded.endpoints_digest == state.endpoints_digest;
        if same {
            // What was wrong before is right again, and is what is in use.
            self.lock().last_error = None;
            return;
        }
        match self.apply(loaded) {
            Ok(()) => {
                let digest = self.state().digest.unwrap_or_default();
                crate::log::info(format_args!("configuration {digest} is in use"));
            }
            Err(error) => self.refused(&error),
        }
    }

    fn refused(&self, error: &ProxyError) {
        self.registry.server.rejected.fetch_add(1, Ordering::Relaxed);
        self.lock().last_error = Some(error.to_string());
        crate::log::warn(format_args!("a new configuration was refused, the old one stays in use: {error}"));
    }

    /// Takes a configuration: sockets and log files first, then every worker.
    pub(crate) fn apply(&self, loaded: Loaded) -> Result<(), ProxyError> {
        let mut listeners = BTreeMap::new();
        let mut sockets = Vec::new();
        let open = self.state().listeners;
        let mut wanted = HashSet::new();
        for listener in loaded.snapshot.listeners.iter().filter(|listener| listener.binds) {
            let key = ListenerKey::of(listener);
            wanted.insert(key.clone());
            let address = if let Some((_, address)) = open.get(&key) {
                *address
            } else {
                let opened = sockets::bind(listener.address, self.workers.len()).map_err(|error| {
                    let advice = sockets::advice(listener.address, &error);
                    ProxyError::System(format!("listener {:?}: {advice}", listener.name))
                })?;
                let address =
                    opened.first().and_then(|socket| socket.local_addr().ok()).unwrap_or(listener.address);
                sockets.push((key.clone(), opened));
                address
            };
            listeners.insert(key, (listener.name.to_string(), address));
        }
        self.open_logs(&loaded.snapshot)?;
        let mut copies = Vec::with_capacity(self.workers.len());
        for _ in 1..self.workers.len() {
            copies.push(loaded.compile()?);
        }
        for line in loaded.snapshot.awaited_secrets() {
            crate::log::warn(line);
        }
        let (clusters, count) = (loaded.snapshot.clusters.len(), loaded.snapshot.listeners.len());
        copies.push(loaded.snapshot);
        let (done, finished) = sync_channel(self.workers.len());
        for (worker, snapshot) in self.workers.iter().zip(copies) {
            let own = sockets
                .iter_mut()
                .filter_map(|(key, all)| all.pop().map(|socket| (key.clone(), socket)))
                .collect();
            let command = Command::Apply { snapshot: Box::new(snapshot), sockets: own, done: done.clone() };
            // A worker ends only with the process.
            let _ = worker.send(command);
        }
        for _ in &self.workers {
            if finished.recv_timeout(SLOW).is_err() {
                crate::log::warn("a worker is slow to use the new configuration");
            }
        }
        let server = &self.registry.server;
        server.updates.fetch_add(1, Ordering::Relaxed);
        server.clusters.store(clusters as u64, Ordering::Relaxed);
        server.listeners.store(count as u64, Ordering::Relaxed);
        let mut state = self.lock();
        let draining = state.draining;
        *state = State {
            resources: loaded.resources,
            bootstrap: loaded.bootstrap,
            digest: loaded.digest,
            endpoints_digest: loaded.endpoints_digest,
            node: loaded.node,
            updated: Some(SystemTime::now()),
            listeners,
            last_error: None,
            draining,
        };
        Ok(())
    }

    fn open_logs(&self, snapshot: &Snapshot) -> Result<(), ProxyError> {
        for network in snapshot.listeners.iter().flat_map(mesh_proxy_config::Listener::networks) {
            let Network::Http(http) = network else { continue };
            for log in &http.access_logs {
                self.logs.open(&log.path).map_err(|error| {
                    ProxyError::System(format!("cannot open the access log {}: {error}", log.path))
                })?;
            }
        }
        Ok(())
    }

    /// Tells every worker to accept no more and to close connections after the requests under way.
    pub(crate) fn drain(&self) {
        self.lock().draining = true;
        for worker in &self.workers {
            let _ = worker.send(Command::Drain);
        }
    }

    /// Drains, and ends the workers.
    pub(crate) fn end(&self, grace: Duration) {
        self.lock().draining = true;
        self.registry.server.draining.store(1, Ordering::Relaxed);
        for worker in &self.workers {
            let _ = worker.send(Command::End(grace));
        }
    }
}
