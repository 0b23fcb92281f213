//! What proxies check of connections and requests: who and what passes before, and who and what after, as sets.

use std::collections::BTreeSet;
use std::net::IpAddr;

use meshc_effective::model::{
    Chain, ChainAction, Direction, JwtAuthentication, JwtKeys, Listener, MtlsMode, Origin, Permission,
    Principal, Proxy, ProxyKind, Rbac, RbacAction, RuleSet, Security, SecurityFilter,
};
use meshc_predicate::{Error, Language, Limits, Set};
use serde_json::{Value, json};

use super::change::Unknown;
use super::compare::Found;
use super::kind::Kind;
use crate::reach::Site;
use crate::requests::{Caller, Model, ModelBuilder, Place};

/// What comparing what two proxies check gave.
#[derive(Default)]
pub(super) struct SecurityDiff {
    pub(super) found: Vec<Found>,
    pub(super) unknown: Vec<Unknown>,
}

/// The most addresses that are tried one by one.
const MOST_ADDRESSES: usize = 128;

/// A place where connections come in, on both sides.
struct Spot {
    site: Site,
    port: u16,
    tcp: bool,
    /// What goes before a difference in its summary.
    label: String,
    authority: String,
}

/// How a request ends at the checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Passed,
    Denied,
    Closed,
}

/// What becomes of a request: whom the checks ask about it, and how it ends where those let it pass.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Fate {
    asked: BTreeSet<String>,
    end: End,
}

/// Compares what two proxies check, wherever both listen.
pub(super) fn compare(was: &Proxy, is: &Proxy) -> SecurityDiff {
    let mut diff = SecurityDiff::default();
    let (before, after) = (&*was.security, &*is.security);
    if normal(before) == normal(after) {
        return diff;
    }
    for spot in spots(is, [before, after]) {
        if let Err(error) = at(&spot, was, is, &mut diff) {
            diff.unknown
                .push(Unknown { what: format!("what {} checks", spot.label), why: error.to_string() });
        }
    }
    diff
}

/// All that the checks do, without names and origins.
fn normal(security: &Security) -> Value {
    let mut value = serde_json::to_value(security).unwrap_or_default();
    strip(&mut value);
    value
}

fn strip(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.remove("origins");
            if let Some(Value::Object(policies)) = fields.get_mut("policies") {
                let mut rules: Vec<Value> =
                    std::mem::take(policies).into_iter().map(|(_, rule)| rule).collect();
                rules.iter_mut().for_each(strip);
                rules.sort_by_cached_key(Value::to_string);
                rules.dedup();
                fields.insert("policies".to_owned(), Value::Array(rules));
            }
            fields.values_mut().for_each(strip);
        }
        Value::Array(items) => items.iter_mut().for_each(strip),
        _ => {}
    }
}

/// The places where connections come in and are checked.
fn spots(proxy: &Proxy, sides: [&Security; 2]) -> Vec<Spot> {
    let mut spots: Vec<Spot> = Vec::new();
    for listener in proxy.listeners.iter().filter(|listener| listener.security.is_some()) {
        let named: BTreeSet<u16> =
            listener.all_chains().filter_map(|chain| chain.matches.destination_port).collect();
        for chain in listener.all_chains() {
            // What leads nowhere, where no policy applies.
            if matches!(&chain.action, ChainAction::Tcp(forward) if forward.is_guard || forward.is_unchecked)
            {
                continue;
            }
            match (listener.direction, chain.matches.destination_port) {
                // What no chain is for: any port that is not named tells, and those that rules name.
                (Direction::Inbound, None) => {
                    let ports: BTreeSet<u16> = sides.iter().flat_map(|side| ports(side)).collect();
                    let free = (1024..u16::MAX).find(|port| !named.contains(port) && !ports.contains(port));
                    let others = ports.iter().copied().filter(|port| !named.contains(port));
                    spots.extend(others.chain(free).map(|port| spot(proxy, listener, chain, port)));
                }
                (_, port) => spots.push(spot(proxy, listener, chain, port.unwrap_or(listener.port))),
            }
        }
    }
    // Several chains of one port (with TLS and without) are one place.
    let mut seen = BTreeSet::new();
    spots.retain(|spot| seen.insert((format!("{:?}", spot.site), spot.port, spot.tcp)));
    spots
}

