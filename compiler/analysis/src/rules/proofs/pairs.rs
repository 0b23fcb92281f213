//! Pairs of routes that ask for the same requests and do something else with them: those of two resources, and those
//! of one whose order matters.

use std::collections::BTreeSet;

use meshc_diagnostics::{Diagnostic, Witness};
use meshc_effective::model::{PathMatch, Route, RouteMatch, VirtualHost};
use meshc_predicate::{Error, Limits, Set};

use super::survey::Seen;
use super::{World, conflicting_routes, overlapping_routes};
use crate::diff::Behaviour;
use crate::reach::{Asked, Reachable, Site};
use crate::requests::{Model, ModelBuilder, Partition};

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

/// Every virtual host with several routes.
pub(super) fn check(world: &World<'_>, found: &mut Vec<Diagnostic>) {
    let mut told = BTreeSet::new();
    for seen in &world.survey.hosts {
        let count = seen.host().routes.len();
        if (2..=MOST_ROUTES).contains(&count) {
            // What is too hard has a finding of its own.
            let _ = of_host(world, seen, &mut told, found);
        }
    }
}

fn of_host(
    world: &World<'_>,
    seen: &Seen<'_>,
    told: &mut BTreeSet<(meshc_source::Span, meshc_source::Span)>,
    found: &mut Vec<Diagnostic>,
) -> Result<(), Error> {
    let host = seen.host();
    let candidates = candidates(seen, host);
    if candidates.is_empty() {
        return Ok(());
    }
    let limits = Limits::default();
    let asked = Asked::new(seen.table);
    let made =
        ModelBuilder::to(seen.proxy.reader(), (asked.domains(), &asked.own(seen.at)), &host.routes, &limits)?;
    let Some((mut builder, authority)) = made else { return Ok(()) };
    builder.add_host(Some(host))?;
    let mut model = builder.build(authority)?;
    let sets = model.sets.clone();
    let partition = Partition::new(&mut model.space, &sets)?;
    for (second, earlier) in candidates {
        let (Some(&wanted), Some(after)) = (sets.get(second + 1), host.routes.get(second)) else { continue };
        for first in earlier {
            let Some(before) = host.routes.get(first) else { continue };
            let (Some(a), Some(b)) = (before.origins.first(), after.origins.first()) else { continue };
            let taken = model.space.and(partition.first.reach(first), wanted)?;
            if taken.is_empty() || told.contains(&(a.span, b.span)) {
                continue;
            }
            let Some(both) = shown(seen, &mut model, taken)? else { continue };
            let second_only = shown(seen, &mut model, partition.first.reach(second))?;
            // A match within the other is a case and its exception: order is what it is written for.
            let first_asks = sets.get(first + 1).copied().unwrap_or(Set::EMPTY);
            let nested = model.space.implies(first_asks, wanted)?;
            let pair = Pair { first: before, second: after, both, second_only };
            let finding = if before.config == after.config {
                if nested { None } else { overlapping_routes::finding(world, &pair) }
            } else {
                conflicting_routes::finding(world, &pair)
            };
            if let Some(finding) = finding {
                told.insert((a.span, b.span));
                found.push(finding);
                break;
            }
        }
    }
    Ok(())
}

/// For each route that some request takes, the earlier ones that do something else.
fn candidates(seen: &Seen<'_>, host: &VirtualHost) -> Vec<(usize, Vec<usize>)> {
    let is_taken =
        |index: usize| seen.reached.get(index).is_some_and(|reach| reach.reachable == Reachable::Yes);
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

/// The parts of a request that a match looks at.
fn looked_at(conditions: &RouteMatch) -> BTreeSet<String> {
    let path = (conditions.path != PathMatch::any()).then(|| ":path".to_owned());
    let headers = conditions.headers.iter().map(|header| header.name.to_ascii_lowercase());
    let query = conditions.query.iter().map(|query| format!("?{}", query.name));
    path.into_iter().chain(headers).chain(query).collect()
}

fn shown(seen: &Seen<'_>, model: &mut Model, set: Set) -> Result<Option<Witness>, Error> {
    let certain = model.certain(set)?;
    let site = Site::Table(seen.table.name.clone());
    Ok(model.witness(certain).map(|(_, request)| site.witness(seen.proxy, request)))
}
