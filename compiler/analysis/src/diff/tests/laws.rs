//! Laws over generated route lists: a mesh equals itself, a mirrored diff is the diff mirrored, and every witness shows
//! what was claimed (the diff itself replays them, and leaves as unknown what they do not show).

use proptest::prelude::*;

use super::compare;
use crate::diff::{Change, Diff, Equal, Kind};
use crate::testing::{World, answer, generated, requests, tree_of_routes, world};

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

/// Whether a request is answered differently, by the interpreter alone; shares in place of weights.
fn differs(a: &World, b: &World, path: &str, headers: &[(String, String)]) -> bool {
    let bare = |world: &World| {
        let mut answer = answer(world, path, headers.to_vec());
        answer.route = None;
        answer.because.clear();
        let total: u32 = answer.destinations.iter().map(|(_, weight)| weight).sum();
        for (_, weight) in &mut answer.destinations {
            *weight = *weight * 1000 / total.max(1);
        }
        answer
    };
    bare(a) != bare(b)
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

    /// A second opinion, by enumeration: what the interpreter answers differently is found, and where the diff says
    /// that nothing is different, nothing is.
    #[test]
    fn nothing_is_missed(a in prop::collection::vec(generated(), 1..5), b in prop::collection::vec(generated(), 1..5)) {
        let (a, b) = (world(&tree_of_routes(&a)), world(&tree_of_routes(&b)));
        let diff = compare(&a, &b);
        let different: Vec<_> =
            requests().into_iter().filter(|(path, headers)| differs(&a, &b, path, headers)).collect();
        if !different.is_empty() {
            prop_assert_eq!(diff.equal, Equal::No, "{:?}", different);
        }
        // Routes that differ in nothing but their order, or in a route more.
        let more: Vec<_> = diff.changes.iter().filter(|change| change.witness.is_some()).collect();
        prop_assert_eq!(diff.changes.len(), more.len(), "all of these differences can be shown");
    }

    /// Small edits, most of which change something: one route is replaced, dropped, doubled or moved.
    #[test]
    fn small_edits_are_judged_rightly(
        routes in prop::collection::vec(generated(), 2..6),
        new in generated(),
        at in 0usize..6,
        how in 0u8..4,
    ) {
        let at = at % routes.len();
        let mut edited = routes.clone();
        match how {
            0 => edited[at] = new,
            1 => { edited.remove(at); }
            2 => edited.insert(at, routes[at].clone()),
            _ => { let route = edited.remove(at); edited.push(route); }
        }
        let (a, b) = (world(&tree_of_routes(&routes)), world(&tree_of_routes(&edited)));
        let diff = compare(&a, &b);
        let different = requests().iter().any(|(path, headers)| differs(&a, &b, path, headers));
        prop_assert!(diff.unknown.is_empty(), "{:?}", diff.unknown);
        if different {
            prop_assert_eq!(diff.equal, Equal::No);
        }
        if how == 2 {
            prop_assert_eq!(diff.equal, Equal::Yes, "a route that stands twice is hidden the second time");
        }
    }
}
