//! Destinations: how their endpoints are chosen and reached, and which they are.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use meshc_effective::model::{Address, ByName, Cluster, Clusters, Endpoint, Proxy, Tls};
use rustc_hash::FxHashMap;
use serde_json::{Value, json};

use super::compare::Found;
use super::kind::Kind;
use super::{describe, words};

/// Pairs of clusters that were compared before.
#[derive(Default)]
pub(super) struct Cache {
    pairs: FxHashMap<(usize, usize), Rc<Vec<Found>>>,
    /// The maps of views that were compared, by their places, and what they gave. The meshes hold them.
    views: FxHashMap<(usize, usize), Rc<Vec<Found>>>,
    /// The clusters that were compared last, and what they gave: the proxies of a workload follow each other.
    last: Option<(Clusters, Clusters, Rc<Vec<Found>>)>,
}

impl Cache {
    /// The differences of the destinations that both proxies have. Whether routes lead to them is the tables' business.
    pub(super) fn compare(&mut self, was: &Proxy, is: &Proxy) -> Rc<Vec<Found>> {
        if was.clusters.same(&is.clusters) {
            return Rc::default();
        }
        if let Some((a, b, found)) = &self.last
            && a.same(&was.clusters)
            && b.same(&is.clusters)
        {
            return Rc::clone(found);
        }
        let (a, b) = (&was.clusters, &is.clusters);
        let places = (Arc::as_ptr(a.shared()).addr(), Arc::as_ptr(b.shared()).addr());
        let of_views = if let Some(known) = self.views.get(&places) {
            Rc::clone(known)
        } else {
            let made = Rc::new(self.maps(a.shared(), |name| b.shared().get(name)));
            self.views.insert(places, Rc::clone(&made));
            made
        };
        // What is of the view here and beside it there.
        let moved: ByName =
            b.own().iter().filter_map(|own| a.shared().get(&own.name)).map(Arc::clone).collect();
        let mut found: BTreeMap<(Kind, String), Found> = BTreeMap::new();
        let others = [self.maps(a.own(), |name| b.get(name)), self.maps(&moved, |name| b.get(name))];
        for one in of_views.iter().chain(others.iter().flatten()) {
            merge(&mut found, one);
        }
        let found = found.into_values().map(|found| Found { text: told(&found), ..found });
        let found: Rc<Vec<Found>> = Rc::new(found.collect());
        self.last = Some((was.clusters.clone(), is.clusters.clone(), Rc::clone(&found)));
        found
    }
}

impl Cache {
    /// The differences of clusters, each with the one of its name.
    fn maps<'c>(&mut self, before: &ByName, after: impl Fn(&str) -> Option<&'c Arc<Cluster>>) -> Vec<Found> {
        let mut found = Vec::new();
        for before in before {
            let Some(after) = after(&before.name).filter(|after| !Arc::ptr_eq(before, after)) else {
                continue;
            };
            let key = (Arc::as_ptr(before).addr(), Arc::as_ptr(after).addr());
            let of_pair = self.pairs.entry(key).or_insert_with(|| Rc::new(differences(before, after)));
            found.extend(of_pair.iter().cloned());
        }
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
    // In a file that was moved every line is another.
    let moved = || Cluster { origins: before.origins.clone(), ..after.clone() };
    if before == after || before.origins != after.origins && *before == moved() {
        return found;
    }
    let ((mut tls_before, before_rest), (mut tls_after, after_rest)) = (settings(before), settings(after));
    if before.endpoints.is_empty() || after.endpoints.is_empty() {
        // Istio takes the names that a server may have from its endpoints, and what they take is known of endpoints.
        [&mut tls_before, &mut tls_after].into_iter().for_each(without_names);
    }
    if before_rest != after_rest {
        found.push(one(Kind::ClusterSettingsChanged, before, after, &before_rest, &after_rest));
    }
    if tls_before != tls_after {
        found.push(one(Kind::TlsChanged, before, after, &tls_before, &tls_after));
    }
    if endpoints(before) != endpoints(after) {
        found.push(one(Kind::EndpointsChanged, before, after, &endpoints(before), &endpoints(after)));
    }
    found
}

fn one(kind: Kind, was: &Cluster, is: &Cluster, before: &Value, after: &Value) -> Found {
    let whom = (format!("{}:{}", is.host, is.port), describe::host(&is.host));
    let (before, after) = (json!({ &is.name: before }), json!({ &is.name: after }));
    // What is said of it waits for the host's other clusters.
    Found { text: String::new(), ..Found::settings(kind, whom, before, after, (&was.origins, &is.origins)) }
}

