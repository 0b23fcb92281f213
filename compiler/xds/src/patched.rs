//! Resources with the patches of their proxy: which are applied to what, in Istio's order.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use meshc_effective::model::{Cluster, Direction, PatchKind, PatchSide, Proxy, ProxyKind};
use meshc_envoy as envoy;
use meshc_envoy::{DiscoveryType, Emitted, Patched};
use serde::Serialize;
use serde_json::Value;

use crate::Target;
use crate::patch::{Applier, inline_extensions};

/// Our own types have string keys and finite numbers only, so that serialising them cannot fail.
fn value(of: &impl Serialize) -> Value {
    serde_json::to_value(of).unwrap_or_default()
}

fn emitted<T>(value: Value) -> Emitted<T> {
    let name = value.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
    Emitted::Patched(Patched { name, value })
}

/// The side that a cluster is on.
fn side_of_cluster(proxy: &Proxy, name: &str) -> PatchSide {
    let inbound = name.starts_with("inbound|") || name.starts_with("InboundPassthroughCluster");
    match proxy.kind {
        ProxyKind::Gateway => PatchSide::Gateway,
        ProxyKind::Sidecar if inbound => PatchSide::SidecarInbound,
        ProxyKind::Sidecar => PatchSide::SidecarOutbound,
    }
}

/// A route table.
pub(crate) fn table(
    proxy: &Proxy,
    typed: Emitted<envoy::RouteConfiguration>,
) -> Emitted<envoy::RouteConfiguration> {
    if proxy.patches.is_empty() {
        return typed;
    }
    let mut value = value(&typed);
    let mut applier = Applier::new(&proxy.patches, PatchSide::outer(proxy));
    applier.table(&mut value);
    if applier.is_used() { emitted(value) } else { typed }
}

/// A cluster; none where it is taken away.
pub(crate) fn cluster(
    proxy: &Proxy,
    of: &Cluster,
    typed: &Arc<Emitted<envoy::Cluster>>,
) -> Option<Arc<Emitted<envoy::Cluster>>> {
    let side = side_of_cluster(proxy, &of.name);
    if proxy.patches.of(PatchKind::Cluster, side).next().is_none() {
        return Some(Arc::clone(typed));
    }
    let mut value = value(&**typed);
    let mut applier = Applier::new(&proxy.patches, side);
    let stays = applier.cluster(&mut value, &hosts(of));
    match (stays, applier.is_used()) {
        (false, _) => None,
        (true, false) => Some(Arc::clone(typed)),
        (true, true) => Some(Arc::new(emitted(value))),
    }
}

fn hosts(cluster: &Cluster) -> Vec<&str> {
    cluster.telemetry.services.iter().map(|service| service.host.as_str()).collect()
}

/// The clusters that patches add.
pub(crate) fn added_clusters(proxy: &Proxy) -> Vec<Arc<Emitted<envoy::Cluster>>> {
    let sides = [PatchSide::SidecarOutbound, PatchSide::SidecarInbound, PatchSide::Gateway];
    let sides = sides.into_iter().filter(|side| PatchSide::of(proxy).contains(side));
    let added = sides.flat_map(|side| Applier::new(&proxy.patches, side).added(PatchKind::Cluster));
    added.map(|value| Arc::new(emitted(value))).collect()
}

/// Whether a cluster's endpoints are asked for on their own.
pub(crate) fn is_discovered(cluster: &Emitted<envoy::Cluster>) -> bool {
    match cluster {
        Emitted::Typed(cluster) => cluster.r#type == Some(DiscoveryType::Eds),
        Emitted::Later(later) => later.make().r#type == Some(DiscoveryType::Eds),
        Emitted::Patched(patched) => patched.value.get("type").and_then(Value::as_str) == Some("EDS"),
    }
}

