//! Where proxies listen and what they do with connections, and the pairs of route tables that follow from it.

use std::collections::BTreeMap;

use meshc_effective::model::{
    Binding, Chain, ChainAction, ChainMatch, Direction, Listener, Proxy, RouteTable,
};
use serde_json::{Value, json};

use super::compare::Found;
use super::kind::Kind;
use super::{describe, words};

/// What tells the chains of a listener apart. Those of an inbound port follow from the mode of mutual TLS, which is the
/// business of the checks: here the port is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum ChainKey<'p> {
    Inbound(Option<u16>),
    Outbound(&'p ChainMatch),
}

fn by_name(proxy: &Proxy) -> BTreeMap<&str, &Listener> {
    proxy.listeners.iter().map(|listener| (listener.name.as_str(), &**listener)).collect()
}

fn chains(listener: &Listener) -> BTreeMap<ChainKey<'_>, &Chain> {
    let mut chains: BTreeMap<ChainKey<'_>, &Chain> = BTreeMap::new();
    for chain in listener.all_chains() {
        let key = match listener.direction {
            Direction::Inbound => ChainKey::Inbound(chain.matches.destination_port),
            Direction::Outbound => ChainKey::Outbound(&chain.matches),
        };
        // One that speaks HTTP says more of its port than one that passes bytes.
        let known = chains.entry(key).or_insert(chain);
        if chain.is_http() && !known.is_http() {
            *known = chain;
        }
    }
    chains
}

/// The chains that both proxies have.
pub(super) fn both<'p>(
    was: &'p Proxy,
    is: &'p Proxy,
) -> Vec<(&'p Listener, &'p Chain, &'p Listener, &'p Chain)> {
    let of_head = by_name(is);
    let mut pairs = Vec::new();
    for (name, before) in by_name(was) {
        let Some(after) = of_head.get(name) else { continue };
        let chains_after = chains(after);
        for (key, chain) in chains(before) {
            pairs.extend(chains_after.get(&key).map(|other| (before, chain, *after, *other)));
        }
    }
    pairs
}

/// Listeners and chains that one side has, and those that do something else with connections. `is_known` says of a host
/// and a port whether both sides have it.
pub(super) fn compare(was: &Proxy, is: &Proxy, is_known: &dyn Fn(&str, u16) -> bool) -> Vec<Found> {
    let came_or_went =
        |kind: Kind, has: &Proxy, lacks: &Proxy, listener: &Listener, chain: Option<&Chain>| {
            came_or_went(kind, (has, lacks), (listener, chain), is_known)
        };
    let (of_base, of_head) = (by_name(was), by_name(is));
    let mut found = Vec::new();
    for (name, before) in &of_base {
        match of_head.get(name) {
            None => found.push(came_or_went(Kind::ListenerRemoved, was, is, before, None)),
            Some(after) => {
                if !stands_alike(before, after) {
                    found.push(changed(before, after, settings(before), settings(after)));
                }
                let (chains_before, chains_after) = (chains(before), chains(after));
                for (key, chain) in &chains_before {
                    if !chains_after.contains_key(key) {
                        found.push(came_or_went(Kind::ListenerRemoved, was, is, before, Some(chain)));
                    }
                }
                for (key, chain) in &chains_after {
                    if !chains_before.contains_key(key) {
                        found.push(came_or_went(Kind::ListenerAdded, is, was, after, Some(chain)));
                    }
                }
            }
        }
    }
    for (name, after) in &of_head {
        if !of_base.contains_key(name) {
            found.push(came_or_went(Kind::ListenerAdded, is, was, after, None));
        }
    }
    for (before, chain_before, after, chain_after) in both(was, is) {
        // Most are alike; telling how is dear.
        if let (ChainAction::HttpTable { table: a, .. }, ChainAction::HttpTable { table: b, .. }) =
            (&chain_before.action, &chain_after.action)
            && a == b
        {
            continue;
        }
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
        let others = !chain_after.is_http() && after.chains.iter().any(|chain| chain.is_http());
        let changed = changed(before, after, a, b);
        let label = format!("{}{}", changed.label, if others { ", other than HTTP" } else { "" });
        found.push(Found { kind, risk: kind.risk(), label, ..changed });
    }
    found
}