fn spot(proxy: &Proxy, listener: &Listener, chain: &Chain, port: u16) -> Spot {
    let (tcp, table) = match &chain.action {
        ChainAction::Tcp(_) => (true, None),
        ChainAction::HttpInline { table, .. } => (false, Some(&**table)),
        ChainAction::HttpTable { table, .. } => (false, proxy.tables.get(table).map(AsRef::as_ref)),
    };
    let domain = table.and_then(|table| table.virtual_hosts.first()?.domains.first());
    let authority = domain.map_or("*", String::as_str);
    let authority = authority.strip_prefix("*.").map_or_else(
        || if authority == "*" { "example.com".to_owned() } else { authority.to_owned() },
        |suffix| format!("a.{suffix}"),
    );
    let site = match (listener.direction, &chain.action) {
        (Direction::Outbound, ChainAction::HttpTable { table, .. }) => Site::Table(table.clone()),
        _ => Site::Inbound(port),
    };
    Spot { site, port, tcp, label: format!("{} port {port}", proxy.workload), authority }
}

/// The ports that rules and modes ask for.
fn ports(security: &Security) -> BTreeSet<u16> {
    fn of(permission: &Permission, ports: &mut BTreeSet<u16>) {
        match permission {
            Permission::DestinationPort(port) => {
                ports.insert(*port);
            }
            Permission::All(each) | Permission::AnyOf(each) => each.iter().for_each(|one| of(one, ports)),
            Permission::Not(inner) => of(inner, ports),
            _ => {}
        }
    }
    let mut ports: BTreeSet<u16> = security.mtls.ports.keys().copied().collect();
    for set in rule_sets(security) {
        let permissions = set.policies.values().flat_map(|policy| &policy.permissions);
        permissions.for_each(|permission| of(permission, &mut ports));
    }
    ports
}

fn rule_sets(security: &Security) -> impl Iterator<Item = &RuleSet> {
    let filters = security.http.iter().chain(&security.tcp);
    filters
        .filter_map(|filter| match filter {
            SecurityFilter::Rbac(rbac) => Some(&**rbac),
            _ => None,
        })
        .flat_map(|rbac| rbac.enforced.iter().chain(&rbac.shadow))
}

/// Addresses that between them are in every combination of the blocks that rules ask for; none where no rule asks.
fn addresses(sides: [&Security; 2]) -> Vec<Option<IpAddr>> {
    fn of(principal: &Principal, found: &mut Vec<IpAddr>) {
        match principal {
            Principal::DirectIp(block) | Principal::RemoteIp(block) => {
                found.extend(block.first());
                found.extend(block.after());
            }
            Principal::All(each) | Principal::AnyOf(each) => each.iter().for_each(|one| of(one, found)),
            Principal::Not(inner) => of(inner, found),
            _ => {}
        }
    }
    let mut found = Vec::new();
    for set in sides.into_iter().flat_map(rule_sets) {
        set.policies.values().flat_map(|p| &p.principals).for_each(|principal| of(principal, &mut found));
    }
    if found.is_empty() {
        return vec![None];
    }
    found.extend([IpAddr::from([0, 0, 0, 1]), IpAddr::from([0, 0, 0, 0, 0, 0, 0, 1])]);
    let mut seen = BTreeSet::new();
    found.into_iter().filter(|address| seen.insert(*address)).map(Some).collect()
}

