//! A service that nothing may call.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_effective::model::{
    MtlsMode, PatchSide, Principal, Proxy, RbacAction, RuleSet, Security, SecurityFilter, StringMatch, spiffe,
};
use meshc_predicate::{Error, Language, Limits, Set};
use rustc_hash::{FxHashMap, FxHashSet};

use super::World;
use super::plain::{is_plainly_alive, takes_one};
use crate::graph::Gate;
use crate::requests::{ModelBuilder, holds};
use crate::spots::rule_sets;

declare_rule! {
    /// ## What it does
    /// Finds Services whose workloads let no request of any caller in: neither of any identity of this tree, nor in
    /// plaintext. It is a proof for all requests; where a claim, a provider or an address decides, nothing is said.
    ///
    /// ## What happens to traffic
    /// Every request gets 403, or its connection is closed.
    ///
    /// ## Example
    /// An AuthorizationPolicy for `payments` that allows `/ns/shopp/sa/storefront`, a namespace that does not exist.
    ///
    /// ## Use instead
    /// A policy that allows a caller that there is. A service that is being taken out of use may well have no caller.
    pub UNCALLED_SERVICE = "MC1656", "uncalled-service", Info, Routes,
    "A service that nothing may call",
    []
}

/// Every Service of Kubernetes all of whose endpoints are workloads with checks.
pub(super) fn check(world: &World<'_, '_>, found: &mut Vec<Diagnostic>) {
    if world.effective.proxies.iter().all(|proxy| proxy.security.is_open()) {
        return;
    }
    let by_pod: FxHashMap<(&str, &str), &Proxy> = world
        .effective
        .proxies
        .iter()
        .map(|proxy| ((proxy.id.name.as_str(), proxy.id.namespace.as_str()), &**proxy))
        .collect();
    let trust = world.mesh.trust_domains();
    let domain = trust.first().map_or("cluster.local", String::as_str);
    let accounts: FxHashSet<(&str, &str)> = world
        .effective
        .proxies
        .iter()
        .map(|proxy| (proxy.id.namespace.as_str(), proxy.service_account.as_str()))
        .collect();
    let callers: BTreeSet<String> =
        accounts.into_iter().map(|(namespace, account)| spiffe(domain, namespace, account)).collect();
    // Proxies with one set of checks let in the same.
    let mut known: FxHashMap<(usize, u16), bool> = FxHashMap::default();
    // By the service: pods were met, and one of them lets somebody in.
    let mut open: FxHashMap<usize, (bool, bool)> = FxHashMap::default();
    for (index, pod) in world.mesh.pods.iter().enumerate() {
        for target in world.mesh.targets(index) {
            let state = open.entry(Arc::as_ptr(&target.service).addr()).or_insert((true, false));
            if state.1 {
                continue;
            }
            let Some(proxy) = by_pod.get(&(pod.name.as_str(), pod.namespace.as_str())) else {
                state.1 = true;
                continue;
            };
            let key = (Arc::as_ptr(&proxy.security).addr(), target.target_port);
            let closed = *known.entry(key).or_insert_with(|| {
                !proxy.security.is_open()
                    && !is_plainly_open(proxy, &callers)
                    && proxy.doubt(PatchSide::inner(proxy)).is_none()
                    && is_closed(proxy, target.target_port, &callers).unwrap_or(false)
            });
            state.1 |= !closed;
        }
    }
    for service in world.mesh.services.iter().filter(|service| service.meta.kind == "Service") {
        let meta = &service.meta;
        if open.get(&Arc::as_ptr(service).addr()) != Some(&(true, false)) {
            continue;
        }
        let message = "no caller of this tree may call this service, with any request: its workloads' policies let \
                       nobody in";
        found.push(
            Diagnostic::new(&UNCALLED_SERVICE, meta.span, message)
                .resource(meta.kind, Some(&meta.namespace), &meta.name)
                .help(format!(
                    "`meshc query --to {}.{}` shows whom each policy turns away",
                    meta.name, meta.namespace
                )),
        );
    }
}

/// Whether it is plain that some caller is let in: by a rule that allows it, while none denies.
fn is_plainly_open(proxy: &Proxy, callers: &BTreeSet<String>) -> bool {
    let sets: Vec<&RuleSet> = proxy
        .security
        .http
        .iter()
        .filter_map(|filter| match filter {
            SecurityFilter::Rbac(rbac) => rbac.enforced.as_ref(),
            _ => None,
        })
        .collect();
    sets.iter().all(|set| set.action == RbacAction::Allow)
        && sets
            .iter()
            .all(|set| set.policies.values().any(|rule| is_plainly_alive(rule) && takes_one(rule, callers)))
        && proxy.security.mtls.ports.is_empty()
        && proxy.security.mtls.all.mode != MtlsMode::Disable
}

/// Whether a port lets in nobody of these, and nobody without an identity.
fn is_closed(proxy: &Proxy, port: u16, callers: &BTreeSet<String>) -> Result<bool, Error> {
    let gate = Gate::of_port(proxy, port);
    let mut builder = ModelBuilder::new(proxy.reader(), Language::any(), &Limits::default())?;
    let names = Language::union(told_apart(callers, &proxy.security).into_iter().map(Language::exact));
    builder.add_peers(names)?;
    gate.add(&mut builder)?;
    let mut model = builder.build(proxy.workload.clone())?;
    let mut sets = model.sets.clone().into_iter();
    let (known, identified) = (sets.next().unwrap_or(Set::ALL), model.sets.get(1).copied());
    let ends = gate.ends(&mut model, &mut sets)?;
    let possible = model.space.or(known, !identified.unwrap_or(Set::EMPTY))?;
    let passed = model.space.and(ends.passed, possible)?;
    Ok(passed.is_empty())
}

/// One of each sort of callers that the rules tell apart: for all of a sort a workload does the same.
fn told_apart<'c>(callers: &'c BTreeSet<String>, security: &Security) -> Vec<&'c String> {
    fn names<'s>(of: &'s Principal, found: &mut Vec<&'s StringMatch>) {
        match of {
            Principal::All(each) | Principal::AnyOf(each) => each.iter().for_each(|one| names(one, found)),
            Principal::Not(inner) => names(inner, found),
            Principal::Peer(name) => found.push(name),
            _ => {}
        }
    }
    let mut asked = Vec::new();
    for principal in rule_sets(security).flat_map(|set| set.policies.values()).flat_map(|p| &p.principals) {
        names(principal, &mut asked);
    }
    if asked.iter().any(|name| matches!(name, StringMatch::Regex(_))) {
        return callers.iter().collect();
    }
    let mut sorts: BTreeMap<Vec<bool>, &String> = BTreeMap::new();
    for caller in callers {
        sorts.entry(asked.iter().map(|name| holds(name, caller)).collect()).or_insert(caller);
    }
    sorts.into_values().collect()
}
