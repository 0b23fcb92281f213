//! What was said beside what happened.

use std::collections::{BTreeMap, BTreeSet};

use meshc_testkit::headers::is_own;
use meshc_testkit::real::echo;
use meshc_trace::Answer;
use serde_json::{Map, Value, json};

use super::Claim;
use super::plan::{Case, Varying};

/// Headers of answers that proxies and services always send.
const OF_ANSWERS: [&str; 10] = [
    "server",
    "date",
    "content-length",
    "content-type",
    "connection",
    "transfer-encoding",
    "x-echo",
    "x-envoy-upstream-service-time",
    "location",
    "vary",
];

/// What became of a request.
pub(super) struct Happened<'a> {
    pub(super) answer: &'a echo::Answer,
    pub(super) logged: &'a Value,
    /// Headers that depend on the destination.
    pub(super) varying: &'a Varying,
}

/// What differs between what was said and what happened; nothing where what happened is one of the things that may.
pub(super) fn differences(case: &Case, happened: &Happened<'_>) -> Vec<String> {
    let alternatives = case.said.alternatives.iter().map(|alternative| &alternative.answer);
    let mut all =
        std::iter::once(&case.said).chain(alternatives).map(|said| of_answer(said, &case.prefix, happened));
    let first = all.next().unwrap_or_default();
    let mut found = if first.is_empty() || all.any(|found| found.is_empty()) { Vec::new() } else { first };
    found.extend(broken(&case.claim, happened));
    found
}

/// What is claimed of a request and did not happen.
fn broken(claim: &Claim, happened: &Happened<'_>) -> Option<String> {
    let taken = happened.logged["route"].as_str().unwrap_or_default();
    match claim {
        Claim::Takes(name) => (taken != name).then(|| format!("{name} was to be taken, {taken} was")),
        Claim::TakesNone(names) => names.contains(taken).then(|| format!("{taken} was to be taken by none")),
        Claim::Nothing => None,
    }
}

fn of_answer(said: &Answer, prefix: &str, happened: &Happened<'_>) -> Vec<String> {
    let Happened { answer: happened, logged, varying } = happened;
    // Only of several destinations one can do what the others do not.
    let varies_here = |name: &str| said.destinations.len() != 1 && varying.answers.contains(name);
    let mut found = Vec::new();
    let mut same = |what: &str, said: Value, happened: Value| {
        if said != happened {
            found.push(format!("{what}: said {said}, happened {happened}"));
        }
    };
    let header = |name: &str| happened.headers.get(name).cloned().unwrap_or_default();
    same("status", json!(said.status), json!(happened.status));
    let route = logged["route"].as_str().filter(|route| !route.is_empty() && *route != "-");
    same("route", json!(said.route), json!(route));
    same("location", json!(said.location), header("location"));
    let text = String::from_utf8_lossy(&happened.body).into_owned();
    // A status that has no body has none, whatever the configuration says.
    if let Some(body) = said.body.as_ref().filter(|_| happened.status != 204) {
        same("body", json!(body), json!(text));
    }
    let reached = happened.headers.contains_key("x-echo");
    same("arrives", json!(said.upstream.is_some()), json!(reached));
    for (name, value) in said.response_headers.iter().filter(|(name, _)| !varies_here(name)) {
        same(&format!("response header {name}"), json!(value), header(name));
    }
    let known = |name: &str| {
        OF_ANSWERS.contains(&name) || said.response_headers.contains_key(name) || varies_here(name)
    };
    for name in happened.headers.keys().filter(|name| !known(name)) {
        same(&format!("response header {name}"), Value::Null, header(name));
    }
    let (Some(upstream), true) = (&said.upstream, reached) else { return found };
    let cluster = logged["cluster"].as_str().and_then(|name| name.strip_prefix(prefix)).unwrap_or_default();
    let may = said.destinations.iter().any(|(name, weight)| name == cluster && *weight > 0);
    same("one of the destinations", json!(true), json!(may));
    let got: Value = serde_json::from_str(&text).unwrap_or_default();
    let empty = Map::new();
    let headers = got["headers"].as_object().unwrap_or(&empty);
    let mut expected: BTreeMap<String, String> = upstream.headers.clone();
    let mut authority = upstream.authority.clone();
    if let Some(ops) = upstream.by_destination.get(cluster) {
        for (name, value) in &ops.set {
            if name == ":authority" {
                authority.clone_from(value);
            } else {
                drop(expected.insert(name.clone(), value.clone()));
            }
        }
        for (name, value) in &ops.add {
            let old = expected.remove(name);
            expected.insert(name.clone(), old.map_or_else(|| value.clone(), |old| format!("{old},{value}")));
        }
        ops.remove.iter().for_each(|name| drop(expected.remove(name)));
    }
    same("path", json!(upstream.path), got["path"].clone());
    same("authority", json!(authority), headers.get("host").cloned().unwrap_or_default());
    let timeout = headers
        .get("x-envoy-expected-rq-timeout-ms")
        .and_then(Value::as_str)
        .and_then(|t| t.parse::<u64>().ok());
    same("timeout", json!(said.timeout_ms), json!(timeout));
    // What a cluster that is listed twice does is told of its first listing alone.
    let twice = said.destinations.iter().filter(|(name, _)| name == cluster).count() > 1;
    let varies: BTreeSet<&str> = varying.requests.iter().filter(|_| twice).map(String::as_str).collect();
    let names: BTreeSet<&str> =
        expected.keys().map(String::as_str).chain(headers.keys().map(String::as_str)).collect();
    for name in names.difference(&varies).copied() {
        let asked = expected.get(name);
        if asked.is_some() || !is_own(name) {
            same(&format!("header {name}"), json!(asked), headers.get(name).cloned().unwrap_or_default());
        }
    }
    found
}
