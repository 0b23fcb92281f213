//! Workloads whose proxies one side alone has.

use std::collections::BTreeMap;
use std::sync::Arc;

use meshc_effective::model::{EffectiveMesh, Proxy, ProxyId, ProxyKind};
use serde_json::{Value, json};

use super::compare::Found;
use super::kind::Kind;

type Proxies<'m> = BTreeMap<&'m ProxyId, &'m Arc<Proxy>>;

/// All proxies of a mesh.
pub(super) fn by_id(mesh: &EffectiveMesh) -> Proxies<'_> {
    mesh.proxies.iter().map(|proxy| (&proxy.id, proxy)).collect()
}

/// One difference for each workload, with its proxies.
pub(super) fn added_and_removed<'p>(base: &Proxies<'p>, head: &Proxies<'p>) -> Vec<(&'p Proxy, Found)> {
    let missing = |of: &Proxies<'p>, other: &Proxies<'p>| -> Vec<&'p Proxy> {
        of.values()
            .filter(|proxy| other.get(&proxy.id).is_none_or(|there| there.kind != proxy.kind))
            .map(|proxy| &***proxy)
            .collect()
    };
    let removed = missing(base, head);
    let added = missing(head, base);
    let mut found = Vec::new();
    for (kind, proxies) in [(Kind::ProxyRemoved, &removed), (Kind::ProxyAdded, &added)] {
        for proxy in proxies.iter().copied() {
            let of_workload = |other: &&&Proxy| {
                other.workload == proxy.workload && other.id.namespace == proxy.id.namespace
            };
            found.push((proxy, one(kind, proxy, proxies.iter().filter(of_workload).count())));
        }
    }
    found
}

fn one(kind: Kind, proxy: &Proxy, count: usize) -> Found {
    let sort = match proxy.kind {
        ProxyKind::Sidecar => "sidecar",
        ProxyKind::Gateway => "gateway",
    };
    let value =
        json!({"workload": proxy.workload, "namespace": proxy.id.namespace, "kind": sort, "proxies": count});
    let plural = if count == 1 { "" } else { "s" };
    let (before, after, text) = if kind == Kind::ProxyRemoved {
        (value, Value::Null, format!("{count} {sort}{plural} gone"))
    } else {
        (Value::Null, value, format!("{count} {sort}{plural} added"))
    };
    let origin = std::slice::from_ref(&proxy.origin);
    let origins = if kind == Kind::ProxyRemoved { (origin, &[][..]) } else { (&[][..], origin) };
    let whom = (format!("{}.{}", proxy.workload, proxy.id.namespace), proxy.workload.clone());
    Found { text, ..Found::settings(kind, whom, before, after, origins) }
}
