//! Each rule of each AuthorizationPolicy, wherever it holds: whether it decides about any request.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use meshc_diagnostics::Diagnostic;
use meshc_effective::model::{
    ChainAction, Direction, PatchSide, Permission, Principal, Proxy, RbacAction, RbacPolicy, Reader, RuleSet,
    Security, SecurityFilter,
};
use meshc_predicate::{Error, Language, Limits, Set};
use meshc_source::Span;
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use super::plain::are_plainly_alive;
use super::{World, covered_rule, dead_rule};
use crate::requests::checks::filters;
use crate::requests::{ModelBuilder, Peer, Place};
use crate::spots::rule_sets;

/// What is known of a rule, of all places where it holds together.
#[derive(Default)]
struct Known {
    /// It decides about some request somewhere, or nobody knows.
    alive: bool,
    /// Why not, as one place shows it.
    why: Option<Why>,
}

/// Why a rule decides about no request.
#[derive(Clone)]
pub(super) enum Why {
    /// Its conditions exclude each other.
    Impossible,
    /// A DENY refuses all that it would allow: by these rules.
    Denied(Vec<Span>),
    /// These rules match all that it matches.
    Covered(Vec<Span>, RbacAction),
}

/// Every rule of every policy. What proxies check is worked out once for all that check the same, and once for all
/// ports that the rules do not tell apart.
pub(super) fn check(world: &World<'_, '_>, found: &mut Vec<Diagnostic>) {
    let mut checked: Vec<Checked<'_>> = Vec::new();
    let mut places: FxHashMap<usize, usize> = FxHashMap::default();
    for proxy in world.effective.proxies.iter().filter(|proxy| !proxy.security.is_open()) {
        let place = *places.entry(Arc::as_ptr(&proxy.security).addr()).or_insert_with(|| {
            checked.push(Checked::new(&proxy.security));
            checked.len() - 1
        });
        checked[place].at(proxy);
    }
    let judged: Vec<BTreeMap<Span, Known>> = checked.par_iter().map(Checked::judge).collect();
    let mut known: BTreeMap<Span, Known> = BTreeMap::new();
    for (span, there) in judged.into_iter().flatten() {
        let rule = known.entry(span).or_default();
        rule.alive |= there.alive;
        rule.why = rule.why.take().or(there.why);
    }
    for (span, rule) in known {
        let (false, Some(why)) = (rule.alive, rule.why) else { continue };
        let finding = match &why {
            Why::Impossible | Why::Denied(_) => dead_rule::finding(world, span, &why),
            Why::Covered(by, action) => covered_rule::finding(world, span, by, *action),
        };
        found.extend(finding);
    }
}

/// What some proxies check, with all that the rules can tell apart of where they do.
struct Checked<'m> {
    security: &'m Security,
    /// The ports that rules ask for.
    ports: BTreeSet<u16>,
    /// Whether they ask for the pod's address.
    asks_for_address: bool,
    /// A patch changes at some proxy what becomes of requests.
    in_doubt: bool,
    seats: Vec<Seat>,
    /// The same, to look them up.
    known: FxHashSet<Seat>,
}

/// What the rules can tell of a place where connections come in: whether it is bytes that come, the port where some rule
/// asks for it, the pod's address where one asks for that, and how requests are read.
type Seat = (bool, Option<u16>, Option<IpAddr>, Reader);

impl<'m> Checked<'m> {
    fn new(security: &'m Security) -> Self {
        let mut checked = Self {
            security,
            ports: BTreeSet::new(),
            asks_for_address: false,
            in_doubt: false,
            seats: Vec::new(),
            known: FxHashSet::default(),
        };
        let sets = rule_sets(security).flat_map(|set| set.policies.values());
        sets.flat_map(|policy| &policy.permissions).for_each(|permission| checked.note(permission));
        checked
    }

