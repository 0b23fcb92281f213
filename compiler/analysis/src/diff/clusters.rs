//! Destinations: how their endpoints are chosen and reached, and which they are.

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;
use std::sync::Arc;

use meshc_effective::model::{Address, Cluster, Clusters, Endpoint, Proxy};
use serde_json::{Value, json};

use super::change::Kind;
use super::compare::Found;
use super::describe;

/// Pairs of clusters that were compared before.
#[derive(Default)]
pub(super) struct Cache {
    pairs: HashMap<(usize, usize), Rc<Vec<Found>>>,
    /// The maps that were compared last, and what they gave: proxies with one view follow each other.
    last: Option<(Clusters, Clusters, Rc<Vec<Found>>)>,
}

impl Cache {
    /// The differences of the destinations that both proxies have. Whether routes lead to them is the tables' business.
    pub(super) fn compare(&mut self, was: &Proxy, is: &Proxy) -> Rc<Vec<Found>> {
        if let Some((a, b, found)) = &self.last
            && a.same(&was.clusters)
            && b.same(&is.clusters)
        {
            return Rc::clone(found);
        }
        let mut found: BTreeMap<(Kind, String), Found> = BTreeMap::new();
        for (name, before) in &was.clusters {
            let Some(after) = is.clusters.get(name) else { continue };
            let key = (Arc::as_ptr(before).addr(), Arc::as_ptr(after).addr());
            let of_pair = self.pairs.entry(key).or_insert_with(|| Rc::new(differences(before, after)));
            for one in of_pair.iter() {
                merge(&mut found, one);
            }
        }
        let found: Rc<Vec<Found>> = Rc::new(found.into_values().collect());
        self.last = Some((was.clusters.clone(), is.clusters.clone(), Rc::clone(&found)));
        found
    }
}

/// The clusters of one port of a host, its subsets included, are told together.
fn merge(all: &mut BTreeMap<(Kind, String), Found>, one: &Found) {
    let Some(known) = all.get_mut(&(one.kind, one.subject.clone())) else {
        all.insert((one.kind, one.subject.clone()), one.clone());
        return;
    };
    for (to, from) in [(&mut known.before, &one.before), (&mut known.after, &one.after)] {
        if let (Value::Object(to), Value::Object(from)) = (to, from) {
            to.extend(from.iter().map(|(name, value)| (name.clone(), value.clone())));
        }
    }
    for (to, from) in [(&mut known.base, &one.base), (&mut known.head, &one.head)] {
        let new: Vec<_> = from.iter().filter(|origin| !to.contains(origin)).cloned().collect();
        to.extend(new);
    }
}

fn differences(before: &Cluster, after: &Cluster) -> Vec<Found> {
    let mut found = Vec::new();
    if settings(before) != settings(after) {
        let kind = Kind::ClusterSettingsChanged;
        found.push(one(kind, before, after, settings(before), settings(after), "settings of the destination"));
    }
    if endpoints(before) != endpoints(after) {
        let text = "endpoints of the destination";
        found.push(one(Kind::EndpointsChanged, before, after, endpoints(before), endpoints(after), text));
    }
    found
}

fn one(kind: Kind, was: &Cluster, is: &Cluster, before: Value, after: Value, text: &str) -> Found {
    Found {
        kind,
        subject: format!("{}:{}", is.host, is.port),
        label: describe::host(&is.host),
        requests: String::new(),
        text: text.to_owned(),
        before: json!({ &is.name: before }),
        after: json!({ &is.name: after }),
        witness: None,
        base: was.origins.clone(),
        head: is.origins.clone(),
    }
}

fn settings(cluster: &Cluster) -> Value {
    json!({
        "kind": cluster.kind,
        "load_balancer": cluster.load_balancer,
        "connect_timeout_ms": u64::try_from(cluster.connect_timeout.as_millis()).unwrap_or(u64::MAX),
    })
}

/// The endpoints, sorted; labels are no behaviour.
fn endpoints(cluster: &Cluster) -> Value {
    let mut all = Vec::new();
    for group in &cluster.endpoints {
        for endpoint in &group.endpoints {
            all.push(json!([who(endpoint), endpoint.weight, endpoint.healthy, group.locality]));
        }
    }
    all.sort_by_cached_key(ToString::to_string);
    Value::Array(all)
}

/// A pod by its name, because its address is another one each time it starts; anything else by its address.
fn who(endpoint: &Endpoint) -> String {
    let Address::Socket { address, port } = &endpoint.address;
    match (&endpoint.pod, &endpoint.namespace) {
        (Some(pod), Some(namespace)) => format!("{pod}.{namespace}:{port}"),
        (Some(pod), None) => format!("{pod}:{port}"),
        (None, _) => format!("{address}:{port}"),
    }
}