/// Compares at one place.
fn at(spot: &Spot, was: &Proxy, is: &Proxy, diff: &mut SecurityDiff) -> Result<(), Error> {
    let sides = [&*was.security, &*is.security];
    let all = addresses(sides);
    if all.len() > MOST_ADDRESSES {
        let why = format!("rules ask for {} blocks of addresses", all.len() / 2);
        diff.unknown.push(Unknown { what: format!("what {} checks", spot.label), why });
        return Ok(());
    }
    // The same difference at several addresses is one.
    let mut told: BTreeSet<String> = BTreeSet::new();
    for source in all {
        let place =
            Place { port: spot.port, destination: is.ip.parse().ok(), source, proxy: is.kind, tcp: spot.tcp };
        let limits = Limits::default();
        let mut builder = ModelBuilder::new(is.kind, Language::any(), &limits)?;
        builder.add_identified()?;
        for security in sides {
            for filter in filters(security, spot.tcp) {
                if let SecurityFilter::Rbac(rbac) = filter {
                    for set in rbac.enforced.iter().chain(&rbac.shadow) {
                        builder.add_rules(set, place)?;
                    }
                }
            }
        }
        let mut model = builder.build(spot.authority.clone())?;
        let mut sets = model.sets.clone().into_iter();
        let identified = sets.next().unwrap_or(Set::EMPTY);
        let before = fates(&mut model, sides[0], spot, identified, &mut sets)?;
        let after = fates(&mut model, sides[1], spot, identified, &mut sets)?;
        for (was_fate, was_set) in &before {
            for (is_fate, is_set) in &after {
                if was_fate == is_fate {
                    continue;
                }
                let both = model.space.and(*was_set, *is_set)?;
                if both.is_empty() {
                    continue;
                }
                let usual = model.usual(both)?;
                let certain = model.certain(usual)?;
                let Some((request, sent)) = model.witness(certain) else {
                    let mut why = model.unknowns(both);
                    why.extend(model.unusual(both));
                    let what = format!("{}: {}", spot.label, text(was_fate, is_fate));
                    diff.unknown.push(Unknown { what, why: why.join("; ") });
                    continue;
                };
                let caller = model.caller(&request, source);
                let key = format!("{was_fate:?} {is_fate:?} {:?}", (&sent, &caller.peer));
                if !told.insert(key) {
                    continue;
                }
                diff.found.push(found(spot, is, sides, (was_fate, is_fate), caller, sent));
            }
        }
    }
    if !spot.tcp {
        tokens(spot, is, sides, diff);
    }
    Ok(())
}

fn filters(security: &Security, tcp: bool) -> &[SecurityFilter] {
    if tcp { &security.tcp } else { &security.http }
}

/// The requests of each fate. `sets` gives what each rule set matches, in the order in which they were added.
fn fates(
    model: &mut Model,
    security: &Security,
    spot: &Spot,
    identified: Set,
    sets: &mut impl Iterator<Item = Set>,
) -> Result<Vec<(Fate, Set)>, Error> {
    let closed = match security.mtls.of(spot.port).mode {
        // Of gateways their servers decide.
        _ if matches!(spot.site, Site::Table(_)) => Set::EMPTY,
        MtlsMode::Strict => !identified,
        MtlsMode::Disable => identified,
        MtlsMode::Permissive => Set::EMPTY,
    };
    let mut ended = vec![(Fate { asked: BTreeSet::new(), end: End::Closed }, closed)];
    let mut going: Vec<(BTreeSet<String>, Set)> = vec![(BTreeSet::new(), !closed)];
    let mut marked = Set::EMPTY;
    for filter in filters(security, spot.tcp) {
        match filter {
            SecurityFilter::Jwt(_) => {}
            SecurityFilter::Rbac(rbac) => {
                let (denied, marks) = rbac_sets(rbac, sets);
                marked = marks;
                let mut still = Vec::new();
                for (asked, set) in going {
                    let end = if spot.tcp { End::Closed } else { End::Denied };
                    let refused = model.space.and(set, denied)?;
                    ended.push((Fate { asked: asked.clone(), end }, refused));
                    still.push((asked, model.space.and(set, !denied)?));
                }
                going = still;
            }
            SecurityFilter::External(external) => {
                let mut still = Vec::new();
                for (asked, set) in going {
                    let mut more = asked.clone();
                    more.insert(external.provider.clone());
                    still.push((more, model.space.and(set, marked)?));
                    still.push((asked, model.space.and(set, !marked)?));
                }
                going = still;
            }
        }
    }
    ended.extend(going.into_iter().map(|(asked, set)| (Fate { asked, end: End::Passed }, set)));
    let mut merged: Vec<(Fate, Set)> = Vec::new();
    for (fate, set) in ended.into_iter().filter(|(_, set)| !set.is_empty()) {
        match merged.iter_mut().find(|(known, _)| *known == fate) {
            Some((_, all)) => *all = model.space.or(*all, set)?,
            None => merged.push((fate, set)),
        }
    }
    Ok(merged)
}

