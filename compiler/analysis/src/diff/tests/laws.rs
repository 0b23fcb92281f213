//! Laws over generated route lists: a mesh equals itself, a mirrored diff is the diff mirrored, and every witness shows
//! what was claimed (the diff itself replays them, and leaves as unknown what they do not show).

use std::fmt::Write as _;

use proptest::prelude::*;

use super::{Tree, bookshop, compare, world};
use crate::diff::{Change, Diff, Equal};

/// A route as YAML, from few enough parts that routes overlap.
fn route() -> impl Strategy<Value = String> {
    let path = prop_oneof![
        Just(None),
        prop::sample::select(vec![
            "prefix: /a", "prefix: /a/", "exact: /a", "exact: /a/b", "regex: /a(/.*)?", "regex: /[ab]/.*", "prefix: /b",
        ])
        .prop_map(Some),
    ];
    let header = prop_oneof![
        2 => Just(None),
        1 => prop::sample::select(vec!["headers:\n          v: {exact: \"1\"}", "withoutHeaders:\n          v: {}", "headers:\n          v: {}"])
            .prop_map(Some),
    ];
    let action = prop::sample::select(vec![
        "route: [{destination: {host: reviews, subset: v1}}]",
        "route: [{destination: {host: reviews, subset: v2}}]",
        "route: [{destination: {host: reviews, subset: v1}, weight: 1}, {destination: {host: reviews, subset: v2}, weight: 1}]",
        "route: [{destination: {host: reviews, subset: v1}, weight: 50}, {destination: {host: reviews, subset: v2}, weight: 50}]",
        "redirect: {uri: /elsewhere}",
        "directResponse: {status: 418}",
    ]);
    let extra = prop::sample::select(vec!["", "timeout: 1s", "headers: {request: {set: {x: y}}}"]);
    (path, header, action, extra).prop_map(|(path, header, action, extra)| {
        let mut text = String::from("    - ");
        let conditions: Vec<String> =
            path.map(|p| format!("uri: {{{p}}}")).into_iter().chain(header.map(str::to_owned)).collect();
        if !conditions.is_empty() {
            let _ = write!(text, "match:\n      - {}\n      ", conditions.join("\n        "));
        }
        let extra = if action.starts_with("route") { extra } else { "" };
        let _ = writeln!(text, "{action}{}{extra}", if extra.is_empty() { "" } else { "\n      " });
        text
    })
}

fn tree(routes: &[String]) -> Tree {
    let wanted = ["shop/namespace.yaml", "shop/reviews.yaml"];
    let mut tree: Tree = bookshop().into_iter().filter(|(name, _)| wanted.contains(&name.as_str())).collect();
    let http: String = routes.concat();
    tree.push((
        "shop/routes.yaml".to_owned(),
        format!(
            "apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {{name: reviews, namespace: shop}}\nspec:\n  \
             host: reviews\n  subsets:\n    - {{name: v1, labels: {{version: v1}}}}\n    - {{name: v2, labels: {{version: v2}}}}\n---\n\
             apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {{name: reviews, namespace: shop}}\nspec:\n  \
             hosts: [reviews]\n  http:\n{http}"
        ),
    ));
    tree
}

fn mirrored(diff: &Diff) -> Vec<(String, String, String)> {
    let mut all: Vec<_> = diff
        .changes
        .iter()
        .map(|change: &Change| {
            let witness = serde_json::to_string(&change.witness).expect("JSON");
            (witness, change.before.to_string(), change.after.to_string())
        })
        .collect();
    all.sort();
    all
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_mesh_equals_itself(routes in prop::collection::vec(route(), 1..6)) {
        let (one, two) = (world(&tree(&routes)), world(&tree(&routes)));
        let diff = compare(&one, &two);
        prop_assert_eq!(diff.equal, Equal::Yes, "{:?}", diff);
    }

    #[test]
    fn a_mirrored_diff_is_the_diff_mirrored(a in prop::collection::vec(route(), 1..5), b in prop::collection::vec(route(), 1..5)) {
        let (a, b) = (world(&tree(&a)), world(&tree(&b)));
        let (there, back) = (compare(&a, &b), compare(&b, &a));
        prop_assert_eq!(there.equal, back.equal);
        prop_assert!(there.unknown.is_empty() && back.unknown.is_empty(), "{:?} {:?}", there.unknown, back.unknown);
        for change in there.changes.iter().chain(&back.changes) {
            prop_assert_ne!(&change.before, &change.after);
        }
        let turned: Vec<_> = {
            let mut all: Vec<_> = mirrored(&back).into_iter().map(|(w, b, a)| (w, a, b)).collect();
            all.sort();
            all
        };
        prop_assert_eq!(mirrored(&there).len(), turned.len());
    }
}
