//! Compares what the compiler said with what the running mesh did.
//!
//! Comparable is: the status; the name of the route; who answered (an endpoint of the cluster that was taken, and
//! that cluster one of the destinations with a weight above zero); `location`; the body of answers that a proxy makes;
//! path, authority and headers as they arrived; headers that the configuration adds to the response; the timeout; and
//! that a delay was kept. Of probabilistic outcomes any that the compiler allows is right.

mod onward;

use std::collections::BTreeMap;
use std::time::Duration;

use meshc_effective::model::Proxy;
use meshc_trace::{Answer, Query, Tracer, Upstream};

use super::observed::{Observed, is_noise};
use super::world::World;

/// Timers may fire this much early: Envoy counts in milliseconds.
const EARLY: Duration = Duration::from_millis(2);

/// How `observed` differs from what was `predicted` for a question to `proxy`, and, where a gateway of the mesh got the
/// request, from what that makes of it.
pub(crate) fn in_mesh(
    world: &World,
    tracer: &Tracer<'_>,
    (query, proxy): (&Query, &Proxy),
    predicted: &Answer,
    observed: &Observed,
) -> Vec<String> {
    match onward::gateway(world, proxy, observed) {
        Some(gateway) => onward::differences(tracer, query, gateway, predicted, observed),
        None => differences(proxy, predicted, observed),
    }
}

/// How `observed` differs from what was `predicted` for `proxy`; empty where it is one of the outcomes.
pub(crate) fn differences(proxy: &Proxy, predicted: &Answer, observed: &Observed) -> Vec<String> {
    let main = against(proxy, predicted, observed);
    let mut others = predicted.alternatives.iter();
    if main.is_empty() || others.any(|other| against(proxy, &other.answer, observed).is_empty()) {
        return Vec::new();
    }
    main
}

fn against(proxy: &Proxy, predicted: &Answer, observed: &Observed) -> Vec<String> {
    let mut found = Differences(Vec::new());
    found.compare("status", &predicted.status, &observed.status);
    if observed.route.is_some() {
        found.compare("route", &predicted.route, &observed.route);
    }
    found.compare("location", &predicted.location, &observed.location);
    if predicted.body.is_some() {
        found.compare("body", &predicted.body, &observed.body);
    }
    destination(proxy, predicted, observed, &mut found);
    let cluster = observed.destinations.iter().flatten().next().map(|(cluster, _)| cluster.as_str());
    match (&predicted.upstream, &observed.upstream) {
        (Some(predicted), Some(arrived)) => {
            found.compare("path upstream", &predicted.path, &arrived.path);
            let (authority, headers) = expected(predicted, cluster);
            found.compare("authority upstream", &authority, &arrived.authority);
            let seen = arrived.headers.iter().filter(|(name, _)| !is_noise(name));
            found.headers("upstream", &headers, &seen.map(owned).collect());
        }
        (None, Some(arrived)) => found.0.push(format!("{} arrived, and nothing should", arrived.path)),
        // Where nothing answered, the status says so.
        (_, None) => {}
    }
    if observed.upstream.is_some() {
        found.compare("timeout_ms", &predicted.timeout_ms, &observed.timeout_ms);
    }
    let mut headers = observed.response_headers.clone();
    if predicted.destinations.len() > 1 {
        // What one of several destinations adds on top is no part of the prediction.
        headers.retain(|name, _| predicted.response_headers.contains_key(name));
    }
    if observed.upstream.is_none() {
        // A body that a proxy makes has a type that it chose.
        headers.retain(|name, _| name != "content-type" || predicted.response_headers.contains_key(name));
    }
    let expected: BTreeMap<_, _> =
        predicted.response_headers.iter().filter(|(name, _)| !is_noise(name)).map(owned).collect();
    found.headers("response", &expected, &headers);
    if let Some(delay) = predicted.delay_ms.map(Duration::from_millis)
        && observed.took + EARLY < delay
    {
        found.0.push(format!("it took {:?}, and a delay of {delay:?} was due", observed.took));
    }
    found.0
}

/// The destinations that may be taken.
fn weighted(predicted: &Answer) -> impl Iterator<Item = &str> {
    let weighted = predicted.destinations.iter().filter(|(_, weight)| *weight > 0);
    weighted.map(|(cluster, _)| cluster.as_str())
}

/// Who answered, against the destinations.
fn destination(proxy: &Proxy, predicted: &Answer, observed: &Observed, found: &mut Differences) {
    found.taken(predicted, observed);
    let Some(who) = observed.who.as_deref().filter(|_| observed.answered_by.is_some()) else {
        if observed.upstream.is_none() && predicted.upstream.is_some() && predicted.status == observed.status
        {
            found.0.push("no workload answered".to_owned());
        }
        return;
    };
    let taken =
        observed.destinations.as_ref().and_then(|taken| taken.first()).map(|(cluster, _)| cluster.as_str());
    let serves = |cluster: &str| World::serves(proxy, cluster, who);
    let fits = match taken {
        Some(taken) => serves(taken),
        None => weighted(predicted).any(serves),
    };
    if !fits {
        found.0.push(format!("{who} answered, which is no endpoint of where the request goes"));
    }
}

/// Authority and headers that arrive through a cluster.
fn expected(upstream: &Upstream, cluster: Option<&str>) -> (String, BTreeMap<String, String>) {
    let mut headers: BTreeMap<String, String> =
        upstream.headers.iter().filter(|(name, _)| !is_noise(name)).map(owned).collect();
    let mut authority = upstream.authority.clone();
    if let Some(more) = cluster.and_then(|cluster| upstream.by_destination.get(cluster)) {
        for (name, value) in &more.set {
            if name == ":authority" {
                authority.clone_from(value);
            } else {
                headers.insert(name.clone(), value.clone());
            }
        }
        for (name, value) in &more.add {
            let joined = headers.entry(name.clone());
            joined.and_modify(|before| before.extend([",", value])).or_insert_with(|| value.clone());
        }
        for name in &more.remove {
            headers.remove(name);
        }
    }
    (authority, headers)
}

fn owned((name, value): (&String, &String)) -> (String, String) {
    (name.clone(), value.clone())
}

struct Differences(Vec<String>);

impl Differences {
    fn compare<T: PartialEq + serde::Serialize>(&mut self, what: &str, predicted: &T, observed: &T) {
        if predicted != observed {
            let text = |value: &T| serde_json::to_string(value).unwrap_or_default();
            self.0.push(format!("{what}: expected {}, got {}", text(predicted), text(observed)));
        }
    }

    /// The cluster that was taken, against the destinations.
    fn taken(&mut self, predicted: &Answer, observed: &Observed) {
        if let Some((taken, _)) = observed.destinations.iter().flatten().next()
            && weighted(predicted).all(|cluster| cluster != taken)
        {
            self.0.push(format!("cluster {taken} was taken, which is no destination"));
        }
    }

    fn headers(
        &mut self,
        of: &str,
        predicted: &BTreeMap<String, String>,
        observed: &BTreeMap<String, String>,
    ) {
        for (name, value) in predicted {
            match observed.get(name) {
                Some(seen) if seen == value => {}
                Some(seen) => self.0.push(format!("{of} header {name}: expected {value:?}, got {seen:?}")),
                None => self.0.push(format!("{of} header {name}: expected {value:?}, got none")),
            }
        }
        for (name, value) in observed.iter().filter(|(name, _)| !predicted.contains_key(*name)) {
            self.0.push(format!("{of} header {name}: expected none, got {value:?}"));
        }
    }
}

#[cfg(test)]
mod tests;