/// What a filter refuses, and what it marks.
fn rbac_sets(rbac: &Rbac, sets: &mut impl Iterator<Item = Set>) -> (Set, Set) {
    let mut next = || sets.next().unwrap_or(Set::EMPTY);
    let denied = match rbac.enforced.as_ref().map(|set| set.action) {
        None => Set::EMPTY,
        Some(action) => match (action, next()) {
            (RbacAction::Allow, matched) => !matched,
            (RbacAction::Deny, matched) => matched,
            (RbacAction::Log, _) => Set::EMPTY,
        },
    };
    let marks = if rbac.shadow.is_some() { next() } else { Set::EMPTY };
    (denied, marks)
}

fn text(before: &Fate, after: &Fate) -> String {
    format!("{} → {}", told(before), told(after))
}

fn told(fate: &Fate) -> String {
    let end = match fate.end {
        End::Passed => "passes",
        End::Denied => "is denied",
        End::Closed => "is not taken",
    };
    let asked: Vec<&str> = fate.asked.iter().map(String::as_str).collect();
    if asked.is_empty() { end.to_owned() } else { format!("{end} after {} is asked", asked.join(", ")) }
}

fn found(
    spot: &Spot,
    proxy: &Proxy,
    [before, after]: [&Security; 2],
    (was, is): (&Fate, &Fate),
    caller: Caller,
    request: meshc_diagnostics::WitnessRequest,
) -> Found {
    let kind = match (was.end, is.end) {
        (End::Passed, End::Denied | End::Closed) => Kind::NewlyDenied,
        (End::Denied | End::Closed, End::Passed) => Kind::NewlyAllowed,
        _ => Kind::SecurityChanged,
    };
    let who =
        caller.peer.as_deref().map_or("plaintext", |peer| peer.strip_prefix("spiffe://").unwrap_or(peer));
    let what = if spot.tcp { String::new() } else { format!("{} {} ", request.method, request.path) };
    let from = caller.source_ip.as_ref().map(|address| format!(" from {address}")).unwrap_or_default();
    Found {
        kind,
        risk: kind.risk(),
        subject: format!("{}.{} port {}", proxy.workload, proxy.id.namespace, spot.port),
        label: spot.label.clone(),
        requests: format!("{what}by {who}{from}"),
        text: text(was, is),
        before: json!({"end": told(was)}),
        after: json!({"end": told(is)}),
        futile: false,
        caller,
        witness: Some((spot.site.clone(), request)),
        base: origins(before, spot.tcp),
        head: origins(after, spot.tcp),
    }
}

/// The policies that a side has, and those of its mode.
fn origins(security: &Security, tcp: bool) -> Vec<Origin> {
    let mode = security.mtls.all.origins.iter().chain(security.mtls.ports.values().flat_map(|m| &m.origins));
    let rules = filters(security, tcp).iter().filter_map(|filter| match filter {
        SecurityFilter::Rbac(rbac) => Some(rbac.enforced.iter().chain(&rbac.shadow)),
        _ => None,
    });
    mode.chain(rules.flatten().flat_map(|set| &set.origins)).cloned().collect()
}

