//! What proxies check of connections and requests: who and what passes before, and who and what after, as sets.

use std::collections::BTreeSet;

use meshc_effective::model::{
    Chain, JwtAuthentication, JwtKeys, MtlsMode, Origin, Proxy, ProxyKind, Security, SecurityFilter,
};
use meshc_predicate::{Error, Language, Limits, Set};
use serde_json::{Value, json};

use super::change::Unknown;
use super::compare::Found;
use super::kind::Kind;
use crate::reach::Site;
use crate::requests::checks::{End, Fate, fates, filters};
use crate::requests::{Caller, ModelBuilder, Peer, Place};
use crate::spots::{Spot, addresses, spots};

/// What comparing what two proxies check gave.
#[derive(Default)]
pub(super) struct SecurityDiff {
    pub(super) found: Vec<Found>,
    pub(super) unknown: Vec<Unknown>,
}

/// The most addresses that are tried one by one.
const MOST_ADDRESSES: usize = 128;

/// Compares what two proxies check, wherever both listen.
pub(super) fn compare(was: &Proxy, is: &Proxy) -> SecurityDiff {
    let mut diff = SecurityDiff::default();
    let (before, after) = (&*was.security, &*is.security);
    if normal(before) == normal(after) {
        return diff;
    }
    let all = spots(is, &[before, after]);
    for spot in &all {
        // Where HTTP is spoken too, a line of trace's input means that.
        let shown = !spot.tcp || all.iter().all(|other| other.tcp || other.port != spot.port);
        if let Err(error) = at(spot, was, is, shown, &mut diff) {
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

/// Compares at one place. `shown` is whether a line of trace's input can ask for it.
fn at(spot: &Spot, was: &Proxy, is: &Proxy, shown: bool, diff: &mut SecurityDiff) -> Result<(), Error> {
    let sides = [&*was.security, &*is.security];
    let all = addresses(&sides);
    if all.len() > MOST_ADDRESSES {
        let why = format!("rules ask for {} blocks of addresses", all.len() / 2);
        diff.unknown.push(Unknown { what: format!("what {} checks", spot.label), why });
        return Ok(());
    }
    // The same difference at several addresses is one.
    let mut told: BTreeSet<String> = BTreeSet::new();
    for source in all {
        let place = Place {
            port: spot.port,
            destination: is.ip.parse().ok(),
            source,
            proxy: is.reader(),
            tcp: spot.tcp,
            peer: Peer::Anyone,
        };
        let limits = Limits::default();
        let mut builder = ModelBuilder::new(is.reader(), Language::any(), &limits)?;
        builder.add_identified()?;
        for security in sides {
            builder.add_checks(security, place)?;
        }
        let mut model = builder.build(spot.authority.clone())?;
        let mut sets = model.sets.clone().into_iter();
        let identified = sets.next().unwrap_or(Set::EMPTY);
        // Of gateways their servers decide which connections are taken.
        let modes = !matches!(spot.site, Site::Table(_));
        let before = fates(&mut model, sides[0], (place, modes), identified, &mut sets)?;
        let after = fates(&mut model, sides[1], (place, modes), identified, &mut sets)?;
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
                let found = found(spot, is, sides, (was_fate, is_fate), caller, sent);
                diff.found.push(Found { witness: found.witness.filter(|_| shown), ..found });
            }
        }
    }
    if !spot.tcp {
        tokens(spot, is, sides, diff);
    }
    Ok(())
}

/// `passed, and are denied now`
fn text(before: &Fate, after: &Fate) -> String {
    let past = match before.end {
        End::Passed => "passed",
        End::Denied => "were denied",
        End::Closed => "were not taken",
    };
    let present = match after.end {
        End::Passed => "pass",
        End::Denied => "are denied",
        End::Closed => "are not taken",
    };
    format!("{past}{}, and {present} now{}", asked(before), asked(after))
}

/// ` (extauthz is asked)`, or nothing.
fn asked(fate: &Fate) -> String {
    let asked: Vec<&str> = fate.asked.iter().map(String::as_str).collect();
    if asked.is_empty() { String::new() } else { format!(" ({} is asked)", asked.join(", ")) }
}

fn told(fate: &Fate) -> String {
    let end = match fate.end {
        End::Passed => "passes",
        End::Denied => "is denied",
        End::Closed => "is not taken",
    };
    format!("{end}{}", asked(fate))
}

/// The place of a spot: a port that no chain is for stands for all of them.
fn label(spot: &Spot, proxy: &Proxy) -> String {
    let named = proxy.listeners.iter().flat_map(|listener| listener.all_chains());
    let is_named = |chain: &Chain| chain.matches.destination_port == Some(spot.port);
    match spot.site {
        Site::Inbound(port) if !named.into_iter().any(is_named) => {
            format!("{}, any other port (such as {port})", proxy.workload)
        }
        _ => spot.label.clone(),
    }
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
    let who = caller.peer.as_deref().map_or_else(
        || "in plaintext".to_owned(),
        |peer| format!("by {}", peer.strip_prefix("spiffe://").unwrap_or(peer)),
    );
    let what = if spot.tcp {
        "connections such as one".to_owned()
    } else {
        format!("requests such as {} {}", request.method, request.path)
    };
    let from = caller.source_ip.as_ref().map(|address| format!(" from {address}")).unwrap_or_default();
    Found {
        kind,
        risk: kind.risk(),
        subject: format!("{}.{} port {}", proxy.workload, proxy.id.namespace, spot.port),
        label: label(spot, proxy),
        requests: format!("{what} {who}{from}"),
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
        label: label(spot, proxy),
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
