//! Patches of EnvoyFilters: what they change of requests is not followed, so that nothing is said about requests where
//! they, or what they are applied to, are not the same on both sides.

use std::collections::BTreeSet;
use std::sync::Arc;

use meshc_effective::model::{
    Direction, Listener, Origin, Patch, PatchSide, Patches, Proxy, ProxyKind, RouteTable,
};
use serde_json::{Value, json};

use super::change::Unknown;
use super::compare::Found;
use super::kind::Kind;
use super::settings::bare;

/// The patches of both proxies, where they differ: told of the EnvoyFilters that they come from, so that all proxies with
/// the same difference show it together.
pub(super) fn compare(was: &Proxy, is: &Proxy) -> Option<Found> {
    if same_patches(was, is) {
        return None;
    }
    let (gone, new) = (only(&was.patches, &is.patches), only(&is.patches, &was.patches));
    let words = |patches: &[&Patch], sign: char| -> Vec<String> {
        let word = |value: Value| value.as_str().map(ToOwned::to_owned).unwrap_or_default();
        let words = patches.iter().map(|one| (word(json!(one.operation)), word(json!(one.kind))));
        words.map(|(operation, kind)| format!("{sign}{operation} {kind}")).collect()
    };
    let changes = [words(&gone, '−'), words(&new, '+')].concat();
    let moved = changes.is_empty();
    let how = if moved { "in another order".to_owned() } else { changes.join(", ") };
    let all = |patches: &'_ Patches| patches.all.iter().map(bare).collect::<Vec<Value>>();
    let (before, after) = if moved {
        (all(&was.patches), all(&is.patches))
    } else {
        (gone.iter().map(bare).collect(), new.iter().map(bare).collect())
    };
    let concerned =
        if moved { is.patches.all.iter().collect() } else { [gone.clone(), new.clone()].concat() };
    let filters: BTreeSet<&str> = concerned.iter().map(|patch| resource(patch)).collect();
    let label = filters.into_iter().collect::<Vec<_>>().join(", ");
    let origins = |patches: &[&Patch], of: &Patches| -> Vec<Origin> {
        if moved {
            return of.all.iter().map(|patch| patch.origin.clone()).collect();
        }
        patches.iter().map(|patch| patch.origin.clone()).collect()
    };
    let (base, head) = (origins(&gone, &was.patches), origins(&new, &is.patches));
    let text = format!("patches of Envoy's configuration: {how}");
    let (before, after) = (json!({ "patches": before }), json!({ "patches": after }));
    let whom = (label.clone(), label);
    Some(Found { text, ..Found::settings(Kind::PatchesChanged, whom, before, after, (&base, &head)) })
}

/// Those of some patches that others have none like.
fn only<'p>(of: &'p Patches, other: &Patches) -> Vec<&'p Patch> {
    let known: Vec<Value> = other.all.iter().map(bare).collect();
    of.all.iter().filter(|one| !known.contains(&bare(one))).collect()
}

/// `EnvoyFilter istio-system/p`
fn resource(patch: &Patch) -> &str {
    patch.origin.text.split(": ").next().unwrap_or_default()
}

fn same_patches(was: &Proxy, is: &Proxy) -> bool {
    Arc::ptr_eq(&was.patches, &is.patches) || told(was) == told(is)
}

fn told(proxy: &Proxy) -> Value {
    json!({ "patches": bare(&proxy.patches.all) })
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
