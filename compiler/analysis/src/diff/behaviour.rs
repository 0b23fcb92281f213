//! What is done with a request, in a normal form without names and origins: two routes with equal behaviour are one.

use std::collections::BTreeMap;

use meshc_effective::model::{Action, Forward, HeaderOps, Proxy, Redirect, RedirectPath, Route, VirtualHost};
use serde_json::{Value, json};

use super::normal;

/// One aspect of what is done, each compared on its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Facet {
    Outcome,
    Fault,
    Rewrite,
    RequestHeaders,
    ResponseHeaders,
    Cors,
    Timeout,
    Retries,
    Mirrors,
    /// What no answer shows.
    Settings,
}

/// Istio's cluster for what no service of the mesh is for.
const PASSTHROUGH: &str = "PassthroughCluster";

/// How a request ends.
#[derive(Debug, Clone)]
pub(super) enum Outcome {
    /// No route: 404.
    NotFound,
    /// Told to use HTTPS.
    RequireTls,
    /// Sent to these clusters.
    Forward(Vec<Target>),
    /// Told to go elsewhere: the status.
    Redirect(u16),
    /// Answered at once: the status.
    Direct(u32),
    /// Not known, and so not let out: Istio's `block_all`, with its status.
    Blocked(u32),
    /// Always answered by a fault.
    Abort,
}

/// A cluster with its share of the requests.
#[derive(Debug, Clone)]
pub(super) struct Target {
    /// Istio's name.
    pub(super) cluster: String,
    /// From 0 to 1.
    pub(super) share: f64,
    /// Why no endpoint answers; none if one does.
    pub(super) failure: Option<u16>,
}

/// What is done with a request. Equal are two that no client and no service can tell apart.
#[derive(Debug, Clone)]
pub(crate) struct Behaviour {
    /// In words that people know; the aspects decide what is equal.
    pub(super) outcome: Outcome,
    /// Aspects that are null are left out.
    pub(super) facets: BTreeMap<Facet, Value>,
}

impl PartialEq for Behaviour {
    fn eq(&self, other: &Self) -> bool {
        self.facets == other.facets
    }
}

impl Behaviour {
    /// No route takes the request.
    pub(super) fn not_found() -> Self {
        Self::plain(Outcome::NotFound, json!({"status": 404}))
    }

    /// The virtual host wants HTTPS.
    pub(super) fn require_tls() -> Self {
        Self::plain(Outcome::RequireTls, json!({"redirect": "https", "status": 301}))
    }

    fn plain(outcome: Outcome, value: Value) -> Self {
        Self { outcome, facets: BTreeMap::from([(Facet::Outcome, value)]) }
    }

