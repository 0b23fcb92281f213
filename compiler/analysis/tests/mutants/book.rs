//! Two whole meshes, judged request by request by the second implementation, which was written from Envoy's documents.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use meshc_effective::model::{ChainAction, EffectiveMesh, Proxy, RouteTable};
use serde_json::{Value, json};

use crate::independent::{Sent, outcome, passes, universe};

/// A request whose fate is another on a proxy that both meshes have.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Difference {
    /// The proxy.
    pub(crate) proxy: String,
    /// The table or the inbound port.
    pub(crate) place: String,
    pub(crate) sent: Sent,
    pub(crate) before: Value,
    pub(crate) after: Value,
}

/// The first difference that there is.
pub(crate) fn first_difference(base: &EffectiveMesh, head: &EffectiveMesh) -> Option<Difference> {
    let of_head: BTreeMap<String, &Arc<Proxy>> =
        head.proxies.iter().map(|proxy| (proxy.id.to_string(), proxy)).collect();
    base.proxies.iter().find_map(|was| {
        let is = of_head.get(&was.id.to_string())?;
        of_proxy(was, is)
    })
}

fn of_proxy(was: &Proxy, is: &Proxy) -> Option<Difference> {
    let requests = universe([was, is]).requests();
    let asked = |proxy: &Proxy| -> BTreeSet<String> {
        let chains = proxy.listeners.iter().flat_map(|listener| listener.all_chains());
        chains
            .filter_map(|chain| match &chain.action {
                ChainAction::HttpTable { table, .. } => Some(table.clone()),
                _ => None,
            })
            .collect()
    };
    // What no listener asks is asked by nobody; a listener that comes or goes is told as such.
    for name in asked(was).intersection(&asked(is)) {
        let (Some(before), Some(after)) = (was.tables.get(name), is.tables.get(name)) else { continue };
        let of = |proxy: &Proxy, table: &RouteTable, sent: &Sent| outcome(proxy, table, sent);
        let judge = |sent: &Sent| (of(was, before, sent), of(is, after, sent));
        if let Some(found) = first(was, name, &requests, judge) {
            return Some(found);
        }
    }
    inbound_ports(was).intersection(&inbound_ports(is)).find_map(|port| {
        let of = |proxy: &Proxy, sent: &Sent| json!(format!("{:?}", passes(proxy, *port, sent)));
        first(was, &port.to_string(), &requests, |sent| (of(was, sent), of(is, sent)))
    })
}

fn first(
    proxy: &Proxy,
    place: &str,
    requests: &[Sent],
    judge: impl Fn(&Sent) -> (Value, Value),
) -> Option<Difference> {
    requests.iter().find_map(|sent| {
        let (before, after) = judge(sent);
        let (name, place) = (proxy.id.to_string(), place.to_owned());
        (before != after).then(|| Difference { proxy: name, place, sent: sent.clone(), before, after })
    })
}

/// The ports at which a proxy takes requests for its workload.
fn inbound_ports(proxy: &Proxy) -> BTreeSet<u16> {
    let chains = proxy.listeners.iter().flat_map(|listener| listener.all_chains());
    let http = chains.filter(|chain| matches!(chain.action, ChainAction::HttpInline { .. }));
    http.filter_map(|chain| chain.matches.destination_port).collect()
}
