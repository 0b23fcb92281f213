//! Changes of routes, and of the VirtualServices that have them.

use super::Mutator;
use crate::dice::Dice;
use crate::model::{self, Act, Asked, Model, Route};

/// Every way to change a route.
pub(super) const ALL: &[Mutator] = &[
    (
        "a route's path",
        |m, d| {
            route(m, d)?.path = d.maybe(85, |d| d.pick(model::PATHS));
            Some(())
        },
        &[],
        None,
    ),
    (
        "a route's header",
        |m, d| {
            route(m, d)?.header = d.maybe(70, |d| Asked::any(60, d));
            Some(())
        },
        &[],
        None,
    ),
    (
        "a route's method",
        |m, d| {
            route(m, d)?.method = d.maybe(70, |d| d.pick(model::METHODS));
            Some(())
        },
        &[],
        None,
    ),
    (
        "a route's end",
        |m, d| {
            let host = d.at(3);
            route(m, d)?.act = model::act(d, host);
            Some(())
        },
        &[],
        None,
    ),
    (
        "a route's weights",
        |m, d| {
            let route = forwarding(m, d)?;
            let Act::To(targets) = &mut route.act else { return None };
            let at = d.at(targets.len());
            targets.get_mut(at)?.2 += 1 + d.below(3);
            Some(())
        },
        &[],
        None,
    ),
    (
        "a route's subset",
        |m, d| {
            let route = forwarding(m, d)?;
            let Act::To(targets) = &mut route.act else { return None };
            let at = d.at(targets.len());
            targets.get_mut(at)?.1 = d.maybe(80, |d| d.at(2));
            Some(())
        },
        &[],
        None,
    ),
    (
        "a route's timeout",
        |m, d| {
            forwarding(m, d)?.timeout_ms = d.maybe(80, |d| 1000 * (1 + d.below(5)));
            Some(())
        },
        &[],
        None,
    ),
    (
        "a route's retries",
        |m, d| {
            forwarding(m, d)?.attempts = d.maybe(80, |d| d.below(5));
            Some(())
        },
        &[],
        None,
    ),
    (
        "a route's header operation",
        |m, d| {
            forwarding(m, d)?.set = d.maybe(70, |d| d.pick(&["blue", "red", "green"]));
            Some(())
        },
        &[],
        None,
    ),
    (
        "a route's rewrite",
        |m, d| {
            forwarding(m, d)?.rewrite = d.maybe(70, |d| d.pick(&["/x", "/y", "/"]));
            Some(())
        },
        &[],
        None,
    ),
    (
        "a route's abort",
        |m, d| {
            forwarding(m, d)?.abort = d.maybe(70, |d| (d.pick(&[0, 10, 50, 100]), d.pick(&[500, 503])));
            Some(())
        },
        &[],
        None,
    ),
    (
        "a route's delay",
        |m, d| {
            forwarding(m, d)?.delay_ms = d.maybe(70, |d| d.pick(&[100, 200, 300]));
            Some(())
        },
        &[],
        None,
    ),
    (
        "a route's mirror",
        |m, d| {
            forwarding(m, d)?.mirror = d.maybe(70, |d| d.at(3));
            Some(())
        },
        &[],
        None,
    ),
    (
        "a route that is gone",
        |m, d| {
            let routes = routes(m, d);
            if routes.len() < 2 {
                return None;
            }
            let at = d.at(routes.len());
            routes.remove(at);
            Some(())
        },
        &[],
        None,
    ),
    (
        "a route that is new",
        |m, d| {
            let host = d.at(3);
            let new = model::route(d, host);
            let routes = routes(m, d);
            let at = d.at(routes.len() + 1);
            routes.insert(at, new);
            Some(())
        },
        &[],
        None,
    ),
    (
        "a route that stands twice",
        |m, d| {
            let routes = routes(m, d);
            let at = d.at(routes.len());
            let again = routes.get(at)?.clone();
            let later = at + 1 + d.at(routes.len() - at);
            routes.insert(later, again);
            Some(())
        },
        &[],
        None,
    ),
    (
        "routes that change places",
        |m, d| {
            let routes = routes(m, d);
            if routes.len() < 2 {
                return None;
            }
            let at = d.at(routes.len() - 1);
            routes.swap(at, at + 1);
            Some(())
        },
        &[],
        None,
    ),
    (
        "a VirtualService that is gone",
        |m, d| {
            let at = d.at(m.routings.len());
            (at < m.routings.len()).then(|| drop(m.routings.remove(at)))
        },
        &[],
        None,
    ),
    (
        "a VirtualService of another host",
        |m, d| {
            let free = (0..3).find(|host| m.routings.iter().all(|routing| routing.host != *host))?;
            let at = d.at(m.routings.len());
            m.routings.get_mut(at)?.host = free;
            Some(())
        },
        &[],
        None,
    ),
];

/// The routes of one VirtualService or of the gateway.
fn routes<'m>(model: &'m mut Model, dice: &mut Dice) -> &'m mut Vec<Route> {
    let at = dice.at(model.routings.len() + 1);
    match model.routings.get_mut(at) {
        Some(routing) => &mut routing.routes,
        None => &mut model.entry.routes,
    }
}

fn route<'m>(model: &'m mut Model, dice: &mut Dice) -> Option<&'m mut Route> {
    let routes = routes(model, dice);
    let at = dice.at(routes.len());
    routes.get_mut(at)
}

fn forwarding<'m>(model: &'m mut Model, dice: &mut Dice) -> Option<&'m mut Route> {
    route(model, dice).filter(|route| matches!(route.act, Act::To(_)))
}
