//! Small meshes as values: what a mesh says, apart from how it is written.

use crate::dice::Dice;

/// A mesh of three services and a gateway.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Model {
    pub(crate) services: Vec<Service>,
    pub(crate) routings: Vec<Routing>,
    pub(crate) rules: Vec<Rule>,
    pub(crate) policies: Vec<Policy>,
    pub(crate) modes: Vec<Mode>,
    pub(crate) entry: Entry,
    pub(crate) registry_only: bool,
    /// Who may be reached from the namespace of the first two services; everyone without it.
    pub(crate) sidecar: Option<Vec<usize>>,
}

/// `s0`, `s1` in `shop`, `s2` in `depot`; port 8080.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Service {
    /// Pods of v1 and v2.
    pub(crate) replicas: [u32; 2],
    pub(crate) account: &'static str,
}

/// A VirtualService of the mesh for one service.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Routing {
    pub(crate) host: usize,
    pub(crate) routes: Vec<Route>,
}

/// What a route asks of the header.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Asked {
    /// This value.
    Exactly(&'static str),
    /// That it is not there.
    Absent,
}

impl Asked {
    /// A value in so many of a hundred cases, else that there is none.
    pub(crate) fn any(percent: u32, dice: &mut Dice) -> Self {
        dice.maybe(percent, |dice| dice.pick(VALUES)).map_or(Self::Absent, Self::Exactly)
    }
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Route {
    pub(crate) path: Option<(&'static str, &'static str)>,
    /// What is asked of the header.
    pub(crate) header: Option<Asked>,
    pub(crate) method: Option<&'static str>,
    pub(crate) act: Act,
    pub(crate) timeout_ms: Option<u32>,
    pub(crate) attempts: Option<u32>,
    pub(crate) set: Option<&'static str>,
    pub(crate) rewrite: Option<&'static str>,
    /// In percent, with a status.
    pub(crate) abort: Option<(u32, u32)>,
    pub(crate) delay_ms: Option<u32>,
    pub(crate) mirror: Option<usize>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Act {
    /// Service, subset, weight.
    To(Vec<(usize, Option<usize>, u32)>),
    Redirect(&'static str),
    Direct(u32),
}

/// A DestinationRule.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Rule {
    pub(crate) host: usize,
    /// The versions that the subsets v1 and v2 stand for.
    pub(crate) subsets: Vec<usize>,
    pub(crate) balancer: Option<&'static str>,
    pub(crate) pending: Option<u32>,
    pub(crate) errors: Option<u32>,
    pub(crate) tls: Option<&'static str>,
}

/// An AuthorizationPolicy.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Policy {
    /// The service whose pods it selects; all of `shop` without one.
    pub(crate) on: Option<usize>,
    pub(crate) deny: bool,
    pub(crate) asks: Vec<Ask>,
}

/// One of its rules.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Ask {
    pub(crate) caller: Option<usize>,
    pub(crate) path: Option<&'static str>,
    pub(crate) method: Option<&'static str>,
}

/// A PeerAuthentication.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Mode {
    pub(crate) on: Option<usize>,
    pub(crate) mode: &'static str,
}

/// A Gateway with its VirtualService.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Entry {
    pub(crate) hosts: Vec<&'static str>,
    pub(crate) routes: Vec<Route>,
}

pub(crate) const PATHS: &[(&str, &str)] = &[
    ("prefix", "/a"),
    ("prefix", "/a/"),
    ("exact", "/a"),
    ("exact", "/a/b"),
    ("regex", "/a(/.*)?"),
    ("regex", "/[ab]/.*"),
    ("prefix", "/b"),
    ("prefix", "/"),
];
pub(crate) const HOSTS: &[&str] = &["shop.example.com", "api.example.com", "*.example.com"];
pub(crate) const MODES: &[&str] = &["STRICT", "PERMISSIVE", "DISABLE"];
pub(crate) const BALANCERS: &[&str] = &["RANDOM", "ROUND_ROBIN", "LEAST_REQUEST"];
pub(crate) const VALUES: &[&str] = &["1", "2"];
pub(crate) const METHODS: &[&str] = &["GET", "POST"];

