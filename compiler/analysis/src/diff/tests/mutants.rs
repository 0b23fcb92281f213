//! Mutants of the bookshop made by hand: each change of behaviour is found with its words, and nothing else is.

use std::fmt::Write as _;

use super::compare;
use crate::diff::{Diff, Equal, render_markdown, render_text};
use crate::testing::{Tree, bookshop, edited, world};

const ROUTES: &str = "shop/routes.yaml";

/// The second route of `reviews`.
const API: &str = "    - name: api-v2
      match:
        - uri:
            prefix: /api/v2/
      route:
        - destination:
            host: reviews
            subset: v2
      timeout: 2s
";

/// The first one.
const TESTERS: &str = "    - name: testers
      match:
        - headers:
            x-app-version:
              exact: v2
      route:
        - destination:
            host: reviews
            subset: v2
";

fn diff_to(head: &Tree) -> Diff {
    compare(&world(&bookshop()), &world(head))
}

fn summaries(diff: &Diff) -> Vec<String> {
    let of = |c: &crate::diff::Change| format!("{} {} {}", c.risk.name(), c.kind.name(), c.summary);
    diff.changes
        .iter()
        .map(of)
        .chain(diff.unknown.iter().map(|u| format!("unknown {}: {}", u.what, u.why)))
        .collect()
}

fn found(head: &Tree) -> Vec<String> {
    let diff = diff_to(head);
    assert_eq!(diff.equal, if diff.changes.is_empty() { Equal::Yes } else { Equal::No });
    summaries(&diff)
}

/// An edit of the routes.
fn edit(from: &str, to: &str) -> Tree {
    edited(&bookshop(), ROUTES, from, to)
}

#[test]
fn texts_that_mean_the_same_are_no_difference() {
    let same = [
        ("a comment", edit("# Who gets which version of reviews.\n", "# Versions.\n\n")),
        ("another name of a route", edit("name: api-v2", "name: second")),
        (
            "another name of a resource",
            edit("  name: ratings\n  namespace: shop", "  name: stars\n  namespace: shop"),
        ),
        ("weights with the same shares", edit("weight: 75", "weight: 3").clone()),
        (
            "a name in full",
            edit(
                "            host: catalog\n    - name: cheap",
                "            host: catalog.shop.svc.cluster.local\n    - name: cheap",
            ),
        ),
        ("a duration in another unit", edit("timeout: 2s", "timeout: 2000ms")),
        ("retry conditions in another order", edit("5xx,connect-failure", "connect-failure,5xx")),
        ("a default written out", edit("    - name: stars\n", "    - name: stars\n      timeout: 0s\n")),
    ];
    for (what, head) in same {
        let head =
            if what.starts_with("weights") { edited(&head, ROUTES, "weight: 25", "weight: 1") } else { head };
        assert_eq!(found(&head), [""; 0], "{what}");
    }
}

#[test]
fn a_route_that_nothing_reaches_is_no_difference() {
    let hidden = format!(
        "{API}    - match:\n        - uri:\n            prefix: /api/v2/deep\n      route:\n        - destination:\n            host: ratings\n"
    );
    assert_eq!(found(&edit(API, &hidden)), [""; 0]);
}

#[test]
fn disjoint_routes_may_change_places() {
    let outage = between("    - name: rehearsed-outage", "    - name: rehearsed-delay");
    let delay = between("    - name: rehearsed-delay", "    - name: stars");
    assert_eq!(found(&edit(&format!("{outage}{delay}"), &format!("{delay}{outage}"))), [""; 0]);
    // Header and path overlap, and both routes do the same but for the timeout.
    let swapped = edit(&format!("{TESTERS}{API}"), &format!("{API}{TESTERS}"));
    assert_eq!(found(&swapped), ["medium timeout-changed reviews: GET /api/v2/* timeout none → 2 s"]);
}

/// A part of the routes.
fn between(from: &str, to: &str) -> String {
    let tree = bookshop();
    let text = tree.iter().find(|(name, _)| name == ROUTES).map(|(_, text)| text.clone()).unwrap_or_default();
    let (start, end) = (text.find(from).expect("there"), text.find(to).expect("there"));
    text[start..end].to_owned()
}

#[test]
fn one_resource_may_be_two() {
    // The subset v3 moves to a DestinationRule of its own.
    let v3 = "    - name: v3\n      labels:\n        version: v3\n";
    let head = "apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata:\n  name: more\n  namespace: shop\n";
    let split = edit(v3, &format!("---\n{head}spec:\n  host: reviews\n  subsets:\n{v3}"));
    assert_eq!(found(&split), [""; 0]);
}