    fn note(&mut self, permission: &Permission) {
        match permission {
            Permission::DestinationPort(port) => {
                self.ports.insert(*port);
            }
            Permission::DestinationIp(_) => self.asks_for_address = true,
            Permission::All(each) | Permission::AnyOf(each) => each.iter().for_each(|one| self.note(one)),
            Permission::Not(inner) => self.note(inner),
            _ => {}
        }
    }

    /// A proxy checks it.
    fn at(&mut self, proxy: &Proxy) {
        let sides = [PatchSide::inner(proxy), PatchSide::outer(proxy)];
        self.in_doubt |= sides.into_iter().any(|side| proxy.doubt(side).is_some());
        let reader = proxy.reader();
        let address = self.asks_for_address.then(|| proxy.ip.parse().ok()).flatten();
        for listener in proxy.listeners.iter().filter(|listener| listener.security.is_some()) {
            for chain in listener.all_chains() {
                let tcp = match &chain.action {
                    // What leads nowhere, where no policy applies.
                    ChainAction::Tcp(forward) if forward.is_guard || forward.is_unchecked => continue,
                    ChainAction::Tcp(_) => true,
                    ChainAction::HttpTable { .. } | ChainAction::HttpInline { .. } => false,
                };
                match (listener.direction, chain.matches.destination_port) {
                    // What no chain is for: the ports that rules name and no chain does, and all others.
                    (Direction::Inbound, None) => {
                        let named = |port| {
                            listener.all_chains().any(|chain| chain.matches.destination_port == Some(port))
                        };
                        let asked: Vec<u16> =
                            self.ports.iter().copied().filter(|port| !named(*port)).collect();
                        for port in asked.into_iter().map(Some).chain([None]) {
                            self.seat((tcp, port, address, reader));
                        }
                    }
                    (_, port) => {
                        let port = port.unwrap_or(listener.port);
                        let port = Some(port).filter(|port| self.ports.contains(port));
                        self.seat((tcp, port, address, reader));
                    }
                }
            }
        }
    }

    fn seat(&mut self, seat: Seat) {
        if self.known.insert(seat) {
            self.seats.push(seat);
        }
    }

    /// What is known of each rule, of all places together.
    fn judge(&self) -> BTreeMap<Span, Known> {
        let mut known = BTreeMap::new();
        // What is too hard to decide is not called dead.
        let give_up = |tcp: bool, known: &mut BTreeMap<Span, Known>| {
            for rule in sets(self.security, tcp).flat_map(|set| set.policies.values()) {
                if let Some(span) = rule_span(rule) {
                    known.entry(span).or_default().alive = true;
                }
            }
        };
        if self.in_doubt {
            give_up(false, &mut known);
            give_up(true, &mut known);
            return known;
        }
        let any = (1024..u16::MAX).find(|port| !self.ports.contains(port)).unwrap_or_default();
        for &(tcp, port, destination, proxy) in &self.seats {
            let port = port.unwrap_or(any);
            let place = Place { port, destination, source: None, proxy, tcp, peer: Peer::Anyone };
            if of_place(self.security, place, &mut known).is_err() {
                give_up(tcp, &mut known);
            }
        }
        known
    }
}

/// The rule sets that decide.
fn sets(security: &Security, tcp: bool) -> impl Iterator<Item = &RuleSet> {
    filters(security, tcp).iter().filter_map(|filter| match filter {
        SecurityFilter::Rbac(rbac) => rbac.enforced.as_ref(),
        _ => None,
    })
}

fn rule_span(rule: &RbacPolicy) -> Option<Span> {
    rule.origins.first().map(|origin| origin.span)
}

/// A policy without rules, which is written to match nothing.
fn is_nothing(rule: &RbacPolicy) -> bool {
    let never = Permission::Not(Box::new(Permission::Any));
    rule.permissions == [never] && rule.principals == [Principal::Not(Box::new(Principal::Any))]
}

