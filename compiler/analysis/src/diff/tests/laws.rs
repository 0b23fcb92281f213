//! Laws over generated route lists: a mesh equals itself, a mirrored diff is the diff mirrored, and every witness shows
//! what was claimed (the diff itself replays them, and leaves as unknown what they do not show).

use proptest::prelude::*;

use super::compare;
use crate::diff::{Change, Diff, Equal, Kind};
use crate::testing::{generated, tree_of_routes, world};

/// The kinds of a diff, each turned round if asked.
fn kinds(diff: &Diff, turned: bool) -> Vec<Kind> {
    let turn = |kind: Kind| match kind {
        Kind::NewlyUnreachable => Kind::NewlyReachable,
        Kind::NewlyReachable => Kind::NewlyUnreachable,
        other => other,
    };
    let mut all: Vec<Kind> =
        diff.changes.iter().map(|c: &Change| if turned { turn(c.kind) } else { c.kind }).collect();
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
        prop_assert_eq!(kinds(&there, false), kinds(&back, true));
    }
}