impl Model {
    pub(crate) fn generate(dice: &mut Dice) -> Self {
        let services = (0..3)
            .map(|at| Service { replicas: [1, dice.below(2)], account: ["zero", "one", "two"][at] })
            .collect();
        let rules: Vec<Rule> = (0..3)
            .map(|host| Rule {
                host,
                subsets: vec![0, 1],
                balancer: dice.maybe(30, |dice| dice.pick(BALANCERS)),
                pending: dice.maybe(30, |dice| 1 + dice.below(100)),
                errors: dice.maybe(30, |dice| 1 + dice.below(9)),
                tls: None,
            })
            .collect();
        let routings = (0..3)
            .filter(|_| dice.below(100) < 75)
            .collect::<Vec<usize>>()
            .into_iter()
            .map(|host| Routing { host, routes: routes(dice, host) })
            .collect();
        let policies = (0..dice.below(3)).map(|_| policy(dice)).collect();
        let modes = dice.maybe(60, mode).into_iter().collect();
        let first = dice.pick(HOSTS);
        let entry = Entry { hosts: vec![first], routes: routes(dice, 0) };
        let sidecar = dice.maybe(15, |_| vec![0, 1]);
        Self { services, routings, rules, policies, modes, entry, registry_only: dice.below(4) == 0, sidecar }
    }
}

pub(crate) fn routes(dice: &mut Dice, host: usize) -> Vec<Route> {
    (0..=dice.below(4)).map(|_| route(dice, host)).collect()
}

pub(crate) fn route(dice: &mut Dice, host: usize) -> Route {
    let act = act(dice, host);
    let forwards = matches!(act, Act::To(_));
    let some = |chance: u32| if forwards { chance } else { 0 };
    Route {
        path: dice.maybe(65, |dice| dice.pick(PATHS)),
        header: dice.maybe(30, |dice| Asked::any(70, dice)),
        method: dice.maybe(20, |dice| dice.pick(METHODS)),
        timeout_ms: dice.maybe(some(35), |dice| 1000 * (1 + dice.below(3))),
        attempts: dice.maybe(some(30), |dice| dice.below(4)),
        set: dice.maybe(some(25), |dice| dice.pick(&["blue", "red"])),
        rewrite: dice.maybe(some(15), |dice| dice.pick(&["/x", "/y"])),
        abort: dice.maybe(some(12), |dice| (dice.pick(&[10, 50, 100]), dice.pick(&[500, 503]))),
        delay_ms: dice.maybe(some(10), |dice| dice.pick(&[100, 200])),
        mirror: dice.maybe(some(12), |dice| dice.at(3)),
        act,
    }
}

pub(crate) fn act(dice: &mut Dice, host: usize) -> Act {
    match dice.below(10) {
        0 => Act::Redirect(dice.pick(&["/elsewhere", "/new"])),
        1 => Act::Direct(dice.pick(&[403, 418])),
        2..5 => Act::To(vec![(host, Some(0), 1 + dice.below(3)), (host, Some(1), 1 + dice.below(3))]),
        5 => Act::To(vec![(dice.at(3), None, 1)]),
        _ => Act::To(vec![(host, dice.maybe(80, |dice| dice.at(2)), 1)]),
    }
}

pub(crate) fn policy(dice: &mut Dice) -> Policy {
    let asks = (0..=dice.below(2)).map(|_| ask(dice)).collect();
    Policy { on: dice.maybe(70, |dice| dice.at(3)), deny: dice.below(2) == 0, asks }
}

pub(crate) fn ask(dice: &mut Dice) -> Ask {
    Ask {
        caller: dice.maybe(60, |dice| dice.at(3)),
        path: dice.maybe(50, |dice| dice.pick(&["/a", "/a/*", "/b*", "*/b"])),
        method: dice.maybe(40, |dice| dice.pick(METHODS)),
    }
}

pub(crate) fn mode(dice: &mut Dice) -> Mode {
    Mode { on: dice.maybe(50, |dice| dice.at(3)), mode: dice.pick(MODES) }
}
