//! The schemas of our types against the definitions that Istio and the Gateway API ship.
//!
//! `MESHC_SHOW=KIND` prints each difference of a kind.

#![expect(clippy::print_stdout, reason = "the numbers are what the test is read for")]

use std::collections::BTreeMap;
use std::fs;

use meshc_resources::{Kind, schema};
use meshc_source::FileId;
use meshc_syntax::Limits;
use serde_json::Value;

/// Keywords that say nothing about which documents are valid.
const WORDS: &[&str] = &["description", "x-kubernetes-map-type"];

#[test]
fn types_state_what_the_definitions_state() {
    let Some(samples) = meshc_testkit::shared("types state the definitions", "samples") else { return };
    let show = std::env::var("MESHC_SHOW").unwrap_or_default();
    let mut failures = Vec::new();
    let mut definitions: BTreeMap<(String, String), Value> = BTreeMap::new();
    for file in ["istio-crds.yaml", "gateway-api-crds.yaml"] {
        let text = fs::read_to_string(samples.join(file)).expect(file);
        // Some definitions stand one behind the other without `---`.
        for part in text.split("\napiVersion: apiextensions.k8s.io/v1\n") {
            let part = format!("apiVersion: apiextensions.k8s.io/v1\n{part}");
            let part = part.replacen("apiVersion: apiextensions.k8s.io/v1\napiVersion:", "apiVersion:", 1);
            for document in &meshc_syntax::parse(FileId(0), &part, &Limits::default()).documents {
                let definition = document.root.to_json();
                let word =
                    |path: &str| definition.pointer(path).and_then(Value::as_str).map(ToOwned::to_owned);
                let Some((group, kind)) = word("/spec/group").zip(word("/spec/names/kind")) else { continue };
                if let Some(schema) = definition.pointer("/spec/versions/0/schema/openAPIV3Schema") {
                    definitions.insert((group, kind), schema.clone());
                }
            }
        }
    }
    for kind in Kind::all() {
        let (group, _) = kind.group();
        let Some(definition) = definitions.get(&(group.to_owned(), kind.as_str().to_owned())) else {
            continue;
        };
        let name = format!("{group} {kind}");
        let ours = schema::structural(kind);
        let mut differences = Vec::new();
        compare("", Some(definition), Some(&ours), &mut differences);
        differences.retain(|difference: &String| !is_known(kind, difference));
        if !differences.is_empty() {
            println!("{name}: {} differences", differences.len());
            failures.push(name.clone());
        }
        let shown = if show == kind.as_str() { usize::MAX } else { 5 };
        for difference in differences.iter().take(shown) {
            println!("  {difference}");
        }
    }
    assert!(failures.is_empty(), "{failures:?}");
}

// Our types follow the experimental channel of a later release than the definitions at hand, which are those of
// the standard channel: it has more fields and filters, and rules that speak of them.
const LATER: &[&str] = &[
    ": only we have it",
    "parentRefs x-kubernetes-validations:",
    ".value pattern: nothing |",
    ".requestRedirect.statusCode format: nothing |",
    ".filters[].type enum:",
    ".filters[] x-kubernetes-validations:",
    ".spec.rules x-kubernetes-validations:",
    ".spec.rules maxItems: 1.0 |",
];

/// Differences that are meant.
fn is_known(kind: Kind, difference: &str) -> bool {
    // Every resource has these, and status is the controllers' business.
    if [".apiVersion", ".kind", ".metadata", ".status"].iter().any(|field| difference.starts_with(field)) {
        return true;
    }
    // A field of a later release.
    if difference.starts_with(".spec.jwtRules[].presence:") {
        return true;
    }
    kind.group().0 == "gateway.networking.k8s.io" && LATER.iter().any(|later| difference.contains(later))
}

fn compare(path: &str, theirs: Option<&Value>, ours: Option<&Value>, out: &mut Vec<String>) {
    let (theirs, ours) = match (theirs, ours) {
        (Some(theirs), Some(ours)) => (theirs, ours),
        (Some(_), None) => return out.push(format!("{path}: we lack it")),
        (None, Some(_)) => return out.push(format!("{path}: only we have it")),
        (None, None) => return,
    };
    let (Some(a), Some(b)) = (theirs.as_object(), ours.as_object()) else {
        if theirs != ours {
            out.push(format!("{path}: {theirs} | {ours}"));
        }
        return;
    };
    let keys: std::collections::BTreeSet<&String> = a.keys().chain(b.keys()).collect();
    for key in keys.into_iter().filter(|key| !WORDS.contains(&key.as_str())) {
        match key.as_str() {
            "properties" => {
                let properties = |schema: &Value| {
                    schema.get("properties").and_then(Value::as_object).cloned().unwrap_or_default()
                };
                let (a, b) = (properties(theirs), properties(ours));
                let names: std::collections::BTreeSet<&String> = a.keys().chain(b.keys()).collect();
                for name in names {
                    compare(&format!("{path}.{name}"), a.get(name), b.get(name), out);
                }
            }
            "items" => compare(&format!("{path}[]"), a.get(key), b.get(key), out),
            "additionalProperties" => compare(&format!("{path}{{}}"), a.get(key), b.get(key), out),
            _ => {
                let (a, b) = (a.get(key).map(sorted), b.get(key).map(sorted));
                if a != b {
                    let show = |value: Option<Value>| value.map_or("nothing".to_owned(), |v| v.to_string());
                    out.push(format!("{path} {key}: {} | {}", show(a), show(b)));
                }
            }
        }
    }
}

/// A keyword's value without what its order, its words or its way of writing numbers say.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Array(items) => {
            let mut items: Vec<Value> = items.iter().map(sorted).collect();
            items.sort_by_key(ToString::to_string);
            Value::Array(items)
        }
        Value::Object(entries) => {
            let entries = entries.iter().filter(|(key, _)| !WORDS.contains(&key.as_str()));
            Value::Object(entries.map(|(key, value)| (key.clone(), sorted(value))).collect())
        }
        Value::String(text) => Value::String(text.split_whitespace().collect::<Vec<_>>().join(" ")),
        Value::Number(number) => number.as_f64().map_or(Value::Null, Value::from),
        other => other.clone(),
    }
}