/// Which tokens are valid: one that is none shows whether tokens are looked at; which keys count no request shows that
/// can be made without them.
fn tokens(spot: &Spot, proxy: &Proxy, [before, after]: [&Security; 2], diff: &mut SecurityDiff) {
    let (was, is) = (before.jwt(), after.jwt());
    let (was_text, is_text) = (providers(was), providers(is));
    if was_text == is_text {
        return;
    }
    let side = is.or(was);
    let origins = |jwt: Option<&JwtAuthentication>| -> Vec<Origin> {
        jwt.into_iter().flat_map(|jwt| &jwt.providers).flat_map(|p| p.origins.clone()).collect()
    };
    let shown = was.is_some() != is.is_some();
    let text = match (was.is_some(), is.is_some()) {
        (false, true) => "tokens are verified",
        (true, false) => "tokens are not verified any more",
        _ => "other tokens are valid, or something else becomes of them",
    };
    let witness = side.filter(|_| shown).map(|jwt| (spot.site.clone(), with_bad_token(spot, jwt)));
    diff.found.push(Found {
        kind: Kind::TokensChanged,
        risk: Kind::TokensChanged.risk(),
        subject: format!("{}.{} port {}", proxy.workload, proxy.id.namespace, spot.port),
        label: spot.label.clone(),
        requests: String::new(),
        text: text.to_owned(),
        before: was_text,
        after: is_text,
        futile: false,
        caller: mutual(spot, [before, after], proxy.kind),
        witness,
        base: origins(was),
        head: origins(is),
    });
}

/// A caller whose connection both sides take.
fn mutual(spot: &Spot, sides: [&Security; 2], kind: ProxyKind) -> Caller {
    let strict = |side: &&Security| side.mtls.of(spot.port).mode == MtlsMode::Strict;
    let needed = kind == ProxyKind::Sidecar && sides.iter().any(strict);
    Caller {
        peer: needed.then(|| "spiffe://cluster.local/ns/default/sa/default".to_owned()),
        source_ip: None,
    }
}

/// The providers as settings: keys by their values.
fn providers(jwt: Option<&JwtAuthentication>) -> Value {
    let Some(jwt) = jwt else { return Value::Null };
    let provider = |provider: &meshc_effective::model::JwtProvider| {
        let mut value = serde_json::to_value(provider).unwrap_or_default();
        strip(&mut value);
        if let (JwtKeys::Inline(keys), Some(fields)) = (&provider.keys, value.as_object_mut()) {
            let keys = serde_json::from_str(keys).unwrap_or_else(|_| Value::String(keys.clone()));
            fields.insert("keys".to_owned(), keys);
        }
        value
    };
    Value::Array(jwt.providers.iter().map(provider).collect())
}

/// A request with a token that is none, in a place where a provider looks.
fn with_bad_token(spot: &Spot, jwt: &JwtAuthentication) -> meshc_diagnostics::WitnessRequest {
    let mut request = meshc_diagnostics::WitnessRequest {
        method: "GET".to_owned(),
        authority: spot.authority.clone(),
        path: "/".to_owned(),
        headers: std::collections::BTreeMap::new(),
    };
    let Some(provider) = jwt.providers.first() else { return request };
    if let Some((name, prefix)) = provider.from_headers.first() {
        request.headers.insert(name.to_ascii_lowercase(), format!("{prefix}x"));
    } else if let Some(param) = provider.from_params.first() {
        request.path = format!("/?{param}=x");
    } else if let Some(cookie) = provider.from_cookies.first() {
        request.headers.insert("cookie".to_owned(), format!("{cookie}=x"));
    } else {
        request.headers.insert("authorization".to_owned(), "Bearer x".to_owned());
    }
    request
}
