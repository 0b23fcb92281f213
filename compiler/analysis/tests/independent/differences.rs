//! Two whole meshes, judged request by request.

use std::collections::{BTreeMap, BTreeSet};

use meshc_effective::model::{ChainAction, EffectiveMesh, Proxy, RouteTable};
use serde_json::{Value, json};

use super::{Sent, outcome, passes, universe};

/// Something that is different on a proxy.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Difference {
    /// The proxy.
    pub(crate) proxy: String,
    /// The table or port, or `clusters`.
    pub(crate) place: String,
    /// A request that shows it; none for settings that no request shows.
    pub(crate) sent: Option<Sent>,
    pub(crate) before: Value,
    pub(crate) after: Value,
}

/// What is different, at most one request for each pair of outcomes of a place. Proxies that only one mesh has are
/// differences of their own.
pub(crate) fn differences(base: &EffectiveMesh, head: &EffectiveMesh) -> Vec<Difference> {
    let by_id = |mesh: &EffectiveMesh| -> BTreeMap<String, std::sync::Arc<Proxy>> {
        mesh.proxies.iter().map(|proxy| (proxy.id.to_string(), proxy.clone())).collect()
    };
    let (was, is) = (by_id(base), by_id(head));
    let names: BTreeSet<&String> = was.keys().chain(is.keys()).collect();
    let mut found = Vec::new();
    for name in names {
        match (was.get(name), is.get(name)) {
            (Some(was), Some(is)) => of_proxy(name, was, is, &mut found),
            (was, _) => found.push(Difference {
                proxy: name.clone(),
                place: "proxies".to_owned(),
                sent: None,
                before: json!(was.is_some()),
                after: json!(was.is_none()),
            }),
        }
    }
    found
}

fn of_proxy(name: &str, was: &Proxy, is: &Proxy, found: &mut Vec<Difference>) {
    let requests = universe([was, is]).requests();
    let tables: BTreeSet<&String> = was.tables.keys().chain(is.tables.keys()).collect();
    for table in tables {
        let (before, after) = (was.tables.get(table), is.tables.get(table));
        let of = |proxy: &Proxy, table: Option<&std::sync::Arc<RouteTable>>, sent: &Sent| {
            table.map_or(Value::Null, |table| outcome(proxy, table, sent))
        };
        push_all(name, table, &requests, found, |sent| (of(was, before, sent), of(is, after, sent)));
    }
    let ports: BTreeSet<u16> = [was, is].iter().flat_map(|proxy| inbound_ports(proxy)).collect();
    for port in ports {
        let of = |proxy: &Proxy, sent: &Sent| json!(format!("{:?}", passes(proxy, port, sent)));
        push_all(name, &port.to_string(), &requests, found, |sent| (of(was, sent), of(is, sent)));
    }
    let (before, after) = (clusters(was), clusters(is));
    for cluster in before.keys().chain(after.keys()).collect::<BTreeSet<_>>() {
        let (a, b) = (before.get(cluster), after.get(cluster));
        if a != b {
            found.push(Difference {
                proxy: name.to_owned(),
                place: format!("cluster {cluster}"),
                sent: None,
                before: json!(a),
                after: json!(b),
            });
        }
    }
}

fn push_all(
    proxy: &str,
    place: &str,
    requests: &[Sent],
    found: &mut Vec<Difference>,
    judge: impl Fn(&Sent) -> (Value, Value),
) {
    let mut told = BTreeSet::new();
    for sent in requests {
        let (before, after) = judge(sent);
        if before != after && told.insert(format!("{before}{after}")) {
            let (proxy, place) = (proxy.to_owned(), place.to_owned());
            found.push(Difference { proxy, place, sent: Some(sent.clone()), before, after });
        }
    }
}

/// The ports at which a proxy takes requests for its workload.
pub(crate) fn inbound_ports(proxy: &Proxy) -> BTreeSet<u16> {
    let chains = proxy.listeners.iter().flat_map(|listener| listener.all_chains());
    let http = chains.filter(|chain| matches!(chain.action, ChainAction::HttpInline { .. }));
    http.filter_map(|chain| chain.matches.destination_port).collect()
}

/// The settings of each cluster, without where they come from.
fn clusters(proxy: &Proxy) -> BTreeMap<String, Value> {
    fn bare(value: &mut Value) {
        match value {
            Value::Object(fields) => {
                fields.remove("origins");
                fields.values_mut().for_each(bare);
            }
            Value::Array(items) => items.iter_mut().for_each(bare),
            _ => {}
        }
    }
    let of = |(name, cluster): (&String, &std::sync::Arc<meshc_effective::model::Cluster>)| {
        let mut value = serde_json::to_value(&**cluster).unwrap_or_default();
        bare(&mut value);
        (name.clone(), value)
    };
    proxy.clusters.iter().map(of).collect()
}
