//! Where proxies listen and what they do with connections, and the pairs of route tables that follow from it.

use std::collections::BTreeMap;

use meshc_effective::model::{Chain, ChainAction, ChainMatch, Direction, Listener, Proxy, RouteTable};
use serde_json::{Value, json};

use super::change::Kind;
use super::compare::Found;
use crate::reach::Site;
use crate::requests::Caller;

/// What tells the chains of a listener apart.
type ChainKey<'p> = &'p ChainMatch;

fn by_name(proxy: &Proxy) -> BTreeMap<&str, &Listener> {
    proxy.listeners.iter().map(|listener| (listener.name.as_str(), &**listener)).collect()
}

fn chains(listener: &Listener) -> BTreeMap<ChainKey<'_>, &Chain> {
    listener.all_chains().map(|chain| (&chain.matches, chain)).collect()
}

/// The chains that both proxies have.
fn both<'p>(was: &'p Proxy, is: &'p Proxy) -> Vec<(&'p Listener, &'p Chain, &'p Listener, &'p Chain)> {
    let of_head = by_name(is);
    let mut pairs = Vec::new();
    for (name, before) in by_name(was) {
        let Some(after) = of_head.get(name) else { continue };
        let chains_after = chains(after);
        for (key, chain) in chains(before) {
            pairs.extend(chains_after.get(key).map(|other| (before, chain, *after, *other)));
        }
    }
    pairs
}

/// The route tables that are asked on both sides, each pair once.
pub(super) fn tables<'p>(was: &'p Proxy, is: &'p Proxy) -> Vec<(Site, &'p RouteTable, &'p RouteTable)> {
    let mut named: BTreeMap<&str, (&RouteTable, &RouteTable)> = BTreeMap::new();
    let mut inline: BTreeMap<u16, (&RouteTable, &RouteTable)> = BTreeMap::new();
    for (_, before, listener, after) in both(was, is) {
        match (&before.action, &after.action) {
            (ChainAction::HttpTable { table: a, .. }, ChainAction::HttpTable { table: b, .. }) if a == b => {
                if let (Some(before), Some(after)) = (was.tables.get(a), is.tables.get(b)) {
                    named.insert(a, (before, after));
                }
            }
            (ChainAction::HttpInline { table: a, .. }, ChainAction::HttpInline { table: b, .. }) => {
                inline.insert(after.matches.destination_port.unwrap_or(listener.port), (a, b));
            }
            _ => {}
        }
    }
    let named = named.into_iter().map(|(name, (a, b))| (Site::Table(name.to_owned()), a, b));
    named.chain(inline.into_iter().map(|(port, (a, b))| (Site::Inbound(port), a, b))).collect()
}

/// Listeners and chains that one side has, and those that do something else with connections.
pub(super) fn compare(was: &Proxy, is: &Proxy) -> Vec<Found> {
    let (of_base, of_head) = (by_name(was), by_name(is));
    let mut found = Vec::new();
    for (name, before) in &of_base {
        match of_head.get(name) {
            None => found
                .push(Found { base: before.origins.clone(), ..gone(Kind::ListenerRemoved, before, None) }),
            Some(after) => {
                if settings(before) != settings(after) {
                    found.push(changed(before, after, settings(before), settings(after)));
                }
                let (chains_before, chains_after) = (chains(before), chains(after));
                for (key, chain) in &chains_before {
                    if !chains_after.contains_key(*key) {
                        let removed = gone(Kind::ListenerRemoved, before, Some(chain));
                        found.push(Found { base: before.origins.clone(), ..removed });
                    }
                }
                for (key, chain) in &chains_after {
                    if !chains_before.contains_key(*key) {
                        let added = gone(Kind::ListenerAdded, after, Some(chain));
                        found.push(Found { head: after.origins.clone(), ..added });
                    }
                }
            }
        }
    }
    for (name, after) in &of_head {
        if !of_base.contains_key(name) {
            found.push(Found { head: after.origins.clone(), ..gone(Kind::ListenerAdded, after, None) });
        }
    }
    for (before, chain_before, after, chain_after) in both(was, is) {
        let (a, b) = (action(was, chain_before), action(is, chain_after));
        if a == b {
            continue;
        }
        let fails =
            |value: &Value| value.get("tcp").is_some() && value.get("endpoints") == Some(&json!(false));
        let tcp = |value: &Value| value.get("tcp").is_some();
        let kind = match (fails(&a), fails(&b)) {
            (false, true) => Kind::NewlyUnreachable,
            (true, false) => Kind::NewlyReachable,
            _ if tcp(&a) && tcp(&b) => Kind::TrafficMoved,
            _ => Kind::ListenerChanged,
        };
        found.push(Found { kind, risk: kind.risk(), ..changed(before, after, a, b) });
    }
    found
}

