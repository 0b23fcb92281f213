//! Statistics: one block of counters for each worker, summed when they are read.
//!
//! A block has one writer, so that counting is a plain load and store; the names are Envoy's.

mod blocks;
mod registry;
mod render;

pub(crate) use blocks::{ClusterStats, HostStats, HttpStats, ListenerStats, TcpStats};
pub(crate) use registry::{Registry, Scope};
pub(crate) use render::{prometheus, text};

use std::sync::atomic::{AtomicU64, Ordering};

/// A number that one thread writes and any may read.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    /// Adds one.
    pub(crate) fn inc(&self) {
        self.add(1);
    }

    /// Adds a number.
    pub(crate) fn add(&self, number: u64) {
        self.0.store(self.get().wrapping_add(number), Ordering::Relaxed);
    }

    /// Takes one away, where the number is a gauge.
    pub(crate) fn dec(&self) {
        self.0.store(self.get().wrapping_sub(1), Ordering::Relaxed);
    }

    /// The number now.
    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Whether a number can fall.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// It only grows.
    Counter,
    /// It rises and falls.
    Gauge,
}

/// A block of named numbers.
pub(crate) trait Block: Send + Sync {
    /// Calls back with each number.
    fn each(&self, visit: &mut dyn FnMut(&str, Kind, u64));
}
