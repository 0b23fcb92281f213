//! EnvoyFilters: what they change is a difference; of requests that they change nothing is said.

use crate::diff::{Equal, Kind};
use crate::testing::{Tree, bookshop, edited, world};

use super::compare;

const FILE: &str = "edge/patches.yaml";

/// The bookshop with one patch of the root namespace.
fn with(patch: &str) -> Tree {
    let mut tree = bookshop();
    let text = format!(
        "apiVersion: networking.istio.io/v1alpha3\nkind: EnvoyFilter\nmetadata: {{name: p, namespace: istio-system}}\nspec:\n  configPatches:\n  - {patch}\n"
    );
    tree.push((FILE.to_owned(), text));
    tree
}

const QUIET: &str = "{applyTo: CLUSTER, match: {context: SIDECAR_OUTBOUND}, patch: {operation: MERGE, value: {connect_timeout: 1s}}}";
const LOUD: &str = "{applyTo: HTTP_ROUTE, match: {context: GATEWAY}, patch: {operation: MERGE, value: {route: {timeout: 1s}}}}";

#[test]
fn the_same_patches_are_no_difference() {
    for patch in [QUIET, LOUD] {
        assert_eq!(compare(&world(&with(patch)), &world(&with(patch))).equal, Equal::Yes);
    }
}

#[test]
fn other_settings_are_a_difference_that_no_request_shows() {
    let head = edited(&with(QUIET), FILE, "1s", "2s");
    let diff = compare(&world(&with(QUIET)), &world(&head));
    assert_eq!(diff.equal, Equal::No);
    assert!(diff.unknown.is_empty(), "{:?}", diff.unknown);
    // One, whichever workloads show it.
    assert_eq!(diff.changes.len(), 1, "{:?}", diff.changes);
    assert_eq!(diff.changes[0].affected.workloads.len(), 9, "{:?}", diff.changes);
    let expected =
        "EnvoyFilter istio-system/p: patches of Envoy's configuration: −MERGE CLUSTER, +MERGE CLUSTER";
    assert_eq!(diff.changes[0].summary, expected);
    assert!(
        diff.changes.iter().all(|change| change.kind == Kind::PatchesChanged && change.witness.is_none())
    );
}

#[test]
fn what_is_patched_and_changed_is_unknown() {
    let tree = with(LOUD);
    let file = tree.iter().find(|(name, text)| name.starts_with("edge/") && text.contains("VirtualService"));
    let (name, text) = file.expect("the gateway has routes").clone();
    let head = edited(&tree, &name, &text, &text.replacen("prefix: /", "prefix: /changed/", 1));
    let diff = compare(&world(&tree), &world(&head));
    assert!(
        diff.unknown.iter().any(|unknown| unknown.why.contains("EnvoyFilter istio-system/p")),
        "{diff:?}"
    );
    assert!(diff.changes.iter().all(|change| change.witness.is_none()), "{:?}", diff.changes);
}