fn of_place(security: &Security, place: Place<'_>, known: &mut BTreeMap<Span, Known>) -> Result<(), Error> {
    let sets: Vec<&RuleSet> = sets(security, place.tcp).collect();
    let all: Vec<&RbacPolicy> =
        sets.iter().flat_map(|set| set.policies.values()).filter(|rule| !is_nothing(rule)).collect();
    let settled = |rule: &RbacPolicy| {
        rule_span(rule).is_none_or(|span| known.get(&span).is_some_and(|rule| rule.alive))
    };
    if all.iter().all(|rule| settled(rule)) {
        return Ok(());
    }
    let nothing_denied = sets.iter().all(|set| set.action != RbacAction::Deny || set.policies.is_empty());
    if (nothing_denied || all.len() == 1) && are_plainly_alive(&all) {
        for span in all.iter().filter_map(|rule| rule_span(rule)) {
            known.entry(span).or_default().alive = true;
        }
        return Ok(());
    }
    let mut builder = ModelBuilder::new(place.proxy, Language::any(), &Limits::default())?;
    let mut rules: Vec<(RbacAction, Span)> = Vec::new();
    for set in &sets {
        for rule in set.policies.values().filter(|rule| !is_nothing(rule)) {
            let Some(span) = rule_span(rule) else { continue };
            builder.add_rule(rule, place)?;
            rules.push((set.action, span));
        }
    }
    if rules.is_empty() {
        return Ok(());
    }
    let singles = rules.len();
    // Each condition alone: one that no request fulfils has a finding of its own.
    let mut parts: Vec<usize> = Vec::new();
    for rule in sets.iter().flat_map(|set| set.policies.values()).filter(|rule| !is_nothing(rule)) {
        if rule_span(rule).is_some() {
            parts.push(builder.add_conditions(rule, place)?);
        }
    }
    let mut model = builder.build("example.com".to_owned())?;
    let all = model.sets.clone();
    let (of_rules, mut of_parts) = all.split_at(singles);
    let denied: Vec<Set> = rules
        .iter()
        .zip(of_rules)
        .filter(|((action, _), _)| *action == RbacAction::Deny)
        .map(|(_, set)| *set)
        .collect();
    let denied = model.space.any_of(denied)?;
    let mut dead = vec![false; singles];
    for (at, ((action, span), &set)) in rules.iter().zip(of_rules).enumerate() {
        let (own_parts, rest) = of_parts.split_at(parts.get(at).copied().unwrap_or(0).min(of_parts.len()));
        of_parts = rest;
        let entry = known.entry(*span).or_default();
        let unknown = !model.unknowns(set).is_empty();
        let left = if *action == RbacAction::Allow { model.space.and(set, !denied)? } else { set };
        if unknown {
            entry.alive = true;
        } else if set.is_empty() {
            dead[at] = true;
            if own_parts.iter().all(|part| !part.is_empty()) {
                entry.why.get_or_insert(Why::Impossible);
            }
        } else if left.is_empty() {
            dead[at] = true;
            let by = rules.iter().zip(of_rules).filter(|((action, _), _)| *action == RbacAction::Deny);
            let mut spans = Vec::new();
            for ((_, span), other) in by {
                if model.space.intersects(set, *other)? {
                    spans.push(*span);
                }
            }
            entry.why.get_or_insert(Why::Denied(spans));
        }
    }
    // Of rules that together match what one of them matches, the last goes first.
    for at in (0..singles).rev() {
        let (action, span) = rules[at];
        if dead[at] || action == RbacAction::Log {
            continue;
        }
        let others: Vec<usize> =
            (0..singles).filter(|&other| other != at && !dead[other] && rules[other].0 == action).collect();
        let union = model.space.any_of(others.iter().map(|&other| of_rules[other]))?;
        let entry = known.entry(span).or_default();
        if !model.space.implies(of_rules[at], union)? {
            entry.alive = true;
            continue;
        }
        dead[at] = true;
        let mut by = Vec::new();
        for other in others {
            if model.space.implies(of_rules[at], of_rules[other])? {
                by = vec![rules[other].1];
                break;
            }
            if model.space.intersects(of_rules[at], of_rules[other])? {
                by.push(rules[other].1);
            }
        }
        entry.why.get_or_insert(Why::Covered(by, action));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
