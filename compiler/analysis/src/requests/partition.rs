//! The requests to a virtual host, cut into those that each of its routes takes and those that none does.

use meshc_effective::model::{RouteMatch, VirtualHost};
use meshc_predicate::{Error, FirstMatch, Point, Set, Space};

use super::ModelBuilder;

/// What takes the requests of a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Taker {
    /// A route, by its place.
    Route(usize),
    /// None: 404.
    Nobody,
    /// The virtual host itself, which tells plaintext requests to use HTTPS.
    Https,
}

/// The parts of one virtual host; each request is in exactly one.
pub(crate) struct Partition {
    pub(crate) first: FirstMatch,
    routes: usize,
    unmatched: Set,
    turned: Set,
}

impl ModelBuilder {
    /// Adds the matches of a virtual host, as many as [`Partition::sets`] says; without one nothing takes any request.
    pub(crate) fn add_host(&mut self, host: Option<&VirtualHost>) -> Result<(), Error> {
        self.require_tls(host.is_some_and(|host| host.require_tls))?;
        // A match of everything, which stands for what the virtual host itself lets through.
        self.add(&RouteMatch::any())?;
        host.into_iter().flat_map(|host| &host.routes).try_for_each(|route| self.add(&route.matches))
    }
}

impl Partition {
    /// How many sets the matches of a virtual host make.
    pub(crate) fn sets(host: Option<&VirtualHost>) -> usize {
        1 + host.map_or(0, |host| host.routes.len())
    }

    /// From the sets that [`ModelBuilder::add_host`] made.
    pub(crate) fn new(space: &mut Space, sets: &[Set]) -> Result<Self, Error> {
        let (through, routes) = match sets.split_first() {
            Some((through, routes)) => (*through, routes),
            None => (Set::ALL, sets),
        };
        let first = space.first_match(routes)?;
        let unmatched = space.and(first.unmatched(), through)?;
        Ok(Self { first, routes: routes.len(), unmatched, turned: !through })
    }

    /// All parts, in the order of the routes; some may be empty.
    pub(crate) fn parts(&self) -> impl Iterator<Item = (Taker, Set)> + '_ {
        let routes = (0..self.routes).map(|index| (Taker::Route(index), self.first.reach(index)));
        routes.chain([(Taker::Nobody, self.unmatched), (Taker::Https, self.turned)])
    }

    /// The route that takes the request at a point.
    pub(crate) fn route_at(&self, space: &Space, point: &Point) -> Option<usize> {
        (0..self.routes).find(|&index| space.contains(self.first.reach(index), point))
    }
}
