//! The requests to a pair of virtual hosts that are treated differently, as sets: the routes of both sides stand in
//! one space, and every region of requests with one behaviour before and another after is looked at.

use meshc_diagnostics::WitnessRequest;
use meshc_effective::model::{Action, Proxy, Route, VirtualHost};
use meshc_predicate::{Error, Limits, Set, Space};

use super::behaviour::Behaviour;
use super::hosts::Pair;
use crate::requests::hosts::Domains;
use crate::requests::{ModelBuilder, Partition, Taker};

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
        && (base.routes.same(&head.routes)
            || base.routes.iter().zip(&head.routes).all(|(a, b)| {
                a.matches == b.matches
                    && a.action == b.action
                    && a.headers == b.headers
                    && a.fault == b.fault
                    && a.cors == b.cors
            }))
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
    domains: &Domains<'_>,
) -> Compared {
    match regions(base, head, pair, behaviours, domains, &Limits::default()) {
        Ok(compared) => compared,
        Err(error) => Compared { regions: Vec::new(), unknown: vec![error.to_string()] },
    }
}

/// A side in the common space: for each behaviour, the requests that it gets.
struct Parts {
    partition: Partition,
    /// Each behaviour once, with its requests.
    parts: Vec<(Behaviour, Set)>,
}

fn regions(
    base: Half<'_>,
    head: Half<'_>,
    pair: &Pair,
    (before, after): (&[Behaviour], &[Behaviour]),
    domains: &Domains<'_>,
    limits: &Limits,
) -> Result<Compared, Error> {
    let routes = base.routes().iter().chain(head.routes());
    let found = ModelBuilder::to(head.proxy.reader(), (domains, &pair.domains), routes, limits)?;
    // Otherwise no request leads here.
    let Some((mut builder, authority)) = found else { return Ok(Compared::default()) };
    builder.add_host(base.host)?;
    builder.add_host(head.host)?;
    let mut model = builder.build(authority)?;
    let sets = model.sets.clone();
    let (of_base, of_head) = sets.split_at(Partition::sets(base.host));
    let base_parts = parts(&mut model.space, of_base, before)?;
    let head_parts = parts(&mut model.space, of_head, after)?;
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
            compared.regions.push(Region {
                before: was.clone(),
                after: is.clone(),
                base_route: base_parts.partition.route_at(&model.space, &point),
                head_route: head_parts.partition.route_at(&model.space, &point),
                request,
            });
        }
    }
    Ok(compared)
}

/// The requests of each behaviour of one side.
fn parts(space: &mut Space, sets: &[Set], behaviours: &[Behaviour]) -> Result<Parts, Error> {
    let partition = Partition::new(space, sets)?;
    let mut parts: Vec<(Behaviour, Set)> = Vec::new();
    for (taker, set) in partition.parts().filter(|(_, set)| !set.is_empty()).collect::<Vec<_>>() {
        let behaviour = match taker {
            Taker::Route(index) => behaviours.get(index).cloned(),
            Taker::Nobody => Some(Behaviour::not_found()),
            Taker::Https => Some(Behaviour::require_tls()),
        };
        let Some(behaviour) = behaviour else { continue };
        match parts.iter_mut().find(|(known, _)| *known == behaviour) {
            Some((_, all)) => *all = space.or(*all, set)?,
            None => parts.push((behaviour, set)),
        }
    }
    Ok(Parts { partition, parts })
}