    /// What a route of a virtual host of a proxy does.
    pub(crate) fn of_route(proxy: &Proxy, host: &VirtualHost, route: &Route) -> Self {
        let mut facets = BTreeMap::new();
        let mut set = |facet: Facet, value: Value| {
            if !value.is_null() {
                facets.insert(facet, value);
            }
        };
        set(Facet::Fault, normal::fault(route.fault.as_ref()));
        let aborts = normal::always_aborts(route.fault.as_ref());
        let mut response = normal::response_headers(&route.headers);
        let outcome = match &route.action {
            Action::Forward(forward) => {
                let (targets, total) = targets(proxy, forward);
                let own = |ops: &dyn Fn(&HeaderOps) -> Value| {
                    let of_each: Vec<Value> = forward
                        .destinations
                        .iter()
                        .filter(|d| d.weight > 0 || forward.destinations.len() == 1)
                        .filter(|d| !ops(&d.headers).is_null())
                        .map(|d| {
                            let part = reduced(u64::from(d.weight), total);
                            json!([
                                seen(&d.cluster, failure(proxy, forward, &d.cluster)),
                                part,
                                ops(&d.headers)
                            ])
                        })
                        .collect();
                    if of_each.is_empty() { Value::Null } else { sorted(of_each) }
                };
                response = joined(response, &own(&normal::response_headers));
                if aborts {
                    Outcome::Abort
                } else {
                    set(Facet::Outcome, json!({"destinations": shares(&targets)}));
                    set(Facet::Cors, normal::cors(route.cors.as_ref()));
                    // Where nothing is reached, nothing shows what would have been done on the way.
                    if targets.iter().any(|(target, _)| target.failure.is_none()) {
                        let request =
                            joined(normal::request_headers(&route.headers), &own(&normal::request_headers));
                        set(Facet::RequestHeaders, request);
                        set(
                            Facet::Rewrite,
                            joined(normal::rewrite(route, &forward.rewrite), &own(&authority)),
                        );
                        set(Facet::Timeout, normal::timeout(forward.timeout));
                        set(Facet::Retries, normal::retries(forward.retry.as_ref()));
                        set(Facet::Mirrors, mirrors(forward));
                        set(Facet::Settings, settings(host, forward));
                    }
                    Outcome::Forward(targets.into_iter().map(|(target, _)| target).collect())
                }
            }
            Action::Redirect(redirect) => {
                set(Facet::Cors, normal::cors(route.cors.as_ref()));
                if !aborts {
                    set(Facet::Outcome, to(route, redirect));
                }
                if aborts { Outcome::Abort } else { Outcome::Redirect(redirect.code) }
            }
            Action::DirectResponse(direct) => {
                set(Facet::Cors, normal::cors(route.cors.as_ref()));
                if !aborts {
                    let body = direct.body.as_deref().map(String::from_utf8_lossy);
                    set(Facet::Outcome, json!({"status": direct.status, "body": body}));
                }
                if aborts {
                    Outcome::Abort
                } else if host.name == "block_all" {
                    Outcome::Blocked(direct.status)
                } else {
                    Outcome::Direct(direct.status)
                }
            }
        };
        if matches!(outcome, Outcome::Abort) {
            set(Facet::Outcome, json!({"fault": "abort"}));
        }
        set(Facet::ResponseHeaders, response);
        Self { outcome, facets }
    }

    /// An aspect; null where there is nothing of it.
    pub(super) fn facet(&self, facet: Facet) -> &Value {
        self.facets.get(&facet).unwrap_or(&Value::Null)
    }

    /// Whether every request fails.
    pub(super) fn fails(&self) -> bool {
        match &self.outcome {
            Outcome::NotFound | Outcome::Blocked(_) => true,
            Outcome::Forward(targets) => targets.iter().all(|target| target.failure.is_some()),
            _ => false,
        }
    }

    /// Whether it goes where it was going, as no service of the mesh.
    pub(super) fn is_unrouted(&self) -> bool {
        matches!(&self.outcome, Outcome::Forward(targets) if targets.iter().any(|t| t.cluster == PASSTHROUGH))
    }

    /// Whether no route of the mesh is for it: it goes where it was going, or is not let out.
    pub(super) fn is_loose(&self) -> bool {
        self.is_unrouted() || matches!(self.outcome, Outcome::Blocked(_))
    }

    /// The share of requests that an endpoint answers.
    pub(super) fn delivered(&self) -> f64 {
        match &self.outcome {
            Outcome::Forward(targets) => {
                let reached: Vec<&Target> =
                    targets.iter().filter(|target| target.failure.is_none()).collect();
                // All of them are all, whatever rounding says.
                if reached.len() == targets.len() { 1.0 } else { reached.iter().map(|t| t.share).sum() }
            }
            _ => 0.0,
        }
    }
}

fn authority(ops: &HeaderOps) -> Value {
    ops.authority.as_ref().map_or(Value::Null, |authority| json!(authority))
}

fn joined(of_route: Value, of_destinations: &Value) -> Value {
    if of_destinations.is_null() { of_route } else { json!([of_route, of_destinations]) }
}

