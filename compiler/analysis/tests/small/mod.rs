//! Small worlds by chance: a route table whose conditions speak of few letters, and every request over those letters.

mod chance;
mod enumerated;
mod requests;
mod world;

use std::sync::Arc;

use meshc_effective::model::{
    Action, DirectResponse, HeaderCondition, HeaderMatch, HeaderOps, PathMatch, QueryCondition, QueryMatch,
    Route, RouteMatch, RouteTable, StringMatch, VirtualHost,
};

pub(crate) use chance::Chance;
pub(crate) use enumerated::Enumerated;
pub(crate) use requests::requests;
pub(crate) use world::World;

const TEXTS: [&str; 12] = ["/", "/a", "/b", "/a/", "/aa", "/ab", "/a/b", "/b/", "/A", "/a/a", "/ba", "/a/b/"];
const PATTERNS: [&str; 14] = [
    "/a.*",
    "/(a|b)",
    "/[ab]/.*",
    "/a(/.*)?",
    ".*",
    "/.*b",
    "/a{1,2}",
    "/[^/]*",
    "/[^/]*/[^/]*",
    "(?i)/a",
    "/(aa|ab|a/.*)",
    ".*/",
    "/b+",
    "/.{2,3}",
];
const VALUES: [&str; 5] = ["", "1", "2", "12", "21"];
const VALUE_PATTERNS: [&str; 5] = ["1|2", "1.*", ".*", "[12]+", "2?"];
/// The domains of the virtual hosts; each stands once.
const DOMAINS: [&str; 6] = ["a.x", "*.x", "a.*", "b.x", "*", "*.a.x"];

/// The same table with one route changed, added or taken away, or two that changed places.
pub(crate) fn edited(table: &RouteTable, chance: &mut Chance) -> RouteTable {
    let mut table = table.clone();
    let at = chance.below(table.virtual_hosts.len());
    let host = Arc::make_mut(&mut table.virtual_hosts[at]);
    let mut routes = host.routes.to_vec();
    let place = chance.below(routes.len());
    match chance.below(4) {
        0 => routes[place] = route("new".to_owned(), chance),
        1 => routes.insert(place, route("new".to_owned(), chance)),
        2 => drop(routes.remove(place)),
        _ => {
            let other = chance.below(routes.len());
            routes.swap(place, other);
        }
    }
    host.routes = routes.into();
    table
}

/// A table of up to three virtual hosts with up to seven routes each.
pub(crate) fn table(chance: &mut Chance) -> RouteTable {
    let mut domains: Vec<&str> = DOMAINS.to_vec();
    let count = 1 + chance.below(3);
    let hosts = (0..count).map(|number| {
        let taken = 1 + chance.below(2);
        let own = (0..taken).map(|_| domains.remove(chance.below(domains.len())).to_owned()).collect();
        let routes = (0..=chance.below(7)).map(|index| route(format!("h{number}r{index}"), chance)).collect();
        Arc::new(VirtualHost {
            name: format!("host-{number}"),
            domains: own,
            routes,
            include_attempt_count: true,
            require_tls: false,
            origins: Vec::new(),
        })
    });
    RouteTable { name: "9080".to_owned(), virtual_hosts: hosts.collect(), ignore_port_in_host: true }
}

fn route(name: String, chance: &mut Chance) -> Route {
    Route {
        name: Some(name),
        matches: matches(chance),
        action: Action::DirectResponse(DirectResponse { status: 200 + chance.below(3) as u32, body: None }),
        headers: HeaderOps::default(),
        fault: None,
        cors: None,
        decorator: None,
        config: None,
        stat_prefix: None,
        origins: Vec::new(),
    }
}

fn matches(chance: &mut Chance) -> RouteMatch {
    let path = match chance.below(8) {
        0 => PathMatch::any(),
        1 | 2 => PathMatch::Exact(chance.one(&TEXTS).to_owned()),
        3 | 4 => PathMatch::Prefix(chance.one(&TEXTS).to_owned()),
        5 => PathMatch::PathSeparatedPrefix(chance.one(&TEXTS[1..3]).to_owned()),
        _ => PathMatch::Regex(chance.one(&PATTERNS).to_owned()),
    };
    let mut headers = Vec::new();
    for name in ["v", "w"] {
        if chance.below(4) == 0 {
            headers.push(header(name, chance));
        }
    }
    if chance.below(8) == 0 {
        let method = StringMatch::Exact(chance.one(&["GET", "POST"]).to_owned());
        headers.push(plain(":method", HeaderCondition::Value(method)));
    }
    if chance.below(10) == 0 {
        let authority = StringMatch::Prefix(chance.one(&["a", "b", "A"]).to_owned());
        headers.push(HeaderMatch {
            ignore_case: true,
            ..plain(":authority", HeaderCondition::Value(authority))
        });
    }
    let query = (chance.below(8) == 0).then(|| QueryMatch {
        name: "q".to_owned(),
        condition: if chance.below(3) == 0 {
            QueryCondition::Present
        } else {
            QueryCondition::Value(value(chance))
        },
    });
    RouteMatch {
        path,
        case_sensitive: chance.below(6) > 0,
        is_written: true,
        headers,
        query: query.into_iter().collect(),
        metadata: Vec::new(),
    }
}

fn plain(name: &str, condition: HeaderCondition) -> HeaderMatch {
    HeaderMatch {
        name: name.to_owned(),
        condition,
        invert: false,
        treat_missing_as_empty: false,
        ignore_case: false,
    }
}

fn header(name: &str, chance: &mut Chance) -> HeaderMatch {
    let condition =
        if chance.below(4) == 0 { HeaderCondition::Present } else { HeaderCondition::Value(value(chance)) };
    let invert = chance.below(3) == 0;
    let treat_missing_as_empty = invert && condition != HeaderCondition::Present && chance.below(3) > 0;
    HeaderMatch { invert, treat_missing_as_empty, ..plain(name, condition) }
}

fn value(chance: &mut Chance) -> StringMatch {
    let text = chance.one(&VALUES).to_owned();
    match chance.below(5) {
        0 | 1 => StringMatch::Exact(text),
        2 => StringMatch::Prefix(text),
        3 => StringMatch::Suffix(text),
        _ => StringMatch::Regex(chance.one(&VALUE_PATTERNS).to_owned()),
    }
}