/// What is different, cluster by cluster; what a subset shares with the whole is said once.
fn told(found: &Found) -> String {
    let (Value::Object(before), Value::Object(after)) = (&found.before, &found.after) else {
        return String::new();
    };
    let mut said: Vec<String> = Vec::new();
    let mut parts: Vec<String> = Vec::new();
    let subset = |cluster: &str| cluster.split('|').nth(2).unwrap_or_default().to_owned();
    let mut clusters: Vec<(&String, &Value)> = before.iter().collect();
    clusters.sort_by_key(|(cluster, _)| subset(cluster));
    for (cluster, was) in clusters {
        let is = after.get(cluster).unwrap_or(&Value::Null);
        let what = match found.kind {
            Kind::EndpointsChanged => moved(was, is),
            _ => words::settings(was, is),
        };
        if said.contains(&what) {
            continue;
        }
        let subset = subset(cluster);
        let of = if subset.is_empty() { String::new() } else { format!("{subset}: ") };
        parts.push(format!("{of}{what}"));
        said.push(what);
    }
    parts.join(", ")
}

/// How many endpoints are listed by name.
const LISTED: usize = 3;

/// The endpoints that are gone and those that are new.
fn moved(was: &Value, is: &Value) -> String {
    let all = |side: &Value| side.as_array().cloned().unwrap_or_default();
    let (was, is) = (all(was), all(is));
    let list = |from: &[Value], other: &[Value]| -> Vec<String> {
        let only = from.iter().filter(|endpoint| !other.contains(endpoint));
        only.filter_map(|endpoint| endpoint.get(0)?.as_str().map(ToOwned::to_owned)).collect()
    };
    let (gone, new) = (list(&was, &is), list(&is, &was));
    let mut parts = vec![format!("{} → {} endpoints", was.len(), is.len())];
    for (sign, names) in [("−", gone), ("+", new)] {
        parts.extend(names.iter().take(LISTED).map(|name| format!("{sign}{name}")));
        if names.len() > LISTED {
            parts.push(format!("{sign}{} more", names.len() - LISTED));
        }
    }
    parts.join(" ")
}

/// How TLS is spoken, and all else that a cluster says but its names, its endpoints and where it comes from.
fn settings(cluster: &Cluster) -> (Value, Value) {
    const NO_SETTING: [&str; 7] = ["name", "host", "port", "subset", "endpoints", "telemetry", "origins"];
    const TLS: [&str; 2] = ["auto_sni", "auto_san_validation"];
    // Our types have string keys only, which is all that can fail.
    let Value::Object(mut rest) = serde_json::to_value(cluster).unwrap_or_default() else {
        return (Value::Null, Value::Null);
    };
    rest.retain(|key, _| !NO_SETTING.contains(&key.as_str()));
    let mut tls = serde_json::Map::new();
    tls.extend(rest.remove_entry("tls"));
    if let Some(Value::Object(http)) = rest.get_mut("http") {
        tls.extend(TLS.iter().filter_map(|key| http.remove_entry(*key)));
    }
    if let Tls::WherePossible(_) = cluster.tls {
        tls.insert("mutual_tls_to".to_owned(), takers(cluster).into());
    }
    (Value::Object(tls), Value::Object(rest))
}

/// How many of the endpoints take Istio's mutual TLS, which others are spoken to without.
fn takers(cluster: &Cluster) -> &'static str {
    let endpoints = || cluster.endpoints.iter().flat_map(|group| &group.endpoints);
    match (endpoints().any(|one| one.mutual_tls), endpoints().all(|one| one.mutual_tls)) {
        (true, true) => "all endpoints",
        (true, false) => "some endpoints",
        (false, _) => "no endpoint",
    }
}

/// Takes out of TLS settings what follows from the endpoints.
fn without_names(tls: &mut Value) {
    if let Value::Object(fields) = tls {
        fields.remove("mutual_tls_to");
    }
    for how in ["always", "where_possible"] {
        if let Some(Value::Object(fields)) = tls.get_mut("tls").and_then(|tls| tls.get_mut(how)) {
            fields.remove("subject_alt_names");
        }
    }
}

/// The endpoints, sorted; labels are no behaviour.
fn endpoints(cluster: &Cluster) -> Value {
    let mut all = Vec::new();
    for group in &cluster.endpoints {
        // A weight that is the sum of its endpoints' says nothing but how many they are.
        let sum: u32 = group.endpoints.iter().map(|endpoint| endpoint.weight.unwrap_or(1)).sum();
        let weight = group.weight.filter(|weight| *weight != sum);
        let place = json!([group.locality, weight, group.priority]);
        for endpoint in &group.endpoints {
            all.push(json!([who(endpoint), endpoint.weight, endpoint.health, place]));
        }
    }
    all.sort_by_cached_key(ToString::to_string);
    Value::Array(all)
}

/// A pod by its name, because its address is another one each time it starts; anything else by its address.
fn who(endpoint: &Endpoint) -> String {
    let (address, port) = match &endpoint.address {
        Address::Socket { address, port } => (address, port),
        Address::Pipe { path } => return path.clone(),
    };
    match (&endpoint.pod, &endpoint.namespace) {
        (Some(pod), Some(namespace)) => format!("{pod}.{namespace}:{port}"),
        (Some(pod), None) => format!("{pod}:{port}"),
        (None, _) => format!("{address}:{port}"),
    }
}