fn sorted(mut values: Vec<Value>) -> Value {
    values.sort_by_cached_key(ToString::to_string);
    Value::Array(values)
}

/// A share as a fraction in lowest terms.
fn reduced(part: u64, total: u64) -> String {
    let (mut a, mut b) = (part, total);
    while b != 0 {
        (a, b) = (b, a % b);
    }
    let lowest = part.checked_div(a).zip(total.checked_div(a));
    lowest.map_or_else(|| "0".to_owned(), |(part, total)| format!("{part}/{total}"))
}

/// The clusters with their shares, sorted by name, each once; and the sum of all weights.
fn targets(proxy: &Proxy, forward: &Forward) -> (Vec<(Target, u64)>, u64) {
    let written: u64 = forward.destinations.iter().map(|d| u64::from(d.weight)).sum();
    // Without any weight there is one destination, which takes all.
    let weight = |weight: u32| if written == 0 { 1 } else { u64::from(weight) };
    let total = if written == 0 { forward.destinations.len() as u64 } else { written };
    let mut weights: BTreeMap<&str, u64> = BTreeMap::new();
    for destination in &forward.destinations {
        *weights.entry(&destination.cluster).or_default() += weight(destination.weight);
    }
    let targets = weights.into_iter().filter(|(_, weight)| *weight > 0).map(|(cluster, weight)| {
        let share = weight as f64 / total as f64;
        let failure = failure(proxy, forward, cluster);
        (Target { cluster: cluster.to_owned(), share, failure }, weight)
    });
    (targets.collect(), total)
}

/// The status of requests to a cluster that no endpoint takes; none if one does.
fn failure(proxy: &Proxy, forward: &Forward, cluster: &str) -> Option<u16> {
    match proxy.clusters.get(cluster) {
        None => Some(forward.cluster_not_found_status),
        Some(known) if known.has_endpoints() => None,
        Some(_) => Some(503),
    }
}

/// What a client notices of a cluster: where nothing answers, its name is nothing.
fn seen(cluster: &str, failure: Option<u16>) -> Value {
    failure.map_or_else(|| json!(cluster), |status| json!(status))
}

/// The destinations with their parts of the whole; those that fail alike together.
fn shares(targets: &[(Target, u64)]) -> Vec<Value> {
    let total: u64 = targets.iter().map(|(_, weight)| weight).sum();
    let mut parts: Vec<(Value, u64)> = Vec::new();
    for (target, weight) in targets {
        let who = seen(&target.cluster, target.failure);
        match parts.iter_mut().find(|(known, _)| *known == who) {
            Some((_, sum)) => *sum += weight,
            None => parts.push((who, *weight)),
        }
    }
    parts.into_iter().map(|(who, weight)| json!([who, reduced(weight, total)])).collect()
}

fn mirrors(forward: &Forward) -> Value {
    let copied: Vec<Value> = forward
        .mirrors
        .iter()
        .filter(|mirror| mirror.percent.millionths > 0)
        .map(|mirror| json!([mirror.cluster, mirror.percent.value()]))
        .collect();
    if copied.is_empty() { Value::Null } else { sorted(copied) }
}

fn settings(host: &VirtualHost, forward: &Forward) -> Value {
    let streams = forward.max_stream_duration.map(|d| u64::try_from(d.as_millis()).unwrap_or(u64::MAX));
    json!({"include_attempt_count": host.include_attempt_count, "max_stream_duration_ms": streams,
           "hash_policies": forward.hash_policies})
}

fn to(route: &Route, redirect: &Redirect) -> Value {
    let path = redirect.path.as_ref().map(|path| match path {
        RedirectPath::Full(path) => json!({ "full": path }),
        RedirectPath::Prefix(new) => json!({ "prefix": normal::redirect_prefix(route, new) }),
    });
    json!({
        "redirect": redirect.code,
        "scheme": redirect.scheme,
        "host": redirect.host,
        "port": redirect.port,
        "path": path,
    })
}
