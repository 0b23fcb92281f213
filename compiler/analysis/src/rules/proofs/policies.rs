//! Each rule of each AuthorizationPolicy, wherever it holds: whether it decides about any request.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use meshc_diagnostics::Diagnostic;
use meshc_effective::model::{
    PatchSide, Permission, Principal, Proxy, RbacAction, RbacPolicy, RuleSet, Security, SecurityFilter,
};
use meshc_predicate::{Error, Language, Limits, Set};
use meshc_source::Span;
use rayon::prelude::*;

use super::plain::is_plainly_alive;
use super::{World, covered_rule, dead_rule};
use crate::requests::checks::filters;
use crate::requests::{ModelBuilder, Peer, Place};
use crate::spots::spots;

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

/// Every rule of every policy.
pub(super) fn check(world: &World<'_>, found: &mut Vec<Diagnostic>) {
    let mut seen = HashSet::new();
    let different =
        |proxy: &&Arc<Proxy>| !proxy.security.is_open() && seen.insert(Arc::as_ptr(&proxy.security).addr());
    let proxies: Vec<&Arc<Proxy>> = world.effective.proxies.iter().filter(different).collect();
    let places: Vec<BTreeMap<Span, Known>> = proxies
        .par_iter()
        .map(|proxy| {
            let mut known = BTreeMap::new();
            of_proxy(proxy, &mut known);
            known
        })
        .collect();
    let mut known: BTreeMap<Span, Known> = BTreeMap::new();
    for (span, there) in places.into_iter().flatten() {
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

fn of_proxy(proxy: &Proxy, known: &mut BTreeMap<Span, Known>) {
    let security = &*proxy.security;
    let sides = [PatchSide::inner(proxy), PatchSide::outer(proxy)];
    if sides.into_iter().any(|side| proxy.doubt(side).is_some()) {
        let all = sets(security, false).chain(sets(security, true)).flat_map(|set| set.policies.values());
        for span in all.filter_map(rule_span) {
            known.entry(span).or_default().alive = true;
        }
        return;
    }
    for spot in spots(proxy, &[security]) {
        let place = Place {
            port: spot.port,
            destination: proxy.ip.parse().ok(),
            source: None,
            proxy: proxy.reader(),
            tcp: spot.tcp,
            peer: Peer::Anyone,
        };
        if of_spot(security, place, known).is_err() {
            // What is too hard to decide is not called dead.
            for rule in sets(security, spot.tcp).flat_map(|set| set.policies.values()) {
                if let Some(span) = rule_span(rule) {
                    known.entry(span).or_default().alive = true;
                }
            }
        }
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

fn of_spot(security: &Security, place: Place<'_>, known: &mut BTreeMap<Span, Known>) -> Result<(), Error> {
    let sets: Vec<&RuleSet> = sets(security, place.tcp).collect();
    let all: Vec<&RbacPolicy> =
        sets.iter().flat_map(|set| set.policies.values()).filter(|rule| !is_nothing(rule)).collect();
    let settled = |rule: &RbacPolicy| {
        rule_span(rule).is_none_or(|span| known.get(&span).is_some_and(|rule| rule.alive))
    };
    if all.iter().all(|rule| settled(rule)) {
        return Ok(());
    }
    if let [only] = all.as_slice()
        && let Some(span) = rule_span(only)
        && is_plainly_alive(only)
    {
        known.entry(span).or_default().alive = true;
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
