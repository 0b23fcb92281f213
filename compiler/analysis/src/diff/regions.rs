//! The requests to a pair of virtual hosts that are treated differently, as sets: the routes of both sides stand in
//! one space, and every region of requests with one behaviour before and another after is looked at.

use meshc_diagnostics::WitnessRequest;
use meshc_effective::model::{Action, Proxy, Route, RouteMatch, VirtualHost};
use meshc_predicate::{Error, FirstMatch, Language, Limits, Point, Set};

use super::behaviour::Behaviour;
use super::hosts::Pair;
use crate::requests::hosts::{Domains, representative};
use crate::requests::{ModelBuilder, looks_at_authority};

/// Requests with one behaviour before and another after.
#[derive(Debug, Clone)]
pub(super) struct Region {
    /// Before.
    pub(super) before: Behaviour,
    /// After.
    pub(super) after: Behaviour,
    /// One of the requests.
    pub(super) request: WitnessRequest,
    /// The route that takes it before.
    pub(super) base_route: Option<usize>,
    /// The route that takes it after.
    pub(super) head_route: Option<usize>,
}

/// What comparing two virtual hosts gave.
#[derive(Debug, Clone, Default)]
pub(super) struct Compared {
    pub(super) regions: Vec<Region>,
    /// Why some requests could not be compared.
    pub(super) unknown: Vec<String>,
}

/// One side of the comparison.
#[derive(Clone, Copy)]
pub(super) struct Half<'a> {
    pub(super) proxy: &'a Proxy,
    pub(super) host: Option<&'a VirtualHost>,
}

impl<'a> Half<'a> {
    fn routes(&self) -> &'a [Route] {
        self.host.map_or(&[], |host| host.routes.as_slice())
    }

    fn requires_tls(&self) -> bool {
        self.host.is_some_and(|host| host.require_tls)
    }

    /// What is done by each route, and last what is done where none takes the request.
    pub(super) fn behaviours(&self) -> Vec<Behaviour> {
        let Some(host) = self.host else { return vec![Behaviour::not_found()] };
        let routes = host.routes.iter().map(|route| Behaviour::of_route(self.proxy, host, route));
        routes.chain([Behaviour::not_found()]).collect()
    }
}

/// Whether two virtual hosts have the same routes, names and origins aside.
pub(super) fn same_routes(base: &VirtualHost, head: &VirtualHost) -> bool {
    base.require_tls == head.require_tls
        && base.include_attempt_count == head.include_attempt_count
        && base.routes.len() == head.routes.len()
        && base.routes.iter().zip(&head.routes).all(|(a, b)| {
            a.matches == b.matches
                && a.action == b.action
                && a.headers == b.headers
                && a.fault == b.fault
                && a.cors == b.cors
        })
}

/// Whether the destinations of a virtual host that both proxies have can be reached by both or by none.
pub(super) fn same_failures(was: &Proxy, is: &Proxy, host: &VirtualHost) -> bool {
    let state = |proxy: &Proxy, cluster: &str| proxy.clusters.get(cluster).map(|known| known.has_endpoints());
    host.routes.iter().all(|route| match &route.action {
        Action::Forward(forward) => {
            forward.destinations.iter().all(|d| state(was, &d.cluster) == state(is, &d.cluster))
        }
        Action::Redirect(_) | Action::DirectResponse(_) => true,
    })
}

/// Compares two virtual hosts for the authorities that lead to both. `domains` are those of both tables.
pub(super) fn compare(
    base: Half<'_>,
    head: Half<'_>,
    pair: &Pair,
    behaviours: (&[Behaviour], &[Behaviour]),
    domains: &Domains,
) -> Compared {
    match regions(base, head, pair, behaviours, domains, &Limits::default()) {
        Ok(compared) => compared,
        Err(error) => Compared { regions: Vec::new(), unknown: vec![error.to_string()] },
    }
}

/// A side in the common space: for each behaviour, the requests that it gets.
struct Partition {
    first: FirstMatch,
    /// Each behaviour once, with its requests.
    parts: Vec<(Behaviour, Set)>,
}

fn regions(
    base: Half<'_>,
    head: Half<'_>,
    pair: &Pair,
    (before, after): (&[Behaviour], &[Behaviour]),
    domains: &Domains,
    limits: &Limits,
) -> Result<Compared, Error> {
    let Some(authority) = representative(domains, &pair.domains, limits)? else {
        // No request leads here.
        return Ok(Compared::default());
    };
    let looks = |half: &Half<'_>| half.routes().iter().any(|route| looks_at_authority(&route.matches));
    let authorities =
        if looks(&base) || looks(&head) { domains.classes(&pair.domains)? } else { Language::any() };
    let mut builder = ModelBuilder::new(head.proxy.kind, authorities, limits)?;
    for half in [&base, &head] {
        // A match of everything, which stands for what the virtual host itself lets through.
        builder.require_tls(half.requires_tls())?;
        builder.add(&RouteMatch::any())?;
        for route in half.routes() {
            builder.add(&route.matches)?;
        }
    }
    let mut model = builder.build(authority)?;
    let sets = model.sets.clone();
    let (of_base, of_head) = sets.split_at(base.routes().len() + 1);
    let base_parts = partition(&mut model.space, of_base, before)?;
    let head_parts = partition(&mut model.space, of_head, after)?;
    let mut compared = Compared::default();
    for (was, base_set) in &base_parts.parts {
        for (is, head_set) in &head_parts.parts {
            if was == is {
                continue;
            }
            let both = model.space.and(*base_set, *head_set)?;
            if both.is_empty() {
                continue;
            }
            let certain = model.certain(both)?;
            let Some((point, request)) = model.witness(certain) else {
                compared.unknown.extend(model.unknowns(both));
                continue;
            };
            let Some(point) = model.space.locate(&point) else { continue };
            let taker = |parts: &Partition, count: usize| taker(&model.space, parts, count, &point);
            compared.regions.push(Region {
                before: was.clone(),
                after: is.clone(),
                base_route: taker(&base_parts, base.routes().len()),
                head_route: taker(&head_parts, head.routes().len()),
                request,
            });
        }
    }
    Ok(compared)
}

/// The requests of each behaviour of one side. `sets` begins with what the virtual host lets through.
fn partition(
    space: &mut meshc_predicate::Space,
    sets: &[Set],
    behaviours: &[Behaviour],
) -> Result<Partition, Error> {
    let (through, routes) = match sets.split_first() {
        Some((through, routes)) => (*through, routes),
        None => (Set::ALL, sets),
    };
    let first = space.first_match(routes)?;
    let mut parts: Vec<(Behaviour, Set)> = Vec::new();
    let unmatched = space.and(first.unmatched(), through)?;
    let reached = (0..routes.len()).map(|index| first.reach(index)).chain([unmatched]);
    let with_sets: Vec<(Behaviour, Set)> =
        behaviours.iter().cloned().zip(reached).chain([(Behaviour::require_tls(), !through)]).collect();
    for (behaviour, set) in with_sets {
        if set.is_empty() {
            continue;
        }
        match parts.iter_mut().find(|(known, _)| *known == behaviour) {
            Some((_, all)) => *all = space.or(*all, set)?,
            None => parts.push((behaviour, set)),
        }
    }
    Ok(Partition { first, parts })
}

fn taker(space: &meshc_predicate::Space, parts: &Partition, count: usize, point: &Point) -> Option<usize> {
    (0..count).find(|&index| space.contains(parts.first.reach(index), point))
}
