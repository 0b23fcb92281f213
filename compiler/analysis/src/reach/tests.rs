//! Reachability on hand-made route tables.

use std::fmt::Write as _;
use std::sync::Arc;

use meshc_effective::model::{
    Action, DirectResponse, HeaderCondition, HeaderMatch, HeaderOps, PathMatch, ProxyKind, QueryCondition,
    QueryMatch, Route, RouteMatch, RouteTable, StringMatch, VirtualHost,
};

use super::{Reachable, RouteReach, reachability};

fn matching(path: PathMatch, headers: Vec<HeaderMatch>, query: Vec<QueryMatch>) -> RouteMatch {
    RouteMatch { path, case_sensitive: true, is_written: true, headers, query, metadata: Vec::new() }
}

fn path(path: PathMatch) -> RouteMatch {
    matching(path, Vec::new(), Vec::new())
}

fn prefix(text: &str) -> RouteMatch {
    path(PathMatch::Prefix(text.to_owned()))
}

fn header(name: &str, condition: HeaderCondition, invert: bool) -> HeaderMatch {
    HeaderMatch {
        name: name.to_owned(),
        condition,
        invert,
        treat_missing_as_empty: invert,
        ignore_case: false,
    }
}

fn exactly(name: &str, value: &str) -> HeaderMatch {
    header(name, HeaderCondition::Value(StringMatch::Exact(value.to_owned())), false)
}

fn table(domains: &[&str], matches: Vec<RouteMatch>) -> RouteTable {
    let route = |matches| Route {
        name: None,
        matches,
        action: Action::DirectResponse(DirectResponse { status: 200, body: None }),
        headers: HeaderOps::default(),
        fault: None,
        cors: None,
        decorator: None,
        config: None,
        stat_prefix: None,
        origins: Vec::new(),
    };
    let host = VirtualHost {
        name: "host".to_owned(),
        domains: domains.iter().map(|d| (*d).to_owned()).collect(),
        routes: matches.into_iter().map(route).collect(),
        include_attempt_count: false,
        require_tls: false,
        origins: Vec::new(),
    };
    RouteTable { name: "80".to_owned(), virtual_hosts: vec![Arc::new(host)], ignore_port_in_host: true }
}

fn reach(matches: Vec<RouteMatch>) -> Vec<RouteReach> {
    reachability(&table(&["reviews"], matches), 0, ProxyKind::Sidecar.into())
}

fn paths(reached: &[RouteReach]) -> Vec<Option<&str>> {
    reached.iter().map(|r| r.witness.as_ref().map(|w| w.path.as_str())).collect()
}

#[test]
fn a_prefix_hides_what_is_below_it() {
    let found = reach(vec![prefix("/api"), prefix("/api/v2/"), prefix("/")]);
    assert_eq!(paths(&found), [Some("/api"), None, Some("/")]);
    assert_eq!(found[1].hidden_by, [0]);
    assert_eq!(found[1].hidden_request.as_ref().map(|r| r.path.as_str()), Some("/api/v2/"));
    assert_eq!(
        found[0].witness.as_ref().map(|r| (r.method.as_str(), r.authority.as_str())),
        Some(("GET", "reviews"))
    );
}

#[test]
fn several_routes_hide_one_together() {
    let version = |invert| header("x-version", HeaderCondition::Present, invert);
    let mut without = version(true);
    without.treat_missing_as_empty = false;
    let found = reach(vec![
        matching(PathMatch::any(), vec![version(false)], Vec::new()),
        prefix("/other"),
        matching(PathMatch::any(), vec![without], Vec::new()),
        prefix("/api"),
    ]);
    assert_eq!(found[3].reachable, Reachable::No);
    assert_eq!(found[3].hidden_by, [0, 2]);
}

#[test]
fn a_regex_is_compared_with_a_prefix() {
    let found = reach(vec![
        path(PathMatch::Regex("/v[0-9]+(/.*)?".to_owned())),
        path(PathMatch::PathSeparatedPrefix("/v2".to_owned())),
        path(PathMatch::Prefix("/v2".to_owned())),
    ]);
    assert_eq!(found[1].hidden_by, [0]);
    assert_eq!(found[2].reachable, Reachable::Yes, "/v2x");
}

#[test]
fn a_path_that_normalisation_never_gives_is_impossible() {
    let found =
        reach(vec![path(PathMatch::Exact("/a/../b".to_owned())), path(PathMatch::Prefix("/a?b".to_owned()))]);
    assert!(found.iter().all(RouteReach::is_impossible), "{found:?}");
}

#[test]
fn the_authority_is_one_of_the_hosts_domains() {
    let authority = |value: &str| matching(PathMatch::any(), vec![exactly(":authority", value)], Vec::new());
    let found = reach(vec![authority("ratings"), authority("reviews:9080"), authority("REVIEWS")]);
    assert!(found[0].is_impossible());
    assert_eq!(found[1].witness.as_ref().map(|w| w.authority.as_str()), Some("reviews:9080"));
    assert_eq!(found[2].reachable, Reachable::Yes);
}

