//! Pairs of routes that ask for the same requests and do something else with them: those of two resources, and those
//! of one whose order matters.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use meshc_diagnostics::{Diagnostic, Witness, WitnessRequest};
use meshc_effective::model::{PathMatch, Reader, Route, RouteMatch, VirtualHost};
use meshc_predicate::{Error, Limits, Set};
use rayon::prelude::*;

use super::{World, conflicting_routes, overlapping_routes};
use crate::diff::Behaviour;
use crate::reach::{Met, Reachable, Reached, Site};
use crate::requests::{self, Model, ModelBuilder, Partition};

/// With more routes than this the pairs of a virtual host are too many to be read.
const MOST_ROUTES: usize = 100;

/// Two routes that ask for one request.
pub(super) struct Pair<'a> {
    /// The one that takes it.
    pub(super) first: &'a Route,
    /// The one that would.
    pub(super) second: &'a Route,
    /// The request.
    pub(super) both: Witness,
    /// One that only the second asks for, and takes.
    pub(super) second_only: Option<Witness>,
}

/// What decides about the pairs of a virtual host; a virtual host itself only where its domains matter.
#[derive(PartialEq, Eq, Hash)]
struct Key {
    matches: Vec<RouteMatch>,
    proxy: Reader,
    require_tls: bool,
    candidates: Vec<Candidate>,
    /// For each route, the first of the same resource.
    resources: Vec<usize>,
    host: Option<usize>,
}

/// A route that some request takes, and the earlier ones that do something else.
type Candidate = (usize, Vec<usize>);

/// Two routes of a virtual host, by their places, as [`Pair`].
struct Shown {
    first: usize,
    second: usize,
    both: WitnessRequest,
    second_only: Option<WitnessRequest>,
}

