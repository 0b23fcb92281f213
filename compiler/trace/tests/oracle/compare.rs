//! Whether an answer is what was recorded.

use std::collections::{BTreeMap, BTreeSet};

use meshc_testkit::headers::is_own;
use meshc_trace::Answer;
use serde_json::{Value, json};

/// The header that the recorded service itself sends.
const OF_THE_SERVICE: &str = "server-timing";

pub(crate) fn differences(recorded: &Value, answer: &Answer) -> Vec<String> {
    let expect = &recorded["expect"];
    let mut wrong = Vec::new();
    let mut same = |what: &str, got: Value, want: &Value| {
        if got != *want {
            wrong.push(format!("{what} {got}, not {want}"));
        }
    };
    same("status", json!(answer.status), &expect["status"]);
    same("route", json!(answer.route), &expect["route"]);
    same("destinations", json!(answer.destinations), expect.get("destinations").unwrap_or(&json!([])));
    same("location", json!(answer.location), &expect["location"]);
    if expect.get("body").is_some() {
        same("body", json!(answer.body), &expect["body"]);
    }
    same("arrives", json!(answer.upstream.is_some()), &json!(expect.get("upstream").is_some()));
    same("timeout_ms", json!(answer.timeout_ms), &expect["timeout_ms"]);
    let empty = serde_json::Map::new();
    let recorded_response = expect["response_headers"].as_object().unwrap_or(&empty);
    let varies = |side: &str| -> BTreeSet<&str> {
        expect["varies"][side].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
    };
    let mut names: BTreeSet<&str> = recorded_response.keys().map(String::as_str).collect();
    names.extend(answer.response_headers.keys().map(String::as_str));
    for name in names.difference(&varies("response")).filter(|n| **n != OF_THE_SERVICE) {
        let want = recorded_response.get(*name).unwrap_or(&Value::Null);
        same(&format!("response header {name}"), json!(answer.response_headers.get(*name)), want);
    }
    let (Some(got), Some(want)) = (&answer.upstream, expect.get("upstream")) else { return wrong };
    same("path", json!(got.path), &want["path"]);
    same("authority", json!(got.authority), &want["authority"]);
    let recorded_headers: BTreeMap<&str, &Value> =
        want["headers"].as_object().into_iter().flatten().map(|(n, v)| (n.as_str(), v)).collect();
    let theirs = got.headers.keys().map(String::as_str).filter(|n| !is_own(n));
    let names: BTreeSet<&str> = recorded_headers.keys().copied().chain(theirs).collect();
    let varying = varies("upstream");
    for name in names.difference(&varying) {
        let want = recorded_headers.get(name).copied().unwrap_or(&Value::Null);
        same(&format!("header {name}"), json!(got.headers.get(*name)), want);
    }
    // What is said to vary is what the destinations do, and the other way round.
    let by_destination: BTreeSet<&str> = got
        .by_destination
        .values()
        .flat_map(|ops| ops.set.keys().chain(ops.add.keys()).chain(&ops.remove))
        .map(String::as_str)
        .collect();
    same("by_destination", json!(by_destination), &json!(varying));
    wrong
}
