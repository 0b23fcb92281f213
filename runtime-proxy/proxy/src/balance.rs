//! Choosing an endpoint.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use mesh_proxy_config::LoadBalancer;

use crate::pool::Upstream;
use crate::random::Random;

/// The endpoints of a cluster and how one is chosen.
pub(crate) struct Balancer {
    policy: LoadBalancer,
    upstreams: Vec<Rc<Upstream>>,
    /// Sums of weights up to each endpoint, where the weights differ.
    cumulative: Option<Vec<u64>>,
    next: Cell<usize>,
    /// Smooth weighted round robin: weight and current weight of each, where the weights differ.
    turns: RefCell<Vec<(i64, i64)>>,
}

impl Balancer {
    /// A balancer; a worker begins anywhere, so that the first requests of all do not meet at one endpoint.
    pub(crate) fn new(policy: LoadBalancer, upstreams: Vec<Rc<Upstream>>, weights: &[u32]) -> Self {
        let differ = weights.windows(2).any(|pair| pair[0] != pair[1]);
        let cumulative = differ.then(|| {
            let mut sum = 0;
            weights
                .iter()
                .map(|weight| {
                    sum += u64::from(*weight);
                    sum
                })
                .collect()
        });
        let turns =
            if differ { weights.iter().map(|weight| (i64::from(*weight), 0)).collect() } else { Vec::new() };
        let start = Random::new().below(upstreams.len() as u64) as usize;
        Self { policy, upstreams, cumulative, next: Cell::new(start), turns: RefCell::new(turns) }
    }

    /// All endpoints.
    pub(crate) fn upstreams(&self) -> &[Rc<Upstream>] {
        &self.upstreams
    }

    /// The next endpoint; `None` where there is none.
    pub(crate) fn choose(&self, random: &Random) -> Option<&Rc<Upstream>> {
        match self.upstreams.len() {
            0 => None,
            1 => self.upstreams.first(),
            _ => self.upstreams.get(match self.policy {
                LoadBalancer::RoundRobin => self.round_robin(),
                LoadBalancer::Random => self.at_random(random),
                LoadBalancer::LeastRequest => {
                    let (first, second) = (self.at_random(random), self.at_random(random));
                    let load = |index: usize| self.upstreams[index].active();
                    if load(second) < load(first) { second } else { first }
                }
            }),
        }
    }

    fn round_robin(&self) -> usize {
        let mut turns = self.turns.borrow_mut();
        if turns.is_empty() {
            let index = self.next.get();
            self.next.set((index + 1) % self.upstreams.len());
            return index % self.upstreams.len();
        }
        let total: i64 = turns.iter().map(|(weight, _)| weight).sum();
        let mut best = 0;
        for index in 0..turns.len() {
            let weight = turns[index].0;
            turns[index].1 += weight;
            if turns[index].1 > turns[best].1 {
                best = index;
            }
        }
        turns[best].1 -= total;
        best
    }

    fn at_random(&self, random: &Random) -> usize {
        match &self.cumulative {
            None => random.below(self.upstreams.len() as u64) as usize,
            Some(sums) => {
                let point = random.below(sums.last().copied().unwrap_or(1));
                sums.partition_point(|sum| *sum <= point)
            }
        }
    }
}
