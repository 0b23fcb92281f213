//! Virtual hosts, routes, redirects, rewrites, weights, retries, timeouts.

use std::collections::BTreeMap;
use std::time::Duration;

use http::{HeaderMap, StatusCode};
use serde_json::json;

use super::{ask, http, with_hosts, with_routes};
use crate::{Action, Failure, Matched, RetryOn, RetryPolicy, Snapshot};

#[test]
fn the_most_specific_domain_wins() {
    let host = |name: &str, domains: &[&str]| json!({"name": name, "domains": domains, "routes": [{"match": {"prefix": ""}, "route": {"cluster": "c"}}]});
    let snapshot = with_hosts(&json!([
        host("all", &["*"]),
        host("com", &["*.com"]),
        host("example", &["*.example.com", "*-bar.com"]),
        host("exact", &["WWW.example.com"]),
        host("port", &["www.example.com:8080"]),
        host("prefix", &["shop.*"]),
        host("longer", &["shop.internal.*"]),
    ]))
    .unwrap();
    for (authority, expected) in [
        ("GET www.Example.com /", "exact"),
        ("GET www.example.com:8080 /", "port"),
        ("GET www.example.com:81 /", "all"),
        ("GET a.example.com /", "example"),
        ("GET .example.com /", "com"),
        ("GET foo-bar.com /", "example"),
        ("GET a.com /", "com"),
        ("GET shop.internal.x /", "longer"),
        ("GET shop.x /", "prefix"),
        ("GET shop. /", "all"),
        ("GET other /", "all"),
    ] {
        assert_eq!(
            ask(authority, &[]).route(&snapshot).as_deref(),
            Some(&*format!("{expected}/")),
            "{authority}"
        );
    }
}

#[test]
fn the_first_route_that_matches_is_taken() {
    let to = json!({"cluster": "c"});
    let snapshot = with_routes(&json!([
        {"name": "exact", "match": {"path": "/a"}, "route": to},
        {"name": "segments", "match": {"path_separated_prefix": "/b"}, "route": to},
        {"name": "regex", "match": {"safe_regex": {"regex": "/c\\d"}}, "route": to},
        {"name": "fold", "match": {"prefix": "/D", "case_sensitive": false}, "route": to},
        {"name": "prefix", "match": {"prefix": "/a"}, "route": to, "stat_prefix": "counted"},
    ]))
    .unwrap();
    for (line, expected) in [
        ("GET h /a?q", Some("all/exact")),
        ("GET h /ab", Some("all/prefix")),
        ("GET h /b/c", Some("all/segments")),
        ("GET h /b", Some("all/segments")),
        ("GET h /bc", None),
        ("GET h /c1?x", Some("all/regex")),
        ("GET h /c12", None),
        ("GET h /d", Some("all/fold")),
    ] {
        assert_eq!(ask(line, &[]).route(&snapshot).as_deref(), expected, "{line}");
    }
}

fn action<'a>(snapshot: &'a Snapshot, line: &'static str) -> (&'a Action, usize) {
    let asked = ask(line, &[]);
    match http(snapshot).routes.as_ref().unwrap().find(&asked.view(), 0, "http", false) {
        Some(Matched::Route { route, covered, .. }) => (&route.action, covered),
        other => panic!("{other:?}"),
    }
}

#[test]
fn redirects_lead_where_envoys_do() {
    for (redirect, line, expected) in [
        (json!({"path_redirect": "/x"}), "GET h:80 /a?q=1", "http://h:80/x?q=1"),
        (json!({"path_redirect": "/x?y"}), "GET h /a?q=1", "http://h/x?y"),
        (json!({"host_redirect": "o", "port_redirect": 8080}), "GET h:80 /a", "http://o:8080/a"),
        (json!({"https_redirect": true}), "GET h:80 /a", "https://h/a"),
        (json!({"https_redirect": true}), "GET h:81 /a", "https://h:81/a"),
        (json!({"port_redirect": 1}), "GET [::1]:80 /a", "http://[::1]:1/a"),
        (json!({"path_redirect": "x", "strip_query": true}), "GET h /a?q", "http://h/x"),
        (json!({"scheme_redirect": "ftp"}), "GET h /a", "ftp://h/a"),
    ] {
        let snapshot = with_routes(&json!([{"match": {"prefix": "/"}, "redirect": redirect}])).unwrap();
        let (Action::Redirect(redirect), _) = action(&snapshot, line) else { panic!("{line}") };
        assert_eq!(redirect.location(&ask(line, &[]).view(), "http"), expected, "{line}");
    }
}