#[test]
fn each_change_of_behaviour_is_found() {
    let subset = |to: &str| API.replace("subset: v2\n", to);
    let mutants = [
        ("weights", edited(&edit("weight: 75", "weight: 50"), ROUTES, "weight: 25", "weight: 50")),
        (
            "a canary on a path",
            edit(
                API,
                &subset(
                    "subset: v2\n          weight: 75\n        - destination:\n            host: reviews\n            subset: v3\n          weight: 25\n",
                ),
            ),
        ),
        ("a header", edit("              exact: v2\n      route", "              exact: v3\n      route")),
        ("a prefix", edit("prefix: /api/v2/", "prefix: /api/")),
        ("a timeout", edit("timeout: 2s", "timeout: 3s")),
        ("retries", edit("attempts: 3", "attempts: 5")),
        ("a fault's status", edit("httpStatus: 503", "httpStatus: 500")),
        (
            "a fault's share",
            edit(
                "            value: 100\n      route:\n        - destination:\n            host: ratings\n    - name: rehearsed-delay",
                "            value: 10\n      route:\n        - destination:\n            host: ratings\n    - name: rehearsed-delay",
            ),
        ),
        ("a delay", edit("fixedDelay: 300ms", "fixedDelay: 1s")),
        ("a header that is set", edit("x-tier: stars", "x-tier: gold")),
        ("a rewrite", edit("uri: /books", "uri: /volumes")),
        (
            "a default that is gone",
            edit("    - name: all\n      route:\n        - destination:\n            host: catalog\n", ""),
        ),
        (
            "a mirror",
            edit(
                "    - name: stars\n",
                "    - name: stars\n      mirror:\n        host: catalog\n        port:\n          number: 8080\n",
            ),
        ),
        ("a redirect", edited(&bookshop(), "edge/gateway.yaml", "redirectCode: 301", "redirectCode: 308")),
        (
            "another host at the gateway",
            edited(
                &edited(
                    &bookshop(),
                    "edge/gateway.yaml",
                    "        - bookshop.example.com\n---",
                    "        - \"*.example.com\"\n---",
                ),
                "edge/gateway.yaml",
                "  hosts:\n    - bookshop.example.com\n",
                "  hosts:\n    - \"*.example.com\"\n",
            ),
        ),
        (
            "a workload that is gone",
            edited(
                &bookshop(),
                "shop/reviews.yaml",
                "        app: reviews\n        version: v3\n    spec",
                "        app: reviews\n        version: v4\n    spec",
            ),
        ),
        ("a replica more", edited(&bookshop(), "shop/ratings.yaml", "replicas: 2", "replicas: 3")),
        (
            "a load balancer",
            edit(
                "  host: reviews\n  subsets",
                "  host: reviews\n  trafficPolicy:\n    loadBalancer:\n      simple: RANDOM\n  subsets",
            ),
        ),
        (
            "a port",
            edited(
                &bookshop(),
                "backoffice/orders.yaml",
                "    - name: tcp-feed\n      port: 9400",
                "    - name: tcp-feed\n      port: 9401",
            ),
        ),
        ("an external address", edited(&bookshop(), "edge/publisher.yaml", "192.0.2.10", "192.0.2.12")),
    ];
    let mut all = String::new();
    for (what, head) in &mutants {
        let found = found(head);
        assert!(!found.is_empty(), "{what} is not found");
        let _ = writeln!(all, "# {what}\n{}", found.join("\n"));
    }
    insta::assert_snapshot!(all);
}

/// The tree that the renderings are shown on: a canary step, a timeout, a route that is gone, a replica.
fn several() -> Tree {
    let tree = edit(API, &API.replace("subset: v2\n", "subset: v3\n").replace("2s", "1500ms"));
    let tree = edited(&tree, ROUTES, "attempts: 3", "attempts: 1");
    let tree = edited(
        &tree,
        ROUTES,
        "    - name: all\n      route:\n        - destination:\n            host: catalog\n",
        "",
    );
    edited(&tree, "shop/ratings.yaml", "replicas: 2", "replicas: 1")
}

#[test]
fn it_reads_well_as_text() {
    insta::assert_snapshot!(render_text(&diff_to(&several())));
    insta::assert_snapshot!(render_text(&diff_to(&bookshop())), @"no change in behaviour: proved for all requests of all proxies");
}

#[test]
fn it_reads_well_as_markdown() {
    insta::assert_snapshot!(render_markdown(&diff_to(&several())));
}

#[test]
fn its_json_has_every_key() {
    let one = edit("timeout: 2s", "timeout: 3s");
    insta::assert_json_snapshot!(diff_to(&one));
}
