//! A DENY that a differently written path escapes.

use std::collections::BTreeSet;
use std::sync::Arc;

use meshc_diagnostics::{Diagnostic, Severity, Witness, WitnessRequest, declare_rule};
use meshc_effective::model::{Proxy, RbacAction, RbacPolicy, RuleSet, SecurityFilter};
use meshc_predicate::{Error, Language, Limits, Set};
use meshc_resources::Object;
use meshc_resources::istio::{AuthorizationAction, AuthorizationPolicy};
use meshc_source::Span;
use meshc_syntax::de::Spanned;
use meshc_trace::Query;
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use super::World;
use crate::graph::Gate;
use crate::requests::{Caller, ModelBuilder, Peer};
use crate::spots::{Spot, spots};

declare_rule! {
    /// ## What it does
    /// Tries other ways to write each path of each DENY rule: with a slash at the end, with a slash doubled or escaped, in
    /// another case. It finds the paths of which one of these gets in, as the mesh's `pathNormalization` has it, where the
    /// path itself is denied. A slash at the end of an exact path is a warning; the others are an info, because few
    /// applications take them for the same.
    ///
    /// ## What happens to traffic
    /// Whoever writes the path so gets what was to be denied, if the application takes both for the same.
    ///
    /// ## Example
    /// ```yaml
    /// action: DENY
    /// rules: [{to: [{operation: {paths: [/admin]}}]}]    # /admin/ gets in
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// action: DENY
    /// rules: [{to: [{operation: {paths: [/admin, /admin/*]}}]}]
    /// ```
    /// Better still: allow what may be asked for, and nothing else. `pathNormalization: {normalization:
    /// DECODE_AND_MERGE_SLASHES}` in MeshConfig makes one of all slashes.
    pub ESCAPABLE_DENY = "MC1532", "escapable-deny", Warning, Routes,
    "A DENY that a differently written path escapes",
    []
}

/// Another way to write a path.
struct Variant {
    path: String,
    /// What is different, for people.
    how: &'static str,
    /// Most applications take it for the same.
    likely: bool,
}

/// Every path of every DENY rule.
pub(super) fn check(world: &World<'_, '_>, found: &mut Vec<Diagnostic>) {
    let mut paths: Vec<(&Object<AuthorizationPolicy>, usize, Span, &Spanned<String>)> = Vec::new();
    for object in &world.resources.authorization_policies {
        if object.spec.action.as_ref().map(|action| action.value) != Some(AuthorizationAction::Deny) {
            continue;
        }
        for (number, rule) in object.spec.rules.iter().enumerate() {
            let of_rule = rule.to.iter().filter_map(|to| to.operation.as_ref()).flat_map(|of| &of.paths);
            paths.extend(of_rule.map(|path| (object, number, rule.span, path)));
        }
    }
    if paths.is_empty() {
        return;
    }
    let holders = holders(world);
    let all: Vec<Option<Diagnostic>> = paths
        .par_iter()
        .map(|&(object, number, rule, path)| {
            let holders = holders.get(&rule).map_or(&[][..], Vec::as_slice);
            let escapes = escapes(world, holders, rule, &path.value)?;
            finding(object, number, path.span, &path.value, &escapes)
        })
        .collect();
    found.extend(all.into_iter().flatten());
}

/// By the places of DENY rules: a proxy for each different set of checks that holds them.
fn holders<'m>(world: &World<'m, '_>) -> FxHashMap<Span, Vec<&'m Proxy>> {
    let mut holders: FxHashMap<Span, Vec<&Proxy>> = FxHashMap::default();
    let mut seen = FxHashSet::default();
    for proxy in &world.effective.proxies {
        if !seen.insert(Arc::as_ptr(&proxy.security).addr()) {
            continue;
        }
        let spans: BTreeSet<Span> = rules(proxy)
            .flat_map(|set| set.policies.values())
            .flat_map(|policy| policy.origins.iter().map(|origin| origin.span))
            .collect();
        for span in spans {
            holders.entry(span).or_default().push(proxy);
        }
    }
    holders
}

fn finding(
    object: &Object<AuthorizationPolicy>,
    number: usize,
    span: Span,
    path: &str,
    escapes: &[(Variant, Witness)],
) -> Option<Diagnostic> {
    let (_, witness) = escapes.iter().find(|(variant, _)| variant.likely).or_else(|| escapes.first())?;
    let ways: Vec<String> =
        escapes.iter().map(|(variant, _)| format!("`{}` ({})", variant.path, variant.how)).collect();
    let message = format!("rules[{number}] denies `{path}`, and lets in {}", ways.join(", "));
    let likely = escapes.iter().any(|(variant, _)| variant.likely);
    let finding = object
        .finding(&ESCAPABLE_DENY, span, message)
        .severity(if likely { Severity::Warning } else { Severity::Info })
        .witness(witness.clone());
    Some(finding.help("deny these too, or allow what may be asked for in place of denying what may not"))
}

