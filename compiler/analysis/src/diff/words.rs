//! Settings in a few words: rewrites, header operations, mirrors.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde_json::Value;

use super::describe::{names, percent};

/// `path /books, host catalog.internal`
pub(super) fn rewrite(value: &Value) -> String {
    let mut parts = Vec::new();
    rewrite_parts(value, &mut parts);
    if parts.is_empty() { "none".to_owned() } else { parts.join(", ") }
}

fn rewrite_parts(value: &Value, parts: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            let text = |key: &str| fields.get(key).and_then(Value::as_str);
            let second = |key: &str| fields.get(key).and_then(|pair| pair.get(1)).and_then(Value::as_str);
            parts.extend(second("prefix").map(|path| format!("path {path}")));
            parts.extend(second("regex").map(|path| format!("path like {path}")));
            parts
                .extend(text("authority").or_else(|| text("host_header")).map(|host| format!("host {host}")));
        }
        // Of the route, then of its destinations: cluster, share, host.
        Value::Array(both) => {
            rewrite_parts(both.first().unwrap_or(&Value::Null), parts);
            for own in both.get(1).and_then(Value::as_array).into_iter().flatten() {
                parts.extend(own.get(2).and_then(Value::as_str).map(|host| format!("host {host}")));
            }
        }
        _ => {}
    }
}

/// `request x-tier: stars → gold`, each header that is treated differently.
pub(super) fn headers(before: &Value, after: &Value) -> String {
    let (was, is) = (all_headers(before), all_headers(after));
    let names: BTreeSet<&String> = was.keys().chain(is.keys()).collect();
    let none = "as it is".to_owned();
    let parts: Vec<String> = names
        .into_iter()
        .filter(|name| was.get(*name) != is.get(*name))
        .map(|name| format!("{name}: {} → {}", was.get(name).unwrap_or(&none), is.get(name).unwrap_or(&none)))
        .collect();
    if parts.is_empty() { "headers in another order".to_owned() } else { parts.join(", ") }
}

fn all_headers(value: &Value) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    for side in ["request", "response"] {
        let operations = value.get(side).unwrap_or(&Value::Null);
        match operations {
            Value::Array(both) => {
                collect(side, both.first().unwrap_or(&Value::Null), &mut all);
                for own in both.get(1).and_then(Value::as_array).into_iter().flatten() {
                    let cluster =
                        own.get(0).map(|cluster| cluster.as_str().unwrap_or("no endpoint").to_owned());
                    let place = format!("{side} to {}", cluster.unwrap_or_default());
                    collect(&place, own.get(2).unwrap_or(&Value::Null), &mut all);
                }
            }
            plain => collect(side, plain, &mut all),
        }
    }
    all
}

fn collect(place: &str, operations: &Value, all: &mut BTreeMap<String, String>) {
    let list = |key: &str| operations.get(key).and_then(Value::as_array).cloned().unwrap_or_default();
    for addition in list("add") {
        let field = |at: usize| addition.get(at).and_then(Value::as_str).unwrap_or_default().to_owned();
        let appended = if field(1).starts_with("APPEND") { "+" } else { "" };
        all.entry(format!("{place} {}", field(0)))
            .and_modify(|text| {
                let _ = write!(text, ", {appended}{}", field(2));
            })
            .or_insert_with(|| format!("{appended}{}", field(2)));
    }
    for name in list("remove") {
        all.insert(format!("{place} {}", name.as_str().unwrap_or_default()), "removed".to_owned());
    }
}

/// `catalog 100 %`
pub(super) fn mirrors(value: &Value, domain: &str) -> String {
    let copies: Vec<(&str, f64)> = value
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|copy| Some((copy.get(0)?.as_str()?, copy.get(1)?.as_f64()?)))
        .collect();
    let names = names(copies.iter().map(|(cluster, _)| *cluster), domain);
    let one = |(cluster, share): &(&str, f64)| {
        let name = names.get(*cluster).map_or(*cluster, String::as_str);
        format!("{} to {name}", percent(share / 100.0))
    };
    if copies.is_empty() { "none".to_owned() } else { copies.iter().map(one).collect::<Vec<_>>().join(", ") }
}