fn stands_alike(a: &Listener, b: &Listener) -> bool {
    a.address == b.address && a.port == b.port && a.direction == b.direction && a.binding == b.binding
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

/// `port 9080`, `Gateway shop/edge: port 443 for shop.example.com`, or the service that has an address of its own.
pub(super) fn title(listener: &Listener, chain: Option<&Chain>) -> String {
    let names: &[String] = chain.map_or(&[], |chain| &chain.matches.server_names);
    let names = if names.is_empty() { String::new() } else { format!(" for {}", names.join(", ")) };
    let own = listener.binding == Binding::Bound || listener.address != "0.0.0.0";
    match (listener.direction, chain.and_then(|chain| chain.matches.destination_port)) {
        (Direction::Inbound, Some(port)) => format!("inbound port {port}{names}"),
        (Direction::Inbound, None) => "any other inbound port".to_owned(),
        (Direction::Outbound, _) => match listener.origins.as_slice() {
            // Of a gateway, or of one service: people know it by that.
            [origin] if own => format!("{}{names}", origin.text),
            _ if listener.binding == Binding::CapturePoint => "any other port".to_owned(),
            _ => format!("port {}{names}", listener.port),
        },
    }
}

/// A listener, or a chain of one, that one side alone has: `has`, the other is `lacks`. Where the other lets through
/// what no listener is for, and still has the services, connections get there all the same, only not as the mesh routes
/// them.
fn came_or_went(
    kind: Kind,
    (has, lacks): (&Proxy, &Proxy),
    (listener, chain): (&Listener, Option<&Chain>),
    is_known: &dyn Fn(&str, u16) -> bool,
) -> Found {
    let title = title(listener, chain);
    let chains: Vec<&Chain> = chain.map_or_else(|| listener.all_chains().collect(), |chain| vec![chain]);
    let leads = leads_to(has, &chains);
    let leads = if leads.is_empty() { String::new() } else { format!(" to {leads}") };
    let without = without(lacks, listener);
    let services = services(has, listener, &chains);
    let known = |(host, port): (&str, u16)| is_known(host, port);
    let passes = without == Without::Unrouted && !services.is_empty() && services.into_iter().all(known);
    let (now, then) = without.words();
    let text = match (kind, passes) {
        (Kind::ListenerRemoved, _) => format!("connections{leads} {now}"),
        (_, true) => format!("connections{leads} are routed, which {then} before"),
        (_, false) => format!("connections{leads} are taken, which {then} before"),
    };
    let settings = settings(listener);
    let (before, after) =
        if kind == Kind::ListenerRemoved { (settings, Value::Null) } else { (Value::Null, settings) };
    let origins = listener.origins.as_slice();
    let origins = if kind == Kind::ListenerRemoved { (origins, &[][..]) } else { (&[][..], origins) };
    let subject = format!("{} {title}", listener.name);
    let kind = if passes { Kind::TrafficMoved } else { kind };
    Found { text, ..Found::settings(kind, (subject, title), before, after, origins) }
}

/// What becomes of connections that no listener is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Without {
    Refused,
    Closed,
    /// They go where they were meant.
    Unrouted,
}

impl Without {
    /// Now and then.
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Refused => ("are refused", "were refused"),
            Self::Closed => ("are closed", "were closed"),
            Self::Unrouted => ("go unrouted to where they were meant", "went unrouted"),
        }
    }
}

