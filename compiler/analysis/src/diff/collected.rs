//! Differences with everyone who shows them: in a mesh of thousands of services often all proxies show the same one.

use std::collections::BTreeSet;

use meshc_diagnostics::Witness;
use meshc_effective::model::{Proxy, ProxyKind};
use rustc_hash::{FxHashMap, FxHashSet};

use super::change::Affected;
use super::compare::Found;

/// A difference with all proxies that show it.
pub(super) struct Collected {
    pub(super) found: Found,
    pub(super) requests: BTreeSet<String>,
    pub(super) witness: Option<Witness>,
    /// Whether a gateway is among its proxies.
    pub(super) at_gateway: bool,
    /// By their places in memory, where the meshes hold them.
    proxies: FxHashSet<usize>,
    /// By their numbers.
    workloads: FxHashSet<u32>,
}

impl Collected {
    pub(super) fn new(found: &Found, proxy: &Proxy) -> Self {
        Self {
            witness: found.witness(proxy),
            found: found.clone(),
            requests: BTreeSet::new(),
            at_gateway: false,
            proxies: FxHashSet::default(),
            workloads: FxHashSet::default(),
        }
    }

    /// So many more proxies are going to show it.
    pub(super) fn expect(&mut self, proxies: usize) {
        self.proxies.reserve(proxies);
    }

    /// A proxy shows it.
    pub(super) fn has(&mut self, proxy: &Proxy, workloads: &mut Workloads) {
        if self.proxies.insert(std::ptr::from_ref(proxy).addr()) {
            self.workloads.insert(workloads.number(proxy));
            self.at_gateway |= proxy.kind == ProxyKind::Gateway;
        }
    }

    /// All of them.
    pub(super) fn affected(&self, names: &Names) -> Affected {
        let mut ranks: Vec<u32> =
            self.workloads.iter().filter_map(|&number| names.ranks.get(number as usize).copied()).collect();
        ranks.sort_unstable();
        let workloads = ranks.into_iter().filter_map(|rank| names.sorted.get(rank as usize).cloned());
        Affected { proxies: self.proxies.len(), workloads: workloads.collect() }
    }
}

/// Numbers of workloads, by which they are told apart faster than by their names.
#[derive(Default)]
pub(super) struct Workloads {
    /// By the places of their proxies in memory.
    of_proxies: FxHashMap<usize, u32>,
    numbers: FxHashMap<String, u32>,
}

impl Workloads {
    fn number(&mut self, proxy: &Proxy) -> u32 {
        let Self { of_proxies, numbers } = self;
        *of_proxies.entry(std::ptr::from_ref(proxy).addr()).or_insert_with(|| {
            let next = numbers.len() as u32;
            *numbers.entry(format!("{}.{}", proxy.workload, proxy.id.namespace)).or_insert(next)
        })
    }

    /// The names, once there are no more.
    pub(super) fn names(self) -> Names {
        let mut named: Vec<(String, u32)> = self.numbers.into_iter().collect();
        named.sort_unstable();
        let mut ranks = vec![0; named.len()];
        for (rank, (_, number)) in (0..).zip(&named) {
            if let Some(slot) = ranks.get_mut(*number as usize) {
                *slot = rank;
            }
        }
        Names { sorted: named.into_iter().map(|(name, _)| name).collect(), ranks }
    }
}

/// The names of workloads, `NAME.NAMESPACE`.
pub(super) struct Names {
    sorted: Vec<String>,
    /// The place of each among them, by number.
    ranks: Vec<u32>,
}