#[test]
fn rewrites_change_what_the_match_covers() {
    let forward = |matches: serde_json::Value, rewrite: serde_json::Value| {
        let mut to = json!({"cluster": "c"});
        to.as_object_mut().unwrap().extend(rewrite.as_object().unwrap().clone());
        with_routes(&json!([{"match": matches, "route": to}])).unwrap()
    };
    let regex =
        json!({"regex_rewrite": {"pattern": {"regex": "^/(\\w+)/(\\w+)"}, "substitution": "/\\2/\\1"}});
    for (snapshot, line, expected) in [
        (forward(json!({"prefix": "/a"}), json!({"prefix_rewrite": "/b"})), "GET h /a/x?q", Some("/b/x?q")),
        (forward(json!({"path": "/a"}), json!({"prefix_rewrite": "/b"})), "GET h /a?q", Some("/b?q")),
        (
            forward(json!({"safe_regex": {"regex": "/a.*"}}), json!({"prefix_rewrite": "/b"})),
            "GET h /abc?q",
            Some("/b?q"),
        ),
        (forward(json!({"prefix": "/"}), regex), "GET h /a/b/c?q=/x/y", Some("/b/a/c?q=/x/y")),
        (forward(json!({"prefix": "/"}), json!({})), "GET h /a", None),
    ] {
        let (Action::Forward(forward), covered) = action(&snapshot, line) else { panic!("{line}") };
        let path = line.rsplit(' ').next().unwrap();
        assert_eq!(forward.rewrite.apply(path, covered).as_deref(), expected, "{line}");
    }
}

#[test]
fn weights_share_requests_out() {
    let snapshot =
        with_routes(&json!([{"match": {"prefix": "/"}, "route": {"weighted_clusters": {"clusters": [
            {"name": "c", "weight": 3}, {"name": "c", "weight": 0}, {"name": "c", "weight": 7}
        ]}}}]))
        .unwrap();
    let (Action::Forward(forward), _) = action(&snapshot, "GET h /") else { panic!("no forward") };
    let mut counts = BTreeMap::new();
    for random in 0..100 {
        let chosen = std::ptr::from_ref(forward.choose(random));
        let index =
            forward.destinations.iter().position(|destination| std::ptr::eq(destination, chosen)).unwrap();
        *counts.entry(index).or_insert(0) += 1;
    }
    assert_eq!(counts, BTreeMap::from([(0, 30), (2, 70)]));
}

#[test]
fn retries_and_timeouts_follow_the_policy() {
    let snapshot = with_routes(&json!([{"match": {"prefix": "/"}, "route": {"cluster": "c", "max_grpc_timeout": "2s",
        "retry_policy": {"retry_on": "gateway-error,retriable-4xx,retriable-status-codes,unavailable,connect-failure", "retriable_status_codes": [418]}}}]))
    .unwrap();
    let (Action::Forward(forward), _) = action(&snapshot, "GET h /") else { panic!("no forward") };
    let retry = forward.retry.as_ref().unwrap();
    let headers = HeaderMap::new();
    let wants =
        |status: u16| retry.retries_response(retry.on, &[], StatusCode::from_u16(status).unwrap(), &headers);
    assert_eq!(
        [500, 502, 503, 504, 409, 418, 404, 200].map(wants),
        [false, true, true, true, true, true, false, false]
    );
    let mut grpc = HeaderMap::new();
    grpc.insert("grpc-status", "14".parse().unwrap());
    assert!(retry.retries_response(retry.on, &[], StatusCode::OK, &grpc));
    assert!(RetryPolicy::retries_failure(retry.on, Failure::Reset));
    let (connect, _) = RetryOn::parse("connect-failure");
    assert!(RetryPolicy::retries_failure(connect, Failure::Connect));
    assert!(!RetryPolicy::retries_failure(connect, Failure::Reset));

    assert_eq!(forward.timeouts.of(&headers, false), Duration::from_secs(15));
    let mut asks = HeaderMap::new();
    asks.insert("grpc-timeout", "500m".parse().unwrap());
    assert_eq!(forward.timeouts.of(&asks, true), Duration::from_millis(500));
    asks.insert("grpc-timeout", "1H".parse().unwrap());
    assert_eq!(forward.timeouts.of(&asks, true), Duration::from_secs(2));
}