/// What becomes of the connections of a listener at a proxy that lacks it.
fn without(proxy: &Proxy, listener: &Listener) -> Without {
    if listener.direction == Direction::Inbound || listener.binding == Binding::Bound {
        return Without::Refused;
    }
    let rest = proxy.listeners.iter().find(|other| other.binding == Binding::CapturePoint);
    let to = rest.and_then(|rest| rest.all_chains().last()).map(|chain| &chain.action);
    match to {
        Some(ChainAction::Tcp(forward)) if forward.cluster() == "BlackHoleCluster" => Without::Closed,
        _ => Without::Unrouted,
    }
}

/// The services that chains of a listener lead to, with their ports.
fn services<'p>(proxy: &'p Proxy, listener: &Listener, chains: &[&'p Chain]) -> Vec<(&'p str, u16)> {
    let of_chain = |chain: &&'p Chain| -> Vec<(&'p str, u16)> {
        match &chain.action {
            ChainAction::HttpTable { table, .. } => {
                let hosts = proxy.tables.get(table).into_iter().flat_map(|table| &table.virtual_hosts);
                let domains = hosts.filter_map(|host| host.domains.first());
                domains
                    .filter(|domain| *domain != "*")
                    .map(|domain| (domain.as_str(), listener.port))
                    .collect()
            }
            ChainAction::HttpInline { .. } => Vec::new(),
            ChainAction::Tcp(forward) => forward
                .destinations
                .iter()
                .filter_map(|(name, _)| proxy.clusters.get(name))
                .filter(|cluster| !cluster.host.is_empty())
                .map(|cluster| (cluster.host.as_str(), cluster.port))
                .collect(),
        }
    };
    chains.iter().flat_map(of_chain).collect()
}

/// The hosts and destinations that chains lead to, the first few of them.
fn leads_to(proxy: &Proxy, chains: &[&Chain]) -> String {
    /// How many are named.
    const NAMED: usize = 3;
    let mut names: Vec<String> = Vec::new();
    for chain in chains {
        let of_table = |table: &RouteTable| -> Vec<String> {
            let domains = table.virtual_hosts.iter().filter_map(|host| host.domains.first());
            domains.filter(|domain| *domain != "*").map(|domain| describe::host(domain)).collect()
        };
        names.extend(match &chain.action {
            ChainAction::HttpTable { table, .. } => {
                proxy.tables.get(table).map(|table| of_table(table)).unwrap_or_default()
            }
            ChainAction::HttpInline { .. } => Vec::new(),
            ChainAction::Tcp(forward) => {
                let clusters = forward.destinations.iter().map(|(cluster, _)| cluster.as_str());
                describe::names(clusters.filter(|cluster| cluster.starts_with("outbound|")), "")
                    .into_values()
                    .collect()
            }
        });
    }
    let mut seen = std::collections::BTreeSet::new();
    names.retain(|name| seen.insert(name.clone()));
    let more = names.len().saturating_sub(NAMED);
    names.truncate(NAMED);
    let text = names.join(", ");
    if more > 0 { format!("{text} and {more} more") } else { text }
}

fn changed(before: &Listener, after: &Listener, was: Value, is: Value) -> Found {
    let text = format!("connections {} → {}", told(&was), told(&is));
    let origins = (before.origins.as_slice(), after.origins.as_slice());
    let whom = (after.name.clone(), title(after, None));
    Found { text, ..Found::settings(Kind::ListenerChanged, whom, was, is, origins) }
}

fn told(value: &Value) -> String {
    let cluster = value.get("tcp").and_then(Value::as_str);
    match (cluster, value.get("http").and_then(Value::as_str)) {
        (Some("PassthroughCluster"), _) => "go unrouted".to_owned(),
        (Some("BlackHoleCluster"), _) => "are closed".to_owned(),
        (Some(cluster), _) => {
            let name = describe::names([cluster], "").into_values().next().unwrap_or_default();
            let without = if value.get("endpoints") == Some(&json!(false)) { " (no endpoint)" } else { "" };
            format!("to {name}{without}")
        }
        (_, Some("own table")) => "as HTTP".to_owned(),
        (_, Some(table)) => format!("as HTTP by {table}"),
        _ => words::settings(&Value::Null, value),
    }
}
