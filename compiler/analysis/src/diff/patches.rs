//! Patches of EnvoyFilters: what they change of requests is not followed, so that nothing is said about requests where
//! they, or what they are applied to, are not the same on both sides.

use std::sync::Arc;

use meshc_effective::model::{Direction, Listener, Origin, PatchSide, Patches, Proxy, ProxyKind, RouteTable};
use serde_json::{Value, json};

use super::change::Unknown;
use super::compare::Found;
use super::kind::Kind;
use super::settings::bare;

/// The patches of both proxies, where they differ.
pub(super) fn compare(was: &Proxy, is: &Proxy) -> Option<Found> {
    let (before, after) = (told(was), told(is));
    if same_patches(was, is) {
        return None;
    }
    let whom = (format!("{}.{}", is.workload, is.id.namespace), is.workload.clone());
    let (base, head) = (origins(&was.patches), origins(&is.patches));
    let text = patched(&was.patches, &is.patches);
    Some(Found { text, ..Found::settings(Kind::PatchesChanged, whom, before, after, (&base, &head)) })
}

fn same_patches(was: &Proxy, is: &Proxy) -> bool {
    Arc::ptr_eq(&was.patches, &is.patches) || told(was) == told(is)
}

fn told(proxy: &Proxy) -> Value {
    json!({ "patches": bare(&proxy.patches.all) })
}

/// `1 → 2 patches of Envoy's configuration: +MERGE CLUSTER`
fn patched(was: &Patches, is: &Patches) -> String {
    let only = |of: &Patches, other: &Patches, sign: char| -> Vec<String> {
        let known: Vec<Value> = other.all.iter().map(bare).collect();
        let new = of.all.iter().filter(|one| !known.contains(&bare(one)));
        let word = |value: Value| value.as_str().map(ToOwned::to_owned).unwrap_or_default();
        new.map(|one| format!("{sign}{} {}", word(json!(one.operation)), word(json!(one.kind)))).collect()
    };
    let mut changes = only(was, is, '−');
    changes.extend(only(is, was, '+'));
    let how = if changes.is_empty() { "in another order".to_owned() } else { changes.join(", ") };
    format!("{} → {} patches of Envoy's configuration: {how}", was.all.len(), is.all.len())
}

fn origins(patches: &Patches) -> Vec<Origin> {
    patches.all.iter().map(|patch| patch.origin.clone()).collect()
}

/// Why nothing can be said about requests on one side of a proxy: a patch changes what becomes of them, and not
/// everything that it is applied to is the same.
pub(super) fn doubt(was: &Proxy, is: &Proxy, side: PatchSide) -> Option<Unknown> {
    let why = is.doubt(side).or_else(|| was.doubt(side))?;
    if same_patches(was, is) && parts(was, side) == parts(is, side) {
        return None;
    }
    Some(Unknown { what: format!("{side} requests of {}", is.id), why })
}

/// Everything on one side of a proxy that patches are applied to, names included.
fn parts(proxy: &Proxy, side: PatchSide) -> Value {
    let here = |listener: &&Arc<Listener>| {
        let inbound = proxy.kind == ProxyKind::Sidecar && listener.direction == Direction::Inbound;
        inbound == (side == PatchSide::SidecarInbound)
    };
    let listeners: Vec<&Arc<Listener>> = proxy.listeners.iter().filter(here).collect();
    let tables: Vec<&Arc<RouteTable>> =
        proxy.tables.values().filter(|_| side != PatchSide::SidecarInbound).collect();
    json!({
        "listeners": bare(&listeners),
        "tables": bare(&tables),
        "server_ports": proxy.patches.server_ports,
    })
}