fn settings(listener: &Listener) -> Value {
    json!({
        "address": listener.address,
        "port": listener.port,
        "direction": listener.direction,
        "binding": listener.binding,
    })
}

/// What is done with a connection; the tables themselves are compared on their own.
fn action(proxy: &Proxy, chain: &Chain) -> Value {
    match &chain.action {
        ChainAction::HttpTable { table, .. } => json!({ "http": table }),
        ChainAction::HttpInline { .. } => json!({"http": "own table"}),
        ChainAction::Tcp(forward) => {
            let has = |name: &String| proxy.clusters.get(name).is_some_and(|cluster| cluster.has_endpoints());
            let endpoints = forward.destinations.iter().any(|(name, _)| has(name));
            match forward.destinations.as_slice() {
                [(cluster, _)] if !forward.weighted => json!({"tcp": cluster, "endpoints": endpoints}),
                several => json!({"tcp": shares(several), "endpoints": endpoints}),
            }
        }
    }
}

/// Clusters with their weights, for people.
fn shares(destinations: &[(String, u32)]) -> String {
    let shares: Vec<String> =
        destinations.iter().map(|(cluster, weight)| format!("{cluster} ({weight})")).collect();
    shares.join(", ")
}

fn title(listener: &Listener, chain: Option<&Chain>) -> String {
    match (listener.direction, chain.and_then(|chain| chain.matches.destination_port)) {
        (Direction::Inbound, Some(port)) => format!("inbound port {port}"),
        // An address of its own: of one service, which people know by its name.
        _ if listener.origins.len() == 1 && listener.address != "0.0.0.0" => {
            listener.origins.first().map_or_else(String::new, |origin| origin.text.clone())
        }
        (_, _) => format!("{}:{}", listener.address, listener.port),
    }
}

fn gone(kind: Kind, listener: &Listener, chain: Option<&Chain>) -> Found {
    let value = settings(listener);
    let (before, after, text) = if kind == Kind::ListenerRemoved {
        (value, Value::Null, "connections are not taken any more")
    } else {
        (Value::Null, value, "connections are taken")
    };
    let title = title(listener, chain);
    Found {
        kind,
        risk: kind.risk(),
        subject: format!("{} {title}", listener.name),
        label: title,
        requests: String::new(),
        text: text.to_owned(),
        before,
        after,
        futile: false,
        caller: Caller::default(),
        witness: None,
        base: Vec::new(),
        head: Vec::new(),
    }
}

fn changed(before: &Listener, after: &Listener, was: Value, is: Value) -> Found {
    Found {
        kind: Kind::ListenerChanged,
        risk: Kind::ListenerChanged.risk(),
        subject: after.name.clone(),
        label: title(after, None),
        requests: String::new(),
        text: format!("connections {} → {}", told(&was), told(&is)),
        before: was,
        after: is,
        futile: false,
        caller: Caller::default(),
        witness: None,
        base: before.origins.clone(),
        head: after.origins.clone(),
    }
}

fn told(value: &Value) -> String {
    match (value.get("tcp").and_then(Value::as_str), value.get("http").and_then(Value::as_str)) {
        (Some(cluster), _) if value.get("endpoints") == Some(&json!(false)) => {
            format!("to {cluster} (no endpoint)")
        }
        (Some(cluster), _) => format!("to {cluster}"),
        (_, Some(table)) => format!("as HTTP by {table}"),
        _ => value.to_string(),
    }
}
