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

/// Settings that differ, each with both values: `outlier detection: consecutive 5xx 5 → 7`.
pub(super) fn settings(before: &Value, after: &Value) -> String {
    /// How many are said.
    const SAID: usize = 6;
    let mut parts = Vec::new();
    leaves("", before, after, &mut parts);
    let more = parts.len().saturating_sub(SAID);
    parts.truncate(SAID);
    let text = parts.join(", ");
    if more > 0 { format!("{text} and {more} more") } else { text }
}

fn leaves(name: &str, before: &Value, after: &Value, parts: &mut Vec<String>) {
    // What is not said is no, and none.
    let is_nothing = |value: &Value| match value {
        Value::Null | Value::Bool(false) => true,
        Value::Array(items) => items.is_empty(),
        Value::String(text) => text.is_empty(),
        _ => false,
    };
    if before == after || (is_nothing(before) && is_nothing(after)) {
        return;
    }
    let (was, is) = (duration(before), duration(after));
    match (before, after) {
        (Value::Object(_) | Value::Null, Value::Object(_)) | (Value::Object(_), Value::Null)
            if was.is_none() && is.is_none() =>
        {
            let keys = |side: &Value| -> BTreeSet<String> {
                side.as_object().into_iter().flat_map(|fields| fields.keys().cloned()).collect()
            };
            for key in keys(before).union(&keys(after)) {
                let word = key.replace('_', " ");
                let name = if name.is_empty() { word } else { format!("{name} {word}") };
                let of = |side: &Value| side.get(key).cloned().unwrap_or_default();
                leaves(&name, &of(before), &of(after), parts);
            }
        }
        _ => {
            let said = |value: &Value, duration: Option<String>| duration.unwrap_or_else(|| scalar(value));
            parts.push(format!("{name} {} → {}", said(before, was), said(after, is)).trim().to_owned());
        }
    }
}

fn scalar(value: &Value) -> String {
    /// Longer ones are cut.
    const LONGEST: usize = 60;
    let text = match value {
        Value::Null => "none".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(items) if items.is_empty() => "none".to_owned(),
        Value::Array(items) => items.iter().map(scalar).collect::<Vec<_>>().join(" "),
        // A secret, by who delivers it.
        Value::Object(fields) if fields.len() == 1 => {
            let name = fields.values().next().map(scalar).unwrap_or_default();
            name.strip_prefix("kubernetes://").unwrap_or(&name).to_owned()
        }
        value => value.to_string(),
    };
    if text.chars().count() <= LONGEST {
        return text;
    }
    let cut: String = text.chars().take(LONGEST - 1).collect();
    format!("{cut}…")
}

/// `1.5 s` of a duration as serde writes it.
fn duration(value: &Value) -> Option<String> {
    let fields = value.as_object().filter(|fields| fields.len() == 2)?;
    let (secs, nanos) = (fields.get("secs")?.as_u64()?, fields.get("nanos")?.as_u64()?);
    Some(time(secs.saturating_mul(1000).saturating_add(nanos / 1_000_000)))
}

/// `2 s`, `1.5 s`, `300 ms`
pub(super) fn time(ms: u64) -> String {
    match (ms / 1000, ms % 1000) {
        (0, 1..) => format!("{ms} ms"),
        (seconds, 0) => format!("{seconds} s"),
        (seconds, rest) => format!("{seconds}.{} s", format!("{rest:03}").trim_end_matches('0')),
    }
}

/// `retries 3 → 1 on 5xx, 500 ms a try`: what both sides have in common is said once.
pub(super) fn retries(before: &Value, after: &Value) -> String {
    let (Some((was, was_how)), Some((is, is_how))) = (attempts(before), attempts(after)) else {
        let whole = |side| attempts(side).map_or("none".to_owned(), |(count, how)| format!("{count} {how}"));
        return format!("retries {} → {}", whole(before), whole(after));
    };
    match (was == is, was_how == is_how) {
        (false, true) => format!("retries {was} → {is} {is_how}"),
        (true, false) => format!("retries {was_how} → {is_how}"),
        _ => format!("retries {was} {was_how} → {is} {is_how}"),
    }
}

/// How often, and on what.
fn attempts(value: &Value) -> Option<(u64, String)> {
    let attempts = value.get("attempts")?.as_u64()?;
    let words = |key: &str| -> Vec<String> {
        let list = value.get(key).and_then(Value::as_array).into_iter().flatten();
        list.map(|item| item.as_str().map_or_else(|| item.to_string(), ToOwned::to_owned)).collect()
    };
    let mut on = words("retry_on");
    // The codes stand for themselves.
    on.retain(|condition| condition != "retriable-status-codes");
    on.extend(words("retriable_status_codes"));
    let mut how = format!("on {}", on.join(", "));
    let ms = |value: &Value| value.as_u64().map(time);
    if let Some(limit) = value.get("per_try_timeout_ms").and_then(ms) {
        let _ = write!(how, ", {limit} a try");
    }
    if let Some(base) = value.get("backoff_ms").and_then(|pair| ms(pair.get(0)?)) {
        let _ = write!(how, ", after {base}");
    }
    if value.get("ignore_previous_hosts") == Some(&Value::Bool(false)) {
        how.push_str(", at any host");
    }
    if value.get("remote_localities") == Some(&Value::Bool(true)) {
        how.push_str(", in other localities too");
    }
    Some((attempts, how))
}
