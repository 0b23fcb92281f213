//! Clusters whose endpoints are others.

use std::collections::HashMap;
use std::sync::Arc;

use super::Change;
use crate::model::{ByName, Cluster, Clusters, EffectiveMesh};

/// Puts clusters in the place of others with the same names, wherever those are met.
pub(super) fn follow(mesh: &mut EffectiveMesh, made: &[(Arc<Cluster>, Arc<Cluster>)]) -> Change {
    let mut change =
        Change { clusters: made.iter().map(|(_, new)| Arc::clone(new)).collect(), ..Change::default() };
    // By place; the old ones are held until the end, so that a place means one thing.
    let mut seen: HashMap<usize, (Arc<ByName>, Option<Arc<ByName>>)> = HashMap::new();
    for (place, proxy) in mesh.proxies.iter_mut().enumerate() {
        let shared = proxy.clusters.shared();
        let entry = seen.entry(Arc::as_ptr(shared).addr());
        let (_, other) = entry.or_insert_with(|| (Arc::clone(shared), replaced(shared, made)));
        if let Some(other) = other {
            let own = Arc::clone(proxy.clusters.own());
            Arc::make_mut(proxy).clusters = Clusters::of(Arc::clone(other), own);
            change.proxies.push(place);
        }
    }
    change
}

/// A map with the new clusters in it; none where it has none of the old.
fn replaced(map: &Arc<ByName>, made: &[(Arc<Cluster>, Arc<Cluster>)]) -> Option<Arc<ByName>> {
    let has = |old: &Arc<Cluster>| map.get(&old.name).is_some_and(|known| Arc::ptr_eq(known, old));
    if !made.iter().any(|(old, _)| has(old)) {
        return None;
    }
    let mut other = ByName::clone(map);
    for (_, new) in made.iter().filter(|(old, _)| has(old)) {
        other.replace(new);
    }
    Some(Arc::new(other))
}