/// Every virtual host with several routes. Those that are alike in what decides are worked out once.
pub(super) fn check(world: &World<'_, '_>, found: &mut Vec<Diagnostic>) {
    let mut met = HashSet::new();
    let mut by_key: HashMap<Key, usize> = HashMap::new();
    let mut different: Vec<(&Met<'_>, Vec<Candidate>)> = Vec::new();
    let mut all: Vec<(&Met<'_>, usize)> = Vec::new();
    for &seen in &world.survey.hosts {
        let host = seen.host();
        let by_domains = looks_at_authority(seen);
        let view = Arc::as_ptr(seen.proxy.clusters.shared()).addr();
        let place = (host.routes.place(), seen.proxy.reader(), host.require_tls, view);
        // From most namespaces a service has other names and the same routes.
        if !(2..=MOST_ROUTES).contains(&host.routes.len()) || !by_domains && !met.insert(place) {
            continue;
        }
        let candidates = candidates(seen, host);
        if candidates.is_empty() {
            continue;
        }
        let same = |route: &Route| host.routes.iter().position(|other| other.config == route.config);
        let key = Key {
            matches: host.routes.iter().map(|route| route.matches.clone()).collect(),
            proxy: seen.proxy.reader(),
            require_tls: host.require_tls,
            candidates: candidates.clone(),
            resources: host.routes.iter().filter_map(same).collect(),
            host: by_domains.then(|| std::ptr::from_ref(host).addr()),
        };
        let case = *by_key.entry(key).or_insert_with(|| {
            different.push((seen, candidates));
            different.len() - 1
        });
        all.push((seen, case));
    }
    // What is too hard has a finding of its own.
    let cases: Vec<Vec<Shown>> = different
        .par_iter()
        .map(|(seen, candidates)| of_host(world.survey.reached, seen, candidates).unwrap_or_default())
        .collect();
    let mut told = BTreeSet::new();
    for (seen, case) in all {
        for shown in cases.get(case).into_iter().flatten() {
            tell(world, seen, shown, &mut told, found);
        }
    }
}

/// The finding about a pair of a virtual host, unless it was told of another.
fn tell<'m>(
    world: &World<'m, '_>,
    seen: &Met<'m>,
    shown: &Shown,
    told: &mut BTreeSet<(meshc_source::Span, meshc_source::Span)>,
    found: &mut Vec<Diagnostic>,
) {
    let routes = &seen.host().routes;
    let (Some(first), Some(second)) = (routes.get(shown.first), routes.get(shown.second)) else { return };
    let (Some(a), Some(b)) = (first.origins.first(), second.origins.first()) else { return };
    if told.contains(&(a.span, b.span)) {
        return;
    }
    let site = Site::Table(seen.table.name.clone());
    let witness = |request: &WitnessRequest| site.witness(seen.proxy, seen.named(request));
    let second_only = shown.second_only.as_ref().map(witness);
    let pair = Pair { first, second, both: witness(&shown.both), second_only };
    let finding = if first.config == second.config {
        overlapping_routes::finding(world, &pair)
    } else {
        conflicting_routes::finding(world, &pair)
    };
    if let Some(finding) = finding {
        told.insert((a.span, b.span));
        found.push(finding);
    }
}

/// For each candidate, the first of the earlier routes with which it makes a finding.
fn of_host(reached: &Reached<'_>, seen: &Met<'_>, candidates: &[Candidate]) -> Result<Vec<Shown>, Error> {
    let host = seen.host();
    let Some(asked) = reached.asked(seen.table) else { return Ok(Vec::new()) };
    let domains = (asked.domains(), &*asked.own(seen.at));
    let made = ModelBuilder::to(seen.proxy.reader(), domains, &host.routes, &Limits::default())?;
    let Some((mut builder, authority)) = made else { return Ok(Vec::new()) };
    builder.add_host(Some(host))?;
    let mut model = builder.build(authority)?;
    let sets = model.sets.clone();
    let partition = Partition::new(&mut model.space, &sets)?;
    let mut all = Vec::new();
    for (second, earlier) in candidates {
        let second = *second;
        let (Some(&wanted), Some(after)) = (sets.get(second + 1), host.routes.get(second)) else { continue };
        for &first in earlier {
            let Some(before) = host.routes.get(first) else { continue };
            let taken = model.space.and(partition.first.reach(first), wanted)?;
            if taken.is_empty() {
                continue;
            }
            let Some(both) = shown(&mut model, taken)? else { continue };
            // A match within the other is a case and its exception: order is what it is written for.
            let first_asks = sets.get(first + 1).copied().unwrap_or(Set::EMPTY);
            if before.config == after.config && model.space.implies(first_asks, wanted)? {
                continue;
            }
            let second_only = shown(&mut model, partition.first.reach(second))?;
            all.push(Shown { first, second, both, second_only });
            break;
        }
    }
    Ok(all)
}

/// For each route that some request takes, the earlier ones that do something else.
fn candidates(seen: &Met<'_>, host: &VirtualHost) -> Vec<Candidate> {
    let is_taken =
        |index: usize| seen.reach().get(index).is_some_and(|reach| reach.reachable == Reachable::Yes);
    let written = |index: usize| host.routes.get(index).is_some_and(|route| route.config.is_some());
    let specific = |index: usize| host.routes.get(index).is_some_and(|route| !route.matches.is_any());
    let seconds: Vec<usize> =
        (1..host.routes.len()).filter(|&at| is_taken(at) && written(at) && specific(at)).collect();
    if seconds.is_empty() {
        return Vec::new();
    }
    let behaviours: Vec<Behaviour> =
        host.routes.iter().map(|route| Behaviour::of_route(seen.proxy, host, route)).collect();
    seconds
        .into_iter()
        .map(|second| {
            let after = &host.routes[second];
            let matters = |first: usize| {
                let before = &host.routes[first];
                // A condition on something else, put first, is how a special case is written.
                before.config != after.config || looked_at(&before.matches) == looked_at(&after.matches)
            };
            let earlier = (0..second)
                .filter(|&first| written(first) && matters(first) && behaviours[first] != behaviours[second]);
            (second, earlier.collect::<Vec<usize>>())
        })
        .filter(|(_, earlier)| !earlier.is_empty())
        .collect()
}

/// Whether it matters by which authority requests come.
fn looks_at_authority(seen: &Met<'_>) -> bool {
    seen.host().routes.iter().any(|route| requests::looks_at_authority(&route.matches))
}

/// The parts of a request that a match looks at.
fn looked_at(conditions: &RouteMatch) -> BTreeSet<String> {
    let path = (conditions.path != PathMatch::any()).then(|| ":path".to_owned());
    let headers = conditions.headers.iter().map(|header| header.name.to_ascii_lowercase());
    let query = conditions.query.iter().map(|query| format!("?{}", query.name));
    path.into_iter().chain(headers).chain(query).collect()
}

fn shown(model: &mut Model, set: Set) -> Result<Option<WitnessRequest>, Error> {
    let certain = model.certain(set)?;
    Ok(model.witness(certain).map(|(_, request)| request))
}
