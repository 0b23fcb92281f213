//! Which blocks there are; read by the administration, written when views are built.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Instant;

use super::{Block, Kind};

/// What a block counts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Scope {
    /// A cluster, by its name in statistics.
    Cluster(String),
    /// An endpoint of a cluster.
    Host(String, String),
    /// A connection manager.
    Http(String),
    /// A listener.
    Listener(String),
    /// A TCP proxy.
    Tcp(String),
}

/// The sum of a number over all workers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sum {
    /// Whether it can fall.
    pub(crate) kind: Kind,
    /// The sum.
    pub(crate) value: u64,
}

/// All blocks of all workers.
pub(crate) struct Registry {
    blocks: Mutex<Vec<(Scope, Weak<dyn Block>)>>,
    /// What the process counts.
    pub(crate) server: ServerStats,
}

/// What the process counts; written where configuration is loaded, never by a request.
pub(crate) struct ServerStats {
    /// When the process began.
    pub(crate) start: Instant,
    /// Configurations that were applied.
    pub(crate) updates: AtomicU64,
    /// Configurations that were refused.
    pub(crate) rejected: AtomicU64,
    /// Workers.
    pub(crate) concurrency: u64,
    /// Clusters now.
    pub(crate) clusters: AtomicU64,
    /// Listeners now.
    pub(crate) listeners: AtomicU64,
    /// Whether the process is going to end.
    pub(crate) draining: AtomicU64,
}

impl Registry {
    pub(crate) fn new(concurrency: usize) -> Self {
        Self {
            blocks: Mutex::new(Vec::new()),
            server: ServerStats {
                start: Instant::now(),
                updates: AtomicU64::new(0),
                rejected: AtomicU64::new(0),
                concurrency: concurrency as u64,
                clusters: AtomicU64::new(0),
                listeners: AtomicU64::new(0),
                draining: AtomicU64::new(0),
            },
        }
    }

    /// Adds a block; it is forgotten when its worker drops it.
    pub(crate) fn add<T: Block + 'static>(&self, scope: Scope, block: &Arc<T>) {
        let weak: Weak<T> = Arc::downgrade(block);
        let mut blocks = self.blocks.lock().unwrap_or_else(PoisonError::into_inner);
        if blocks.len() == blocks.capacity() {
            blocks.retain(|(_, block)| block.strong_count() > 0);
        }
        blocks.push((scope, weak));
    }

    /// The sums of all numbers, by scope and name.
    pub(crate) fn sums(&self) -> BTreeMap<Scope, BTreeMap<String, Sum>> {
        let mut sums: BTreeMap<Scope, BTreeMap<String, Sum>> = BTreeMap::new();
        for (scope, block) in self.blocks.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            let Some(block) = block.upgrade() else { continue };
            let names = sums.entry(scope.clone()).or_default();
            block.each(&mut |name, kind, value| match names.get_mut(name) {
                Some(sum) => sum.value = sum.value.wrapping_add(value),
                None => {
                    names.insert(name.to_owned(), Sum { kind, value });
                }
            });
        }
        sums
    }

    /// What the process counts, under Envoy's names where it has one.
    pub(crate) fn server_values(&self) -> Vec<(&'static str, Kind, u64)> {
        let get = |value: &AtomicU64| value.load(Ordering::Relaxed);
        let (updates, rejected) = (get(&self.server.updates), get(&self.server.rejected));
        vec![
            ("cluster_manager.active_clusters", Kind::Gauge, get(&self.server.clusters)),
            ("cluster_manager.cds.update_rejected", Kind::Counter, rejected),
            ("cluster_manager.cds.update_success", Kind::Counter, updates),
            ("listener_manager.lds.update_rejected", Kind::Counter, rejected),
            ("listener_manager.lds.update_success", Kind::Counter, updates),
            ("listener_manager.total_listeners_active", Kind::Gauge, get(&self.server.listeners)),
            ("mesh_proxy.update_rejected", Kind::Counter, rejected),
            ("mesh_proxy.update_success", Kind::Counter, updates),
            ("server.concurrency", Kind::Gauge, self.server.concurrency),
            ("server.live", Kind::Gauge, u64::from(get(&self.server.draining) == 0)),
            ("server.uptime", Kind::Gauge, self.server.start.elapsed().as_secs()),
        ]
    }
}
