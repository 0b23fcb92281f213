//! `meshc test`: what a tree promises, kept or broken, for people and for machines.

mod common;

use std::fs;

use common::{bookshop, json, run as meshc};

const PROMISES: &str = "\
apiVersion: meshc.dev/v1alpha1
kind: RouteTest
metadata: {name: api-v2, namespace: shop}
spec:
  from: [storefront-v1]
  forAll: {hosts: [reviews], port: 9080, path: {prefix: /api/v2/}}
  expect:
    destinations: [{host: reviews, subset: v2}]
---
apiVersion: meshc.dev/v1alpha1
kind: Invariant
metadata: {name: canary, namespace: shop}
spec:
  maxWeight: {to: {host: reviews, subset: v3}, atMost: 20}
";

#[test]
fn promises_are_held_against_the_mesh() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("promises.yaml");
    fs::write(&file, PROMISES).expect("written");
    let bookshop = bookshop();
    let run = |format: &str| {
        let paths = [&bookshop, &file].map(|path| path.to_str().expect("text"));
        meshc(directory.path(), &["test", paths[0], paths[1], "--format", format])
    };
    let human = run("human");
    assert_eq!(human.status.code(), Some(1));
    let text = String::from_utf8(human.stdout).expect("text");
    assert!(
        text.contains("✓ storefront-v1-0.shop: all requests to reviews on port 9080 with path /api/v2/*"),
        "{text}"
    );
    assert!(text.contains("✗ at most 20 % of a route's requests go to reviews (v3)"), "{text}");
    assert!(text.ends_with("1 kept, 1 broken (2 promises)\n"), "{text}");
    let machine = json(&String::from_utf8(run("json").stdout).expect("text"));
    assert_eq!(machine["tests"][0]["cases"][0]["verdict"], "kept");
    assert_eq!(machine["tests"][1]["cases"][0]["verdict"], "broken");
    assert!(machine["tests"][1]["cases"][0]["witness"]["request"]["path"].is_string());
    let junit = String::from_utf8(run("junit").stdout).expect("text");
    assert!(junit.contains("tests=\"2\" failures=\"1\""), "{junit}");
}

const LIVE: &str = "\
apiVersion: meshc.dev/v1alpha1
kind: RouteTest
metadata: {name: api-v2, namespace: shop}
spec:
  from: [storefront-v1]
  requests:
    - url: http://reviews:9080/api/v2/7
    - {url: 'http://reviews:9080/', headers: {x-app-version: v2}}
  expect:
    status: 200
    destinations: [{host: reviews, subset: v2}]
---
apiVersion: meshc.dev/v1alpha1
kind: RouteTest
metadata: {name: checkout, namespace: shop}
spec:
  from: [istio-ingressgateway.istio-system]
  forAll: {hosts: [bookshop.example.com], path: {prefix: /checkout}, method: {exact: POST}}
  expect: {destinations: [{host: orders.backoffice.svc.cluster.local}]}
";

#[test]
fn requests_go_through_real_proxies_too() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("promises.yaml");
    fs::write(&file, LIVE).expect("written");
    let bookshop = bookshop();
    let paths = [&bookshop, &file].map(|path| path.to_str().expect("text"));
    let out = meshc(directory.path(), &["test", paths[0], paths[1], "--live", "--format", "json"]);
    let err = String::from_utf8_lossy(&out.stderr);
    let text = String::from_utf8(out.stdout).expect("text");
    assert_eq!(out.status.code(), Some(0), "{text}\n{err}");
    assert!(err.contains("× mesh-proxy"), "{err}");
    let tests = json(&text);
    let cases: Vec<_> = tests["tests"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|test| test["cases"].as_array())
        .flatten()
        .collect();
    assert_eq!(cases.len(), 3, "{text}");
    for case in cases {
        assert!(case["sent"].as_u64() >= Some(1), "{case}");
        assert_eq!(case["not_sent"], serde_json::json!([]), "{case}");
    }
}

#[test]
fn a_tree_without_promises_is_told_so() {
    let run = meshc(&bookshop(), &["test", "."]);
    assert_eq!(run.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&run.stderr).contains("no RouteTest and no Invariant"));
}
