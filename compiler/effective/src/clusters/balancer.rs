//! How an endpoint is chosen (Istio's `applyLoadBalancer`).

use meshc_resources::istio::{ConsistentHash, LoadBalancerSettings, SimpleLoadBalancer};
use meshc_syntax::de::Spanned;

use super::locality::Locality;
use super::policy::Policy;
use super::pool::time;
use crate::model::{Balancing, Cluster, ClusterKind, LoadBalancer, Warmup};

/// The algorithm of a cluster, with what places count in it.
pub(super) fn apply(cluster: &mut Cluster, policy: &Policy<'_>, locality: &Locality<'_>) {
    let outliers = cluster.outlier_detection.is_some();
    let balancing = cluster.balancing.get_or_insert_default();
    // Endpoints that are not ready are sent too, and are not to be used.
    balancing.panic_threshold.get_or_insert(0.0);
    balancing.locality = locality.balancing(outliers);
    if cluster.kind == ClusterKind::OriginalDst {
        cluster.load_balancer = LoadBalancer::ClusterProvided;
        return;
    }
    cluster.load_balancer = match policy.simple() {
        Some(SimpleLoadBalancer::Random) => LoadBalancer::Random,
        Some(SimpleLoadBalancer::Passthrough) => {
            cluster.kind = ClusterKind::OriginalDst;
            cluster.endpoints.clear();
            LoadBalancer::ClusterProvided
        }
        Some(SimpleLoadBalancer::RoundRobin) => {
            balancing.warmup = policy.load_balancer.and_then(warmup);
            LoadBalancer::RoundRobin
        }
        Some(
            SimpleLoadBalancer::Unspecified
            | SimpleLoadBalancer::LeastConn
            | SimpleLoadBalancer::LeastRequest,
        )
        | None => {
            balancing.warmup = policy.load_balancer.and_then(warmup);
            LoadBalancer::LeastRequest
        }
    };
    if let Some(hash) = policy.load_balancer.and_then(|settings| settings.consistent_hash.as_ref()) {
        balancing.warmup = None;
        cluster.load_balancer = hashed(hash, balancing);
    }
}

fn warmup(settings: &LoadBalancerSettings) -> Option<Warmup> {
    if let Some(warmup) = &settings.warmup {
        let minimum = warmup.minimum_percent.as_ref().map_or(10.0, |percent| percent.value);
        let aggression = warmup.aggression.as_ref().map_or(1.0, |aggression| aggression.value);
        let window = time(warmup.duration.as_ref()).unwrap_or_default();
        return Some(Warmup { window, shape: Some((minimum, aggression)) });
    }
    time(settings.warmup_duration_secs.as_ref()).map(|window| Warmup { window, shape: None })
}

/// On a ring unless it says in a table; Istio writes Envoy's own default where the deprecated place of the ring's size
/// is what holds.
fn hashed(hash: &ConsistentHash, balancing: &mut Balancing) -> LoadBalancer {
    let set = |value: Option<&Spanned<u64>>| value.map(|value| value.value).filter(|value| *value != 0);
    if let Some(maglev) = &hash.maglev {
        balancing.table_size = set(maglev.table_size.as_ref());
        return LoadBalancer::Maglev;
    }
    balancing.minimum_ring_size = match &hash.ring_hash {
        Some(ring) => set(ring.minimum_ring_size.as_ref()),
        None => set(hash.minimum_ring_size.as_ref()).or(Some(1024)),
    };
    LoadBalancer::RingHash
}
