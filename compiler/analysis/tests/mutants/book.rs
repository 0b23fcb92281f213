//! Two whole meshes, judged request by request by the second implementation, which was written from Envoy's documents.

use std::cell::LazyCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;
use std::sync::Arc;

use meshc_effective::model::{ChainAction, Clusters, EffectiveMesh, Proxy, RouteTable};
use serde_json::{Value, json};

use crate::independent::{Sent, host_of, of_taken, passes, taken_in, universe};

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
    let mut judged = Vec::new();
    base.proxies.iter().find_map(|was| {
        let is = of_head.get(&was.id.to_string())?;
        of_proxy(was, is, &mut judged)
    })
}

/// Two tables with the clusters that their routes lead to: what has been judged once is judged.
type Pair<'m> = [(&'m RouteTable, &'m Clusters); 2];

fn of_proxy<'m>(was: &'m Proxy, is: &'m Proxy, judged: &mut Vec<Pair<'m>>) -> Option<Difference> {
    let requests = LazyCell::new(|| universe([was, is]).requests());
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
        let pair: Pair<'m> = [(before, &was.clusters), (after, &is.clusters)];
        // The same of the same is the same.
        if pair[0] == pair[1] || judged.contains(&pair) {
            continue;
        }
        judged.push(pair);
        let (mut before, mut after) = (Outcomes::new(was, before), Outcomes::new(is, after));
        // No route asks who sends a request.
        let by_nobody = requests.iter().filter(|sent| sent.peer.is_none());
        if let Some(found) = first(was, name, by_nobody, |sent| (before.of(sent), after.of(sent))) {
            return Some(found);
        }
    }
    if was.security == is.security {
        return None;
    }
    inbound_ports(was).intersection(&inbound_ports(is)).find_map(|port| {
        let of = |proxy: &Proxy, sent: &Sent| Rc::new(json!(format!("{:?}", passes(proxy, *port, sent))));
        first(was, &port.to_string(), requests.iter(), |sent| (of(was, sent), of(is, sent)))
    })
}

/// What becomes of requests at a table of a proxy; what is alike is worked out once.
struct Outcomes<'m> {
    proxy: &'m Proxy,
    table: &'m RouteTable,
    /// The places of virtual hosts, by authority.
    hosts: HashMap<String, Option<usize>>,
    /// By virtual host, route and path.
    known: HashMap<(Option<usize>, Option<usize>, String), Rc<Value>>,
}

impl<'m> Outcomes<'m> {
    fn new(proxy: &'m Proxy, table: &'m RouteTable) -> Self {
        Self { proxy, table, hosts: HashMap::new(), known: HashMap::new() }
    }

    fn of(&mut self, sent: &Sent) -> Rc<Value> {
        let known = self.hosts.get(&sent.authority).copied();
        let at = known.unwrap_or_else(|| host_of(self.table, &sent.authority));
        if known.is_none() {
            self.hosts.insert(sent.authority.clone(), at);
        }
        let taken = taken_in(self.table, at, sent);
        let key = (at, taken.1.map(|(index, _)| index), sent.path.clone());
        let known = self.known.entry(key).or_insert_with(|| Rc::new(of_taken(self.proxy, taken, sent)));
        Rc::clone(known)
    }
}

fn first<'s>(
    proxy: &Proxy,
    place: &str,
    requests: impl IntoIterator<Item = &'s Sent>,
    mut judge: impl FnMut(&Sent) -> (Rc<Value>, Rc<Value>),
) -> Option<Difference> {
    requests.into_iter().find_map(|sent| {
        let (before, after) = judge(sent);
        let (name, place) = (proxy.id.to_string(), place.to_owned());
        let (before, after) = ((before != after).then(|| Value::clone(&before))?, Value::clone(&after));
        Some(Difference { proxy: name, place, sent: sent.clone(), before, after })
    })
}

/// The ports at which a proxy takes requests for its workload.
fn inbound_ports(proxy: &Proxy) -> BTreeSet<u16> {
    let chains = proxy.listeners.iter().flat_map(|listener| listener.all_chains());
    let http = chains.filter(|chain| matches!(chain.action, ChainAction::HttpInline { .. }));
    http.filter_map(|chain| chain.matches.destination_port).collect()
}