/// The ways to write a path that get in at some workload where the rule holds and denies the path itself.
fn escapes(
    world: &World<'_, '_>,
    holders: &[&Proxy],
    rule: Span,
    path: &str,
) -> Option<Vec<(Variant, Witness)>> {
    let base = path.strip_suffix('*').unwrap_or(path);
    if !base.starts_with('/') || base.contains(['*', '{']) || base == "/" {
        return None;
    }
    for &proxy in holders {
        let mut places = spots(proxy, &[&*proxy.security]);
        // A port that a service names tells more than one of all others.
        let named = |spot: &Spot| {
            let chains = proxy.listeners.iter().flat_map(|listener| listener.all_chains());
            chains.filter_map(|chain| chain.matches.destination_port).any(|port| port == spot.port)
        };
        places.sort_by_key(|spot| !named(spot));
        for spot in places.iter().filter(|spot| !spot.tcp) {
            let variants = variants(base, path.ends_with('*'));
            let Ok(denied) = denied(proxy, spot, rule, (base, &variants)) else { continue };
            let escaped: Vec<(Variant, Witness)> = variants
                .into_iter()
                .zip(denied)
                .filter_map(|(variant, denied)| {
                    let denied = denied?;
                    let mut witness = denied.clone();
                    witness.request.path.clone_from(&variant.path);
                    (!passes(world, &denied) && passes(world, &witness)).then_some((variant, witness))
                })
                .collect();
            if !escaped.is_empty() {
                return Some(escaped);
            }
        }
    }
    None
}

/// The rule sets that deny.
fn rules(proxy: &Proxy) -> impl Iterator<Item = &RuleSet> {
    proxy.security.http.iter().filter_map(|filter| match filter {
        SecurityFilter::Rbac(rbac) => rbac.enforced.as_ref().filter(|set| set.action == RbacAction::Deny),
        _ => None,
    })
}

/// For each other way to write a path: a request for the path that the rule denies, and that would pass if it were
/// written so.
fn denied(
    proxy: &Proxy,
    spot: &Spot,
    rule: Span,
    (path, variants): (&str, &[Variant]),
) -> Result<Vec<Option<Witness>>, Error> {
    let security = &*proxy.security;
    let gate = Gate { proxy, security, port: spot.port, source: None, peer: Peer::Anyone, tcp: false };
    let mut builder = ModelBuilder::new(proxy.reader(), Language::any(), &Limits::default())?;
    for variant in variants {
        builder.add_path(&variant.path)?;
    }
    builder.add_path(path)?;
    let is_it = |policy: &&RbacPolicy| policy.origins.iter().any(|origin| origin.span == rule);
    let Some(policy) = rules(proxy).flat_map(|set| set.policies.values()).find(is_it) else {
        return Ok(Vec::new());
    };
    builder.add_rule(policy, gate.place())?;
    gate.add(&mut builder)?;
    let mut model = builder.build(spot.authority.clone())?;
    let mut sets = model.sets.clone().into_iter();
    let there: Vec<Set> = sets.by_ref().take(variants.len()).collect();
    let (Some(here), Some(matched)) = (sets.next(), sets.next()) else {
        return Ok(Vec::new());
    };
    let passed = gate.ends(&mut model, &mut sets)?.passed;
    there
        .into_iter()
        .map(|there| {
            let mut context = model.space.and(passed, there)?;
            for field in model.fields_of(true, false, &[]) {
                context = model.space.forget(context, field)?;
            }
            let both = model.space.all_of([here, matched, context])?;
            let usual = model.usual(both)?;
            let certain = model.certain(usual)?;
            let Some((request, sent)) = model.witness(certain) else { return Ok(None) };
            let Caller { peer, .. } = model.caller(&request, None);
            let witness = spot.site.witness(proxy, WitnessRequest { path: path.to_owned(), ..sent });
            Ok(Some(Witness { peer, ..witness }))
        })
        .collect()
}

fn passes(world: &World<'_, '_>, witness: &Witness) -> bool {
    let answer = world.tracer.trace(&Query::from(witness));
    answer.is_ok_and(|answer| answer.status != Some(403) && !answer.destinations.is_empty())
}

/// Other ways to write a path that an application may take for the same.
fn variants(base: &str, is_prefix: bool) -> Vec<Variant> {
    let mut all = Vec::new();
    let inner = base.trim_end_matches('/');
    if !is_prefix {
        if base.ends_with('/') {
            all.push(Variant { path: inner.to_owned(), how: "without the slash at the end", likely: true });
        } else {
            all.push(Variant { path: format!("{base}/"), how: "a slash at the end", likely: true });
        }
    }
    all.push(Variant { path: format!("/{base}"), how: "the slash doubled", likely: false });
    if let Some(at) = inner.rfind('/').filter(|at| *at > 0) {
        let path = format!("{}%2F{}", &inner[..at], &base[at + 1..]);
        all.push(Variant { path, how: "a slash escaped", likely: false });
    }
    let cased = base.to_ascii_uppercase();
    if cased != base {
        all.push(Variant { path: cased, how: "in another case", likely: false });
    }
    all.retain(|variant| !variant.path.is_empty() && variant.path != base);
    all
}