/// The listeners of a proxy, those that patches add included: behind the others of their side.
pub(crate) fn listeners(
    proxy: &Proxy,
    typed: &[Arc<Emitted<envoy::Listener>>],
    target: Target,
) -> Vec<Arc<Emitted<envoy::Listener>>> {
    let mut all: Vec<Arc<Emitted<envoy::Listener>>> = Vec::with_capacity(typed.len());
    let mut crashed = BTreeSet::new();
    let mut ends: Vec<(PatchSide, usize)> = Vec::new();
    for (part, typed) in proxy.listeners.iter().zip(typed) {
        let side = match part.direction {
            Direction::Inbound if proxy.kind == ProxyKind::Sidecar => PatchSide::SidecarInbound,
            Direction::Inbound | Direction::Outbound => PatchSide::outer(proxy),
        };
        // Istio patches the two listeners in front of everything by themselves.
        let alone = meshc_effective::model::PatchListener::takes_all(&part.name);
        let made = if !alone && crashed.contains(&side) {
            Some(Arc::clone(typed))
        } else {
            let (made, is_whole) = listener(proxy, side, typed, target);
            if !is_whole && !alone {
                crashed.insert(side);
            }
            made
        };
        all.extend(made);
        ends.retain(|(known, _)| *known != side);
        ends.push((side, all.len()));
    }
    let mut sides: Vec<PatchSide> = PatchSide::of(proxy).to_vec();
    // From the back, so that the places in front stay.
    sides.sort_by_key(|side| std::cmp::Reverse(end(&ends, *side, all.len())));
    for side in sides {
        let added = Applier::new(&proxy.patches, side).added(PatchKind::Listener);
        if crashed.contains(&side) {
            continue;
        }
        let place = end(&ends, side, all.len());
        let added = added.into_iter().map(|mut value| {
            if target == Target::Envoy {
                inline_extensions(&proxy.patches, &mut value);
            }
            Arc::new(emitted(value))
        });
        all.splice(place..place, added);
    }
    all
}

/// The place behind the last listener of a side.
fn end(ends: &[(PatchSide, usize)], side: PatchSide, last: usize) -> usize {
    ends.iter().find(|(known, _)| *known == side).map_or(last, |(_, place)| *place)
}

/// One listener, none where it is taken away, and whether Istio came to the end of it.
fn listener(
    proxy: &Proxy,
    side: PatchSide,
    typed: &Arc<Emitted<envoy::Listener>>,
    target: Target,
) -> (Option<Arc<Emitted<envoy::Listener>>>, bool) {
    let mut value = value(&**typed);
    let mut applier = Applier::new(&proxy.patches, side);
    inner_tables(&mut value, &mut applier);
    let outcome = applier.listener(&mut value);
    if let Ok(false) = outcome {
        return (None, true);
    }
    if target == Target::Envoy {
        inline_extensions(&proxy.patches, &mut value);
    }
    let made = if applier.is_used() { Arc::new(emitted(value)) } else { Arc::clone(typed) };
    (Some(made), outcome.is_ok())
}

/// Patches the tables that stand in a listener.
fn inner_tables(listener: &mut Value, applier: &mut Applier<'_>) {
    let Some(chains) = listener.get_mut("filter_chains").and_then(Value::as_array_mut) else { return };
    let filters = chains.iter_mut().filter_map(|chain| chain.get_mut("filters")?.as_array_mut()).flatten();
    for table in filters.filter_map(|filter| filter.get_mut("typed_config")?.get_mut("route_config")) {
        applier.table(table);
    }
}

/// Finds out which patches find something; what proxies share is looked at once.
#[derive(Debug, Default)]
pub(crate) struct Finder {
    /// By addresses of the part and of the patches, and the side.
    seen: HashSet<(usize, usize, PatchSide)>,
}

impl Finder {
    /// The places of the patches of a proxy that find something in what it is sent and was not looked at before.
    pub(crate) fn used(&mut self, proxy: &Proxy, target: Target) -> BTreeSet<usize> {
        let mut used = BTreeSet::new();
        for &side in PatchSide::of(proxy) {
            let mut applier = Applier::new(&proxy.patches, side);
            applier.added(PatchKind::Cluster);
            applier.added(PatchKind::Listener);
            let patches = Arc::as_ptr(&proxy.patches).addr();
            let mut is_new = |part: usize| self.seen.insert((part, patches, side));
            for part in proxy.clusters.values() {
                if side_of_cluster(proxy, &part.name) == side && is_new(Arc::as_ptr(part).addr()) {
                    applier.cluster(&mut value(&crate::cluster::cluster(part, target)), &hosts(part));
                }
            }
            if side != PatchSide::SidecarInbound {
                for part in proxy.tables.values().filter(|part| is_new(Arc::as_ptr(part).addr())) {
                    applier.table(&mut value(&crate::route::table(part)));
                }
            }
            for part in &proxy.listeners {
                let inbound = part.direction == Direction::Inbound && proxy.kind == ProxyKind::Sidecar;
                if inbound == (side == PatchSide::SidecarInbound) && is_new(Arc::as_ptr(part).addr()) {
                    let mut listener = value(&crate::listener::listener(part, proxy, target));
                    inner_tables(&mut listener, &mut applier);
                    // Where Istio runs into an error, what it did until then counts.
                    let _ = applier.listener(&mut listener);
                }
            }
            used.extend(applier.used());
        }
        used
    }
}
