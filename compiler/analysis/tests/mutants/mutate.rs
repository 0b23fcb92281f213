//! Changes of a mesh, one at a time.

use meshc_analysis::Kind;

use crate::dice::Dice;
use crate::model::{self, Act, Asked, Model, Route};

/// A changed mesh.
pub(crate) struct Mutant {
    pub(crate) name: &'static str,
    pub(crate) model: Model,
    /// The kinds without a witness that it may show.
    pub(crate) quiet: &'static [Kind],
    /// One that it must show.
    pub(crate) must: Option<Kind>,
}

/// Of pods that come and go.
const PODS: &[Kind] = &[
    Kind::EndpointsChanged,
    Kind::ProxyAdded,
    Kind::ProxyRemoved,
    Kind::ListenerAdded,
    Kind::ListenerRemoved,
];

/// Of policies: whom a port takes that speaks whatever is spoken, no request shows.
const CHECKS: &[Kind] = &[Kind::NewlyDenied, Kind::NewlyAllowed, Kind::SecurityChanged];

type Mutator = (&'static str, fn(&mut Model, &mut Dice) -> Option<()>, &'static [Kind], Option<Kind>);

/// Every way to change a mesh.
const MUTATORS: &[Mutator] = &[
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
    (
        "a service without pods of one version",
        |m, d| {
            let at = d.at(3);
            m.services.get_mut(at)?.replicas[d.at(2)] = 0;
            Some(())
        },
        PODS,
        None,
    ),
    (
        "a pod more",
        |m, d| {
            let at = d.at(3);
            m.services.get_mut(at)?.replicas[d.at(2)] += 1;
            Some(())
        },
        PODS,
        Some(Kind::ProxyAdded),
    ),
    (
        "a subset of another version",
        |m, d| {
            let at = d.at(m.rules.len());
            let of = d.at(2);
            let subset = m.rules.get_mut(at)?.subsets.get_mut(of)?;
            *subset = 1 - *subset;
            Some(())
        },
        &[Kind::EndpointsChanged],
        None,
    ),
    (
        "a subset that is gone",
        |m, d| {
            let at = d.at(m.rules.len());
            m.rules.get_mut(at)?.subsets.pop().map(drop)
        },
        &[],
        None,
    ),
    (
        "a load balancer",
        |m, d| {
            let rule = m.rules.get_mut(d.at(3))?;
            let new =
                *model::BALANCERS.iter().find(|new| **new != rule.balancer.unwrap_or("LEAST_REQUEST"))?;
            rule.balancer = Some(new);
            Some(())
        },
        &[Kind::ClusterSettingsChanged],
        Some(Kind::ClusterSettingsChanged),
    ),
    (
        "a pool",
        |m, d| {
            let rule = m.rules.get_mut(d.at(3))?;
            rule.pending = Some(rule.pending.unwrap_or(200) + 1);
            Some(())
        },
        &[Kind::ClusterSettingsChanged],
        Some(Kind::ClusterSettingsChanged),
    ),
    (
        "an outlier detection",
        |m, d| {
            let rule = m.rules.get_mut(d.at(3))?;
            rule.errors = Some(rule.errors.unwrap_or(20) + 1);
            Some(())
        },
        &[Kind::ClusterSettingsChanged],
        Some(Kind::ClusterSettingsChanged),
    ),
    (
        "TLS to a service",
        |m, d| {
            // Where the servers take no mutual TLS, none is spoken anyway.
            m.modes.is_empty().then_some(())?;
            m.rules.get_mut(d.at(3))?.tls = Some("DISABLE");
            Some(())
        },
        &[Kind::TlsChanged],
        Some(Kind::TlsChanged),
    ),
    (
        "a policy that is gone",
        |m, d| {
            let at = d.at(m.policies.len());
            (at < m.policies.len()).then(|| drop(m.policies.remove(at)))
        },
        CHECKS,
        None,
    ),
    (
        "a policy that is new",
        |m, d| {
            m.policies.push(model::policy(d));
            Some(())
        },
        CHECKS,
        None,
    ),
    (
        "a policy's action",
        |m, d| {
            let at = d.at(m.policies.len());
            let policy = m.policies.get_mut(at)?;
            policy.deny = !policy.deny;
            Some(())
        },
        CHECKS,
        None,
    ),
    (
        "a policy's rule",
        |m, d| {
            let at = d.at(m.policies.len());
            let policy = m.policies.get_mut(at)?;
            let of = d.at(policy.asks.len());
            *policy.asks.get_mut(of)? = model::ask(d);
            Some(())
        },
        CHECKS,
        None,
    ),
    (
        "a policy's rule that is new",
        |m, d| {
            let at = d.at(m.policies.len());
            let ask = model::ask(d);
            m.policies.get_mut(at)?.asks.push(ask);
            Some(())
        },
        CHECKS,
        None,
    ),
    (
        "a policy's workload",
        |m, d| {
            let at = d.at(m.policies.len());
            m.policies.get_mut(at)?.on = d.maybe(70, |d| d.at(3));
            Some(())
        },
        CHECKS,
        None,
    ),
    (
        "a mode of mutual TLS",
        |m, d| {
            let new = model::mode(d);
            match m.modes.first_mut() {
                Some(mode) => *mode = new,
                None => m.modes.push(new),
            }
            Some(())
        },
        &[
            Kind::NewlyDenied,
            Kind::NewlyAllowed,
            Kind::SecurityChanged,
            Kind::TlsChanged,
            Kind::EndpointsChanged,
            Kind::ListenerChanged,
            Kind::ListenerAdded,
            Kind::ListenerRemoved,
        ],
        None,
    ),
    (
        "a workload's account",
        |m, d| {
            m.services.get_mut(d.at(3))?.account = "other";
            Some(())
        },
        &[Kind::IdentityChanged, Kind::TlsChanged],
        Some(Kind::IdentityChanged),
    ),
    (
        "a host of the gateway",
        |m, d| {
            let host = d.pick(model::HOSTS);
            if m.entry.hosts.contains(&host) {
                if m.entry.hosts.len() < 2 {
                    return None;
                }
                m.entry.hosts.retain(|own| *own != host);
            } else {
                m.entry.hosts.push(host);
            }
            Some(())
        },
        &[],
        None,
    ),
    (
        "what is unknown",
        |m, _| {
            m.registry_only = !m.registry_only;
            Some(())
        },
        &[
            Kind::ListenerChanged,
            Kind::ListenerAdded,
            Kind::ListenerRemoved,
            Kind::TrafficMoved,
            Kind::NewlyReachable,
            Kind::NewlyUnreachable,
        ],
        None,
    ),
    (
        "a Sidecar",
        |m, d| {
            m.sidecar = if m.sidecar.is_some() { None } else { Some(vec![d.at(3)]) };
            Some(())
        },
        &[Kind::ListenerAdded, Kind::ListenerRemoved],
        None,
    ),
];

/// How many ways there are.
pub(crate) fn ways() -> usize {
    MUTATORS.len()
}

/// A mutant by one of the ways; none where the mesh has nothing of the sort.
pub(crate) fn mutate(model: &Model, way: usize, dice: &mut Dice) -> Option<Mutant> {
    let (name, change, quiet, must) = MUTATORS[way % MUTATORS.len()];
    let mut mutant = model.clone();
    change(&mut mutant, dice)?;
    // What came out as it was is no mutant that must show something.
    let must = must.filter(|_| mutant != *model);
    Some(Mutant { name, model: mutant, quiet, must })
}

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