#[test]
fn query_parameters_and_headers_stand_in_the_witness() {
    let sort = QueryMatch {
        name: "sort".to_owned(),
        condition: QueryCondition::Value(StringMatch::Exact("price".to_owned())),
    };
    let found = reach(vec![
        matching(PathMatch::Exact("/search".to_owned()), vec![exactly("X-App-Version", "v2")], vec![sort]),
        matching(PathMatch::any(), vec![exactly("upgrade", "websocket")], Vec::new()),
        matching(PathMatch::any(), vec![exactly(":method", "BREW")], Vec::new()),
    ]);
    let witness = found[0].witness.as_ref().expect("reachable");
    assert_eq!(witness.path, "/search?sort=price");
    assert_eq!(witness.headers.get("x-app-version").map(String::as_str), Some("v2"));
    assert!(found[1].is_impossible(), "Envoy drops the header of a connection");
    assert!(found[2].is_impossible(), "no such method");
}

#[test]
fn an_inverted_condition_holds_for_absent_headers_only_where_they_count_as_empty() {
    let not_v2 = |missing| HeaderMatch {
        treat_missing_as_empty: missing,
        ..header("v", HeaderCondition::Value(StringMatch::Exact("v2".to_owned())), true)
    };
    let found = reach(vec![matching(PathMatch::any(), vec![not_v2(false)], Vec::new())]);
    assert!(found[0].witness.as_ref().is_some_and(|w| w.headers.contains_key("v")));
    let found = reach(vec![matching(PathMatch::any(), vec![not_v2(true)], Vec::new())]);
    assert!(found[0].witness.as_ref().is_some_and(|w| w.headers.is_empty()));
}

#[test]
fn what_is_too_hard_is_unknown_and_says_why() {
    let found = reach(vec![
        path(PathMatch::Regex("/((a|b)*a(a|b){900}|x)".to_owned())),
        path(PathMatch::Regex("/(((a{90}b){90}c){90}d)*".to_owned())),
        path(PathMatch::Regex("/(?!x)".to_owned())),
        prefix("/api"),
    ]);
    assert!(
        matches!(&found[0].reachable, Reachable::Unknown(why) if why.contains("too hard")),
        "{:?}",
        found[0]
    );
    assert!(
        matches!(&found[2].reachable, Reachable::Unknown(why) if why.contains("(?!x)")),
        "{:?}",
        found[2]
    );
}

#[test]
fn a_host_that_redirects_to_https_lets_through_what_came_over_https() {
    let mut table = table(&["*"], vec![RouteMatch::any()]);
    let mut host = (*table.virtual_hosts[0]).clone();
    host.require_tls = true;
    table.virtual_hosts = vec![Arc::new(host)];
    let found = reachability(&table, 0, ProxyKind::Gateway.into());
    let witness = found[0].witness.as_ref().expect("reachable");
    assert_eq!(witness.headers.get("x-forwarded-proto").map(String::as_str), Some("https"));
}

/// Expressions whose automata have exponentially many states, or which multiply with each other: the answer is exact or
/// it is unknown and names the expression, and what is made for it is bounded. What is counted is the same everywhere; a
/// state costs less than a microsecond.
#[test]
fn hostile_expressions_cost_no_more_than_they_may() {
    let regex = |text: String| path(PathMatch::Regex(text));
    let worlds: Vec<(&str, Vec<RouteMatch>)> = vec![
        ("one letter many places before the end", vec![regex("/(a|b)*a(a|b){60}".to_owned())]),
        ("counted repetitions of repetitions", vec![regex("/((a{1,30}){1,30}b)*".to_owned())]),
        ("everything anywhere", vec![regex(format!("/{}", ".*x.*y".repeat(40)))]),
        ("many that hold together", (0..60).map(|n| regex(format!("/.*k{n}.*(p|q){{{n}}}.*"))).collect()),
        ("many letters before the end", (1..40).map(|n| regex(format!("/.*z.{{{n}}}"))).collect()),
    ];
    let mut told = String::new();
    for (name, mut matches) in worlds {
        matches.push(prefix("/"));
        let found = reach(matches.clone());
        let mut unknown = 0;
        for (index, one) in found.iter().enumerate() {
            match &one.reachable {
                Reachable::Unknown(why) => {
                    assert!(why.contains("regular expression \"/"), "{name}: route {index}: {why}");
                    unknown += 1;
                }
                Reachable::Yes => assert!(one.witness.is_some(), "{name}: route {index}"),
                Reachable::No => assert!(!one.hidden_by.is_empty(), "{name}: route {index}"),
            }
        }
        let (states, steps) = work(&matches);
        let routes = matches.len();
        let _ = writeln!(
            told,
            "{name}: {states} states and {steps} steps for {routes} routes, {unknown} unknown"
        );
    }
    insta::assert_snapshot!(told);
}

/// The states and steps that are made for the routes of a host.
fn work(matches: &[RouteMatch]) -> (usize, usize) {
    let reader = meshc_effective::model::Reader::from(ProxyKind::Sidecar);
    let (any, limits) = (meshc_predicate::Language::any(), meshc_predicate::Limits::default());
    let mut builder = crate::requests::ModelBuilder::new(reader, any, &limits).expect("a universe");
    for one in matches {
        builder.add(one).expect("RE2 reads it");
    }
    let mut model = builder.build("example.com".to_owned()).expect("within the limits");
    let sets = model.sets.clone();
    model.space.first_match(&sets).expect("within the limits");
    (model.space.states_made(), model.space.diagram_steps())
}
