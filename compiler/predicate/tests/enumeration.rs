//! The symbolic answers against those of enumerating every request of a small world.

mod model;

use model::{World, cases, formula, spec};
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn emptiness_equality_and_membership(specs in prop::collection::vec(spec(), 3..7), f in formula(), g in formula()) {
        let mut world = World::new(&specs)?;
        let cases = cases();
        let (a, b) = (world.set(&f)?, world.set(&g)?);
        let (in_a, in_b) = (world.truth(&f, &cases), world.truth(&g, &cases));
        prop_assert_eq!(a.is_empty(), !in_a.contains(&true));
        prop_assert_eq!(a.is_all(), !in_a.contains(&false));
        prop_assert_eq!(a == b, in_a == in_b);
        prop_assert_eq!(world.space.implies(a, b)?, in_a.iter().zip(&in_b).all(|(&a, &b)| b || !a));
        for (case, expected) in cases.iter().zip(in_a) {
            let point = world.space.locate(&world.request(case)).expect("in the universe");
            prop_assert_eq!(world.space.contains(a, &point), expected, "{:?}", case);
        }
    }

    /// The witness is among the cheapest: no header if none is needed, no flag, and no
    /// shorter path with the same header and flag.
    #[test]
    fn witnesses_are_small(specs in prop::collection::vec(spec(), 3..7), f in formula()) {
        let mut world = World::new(&specs)?;
        let set = world.set(&f)?;
        let Some(request) = world.space.witness(set) else { return Ok(()) };
        let witness = world.case(&request);
        for case in cases().iter().filter(|case| world.matches(&f, case)) {
            if witness.header.is_some() {
                prop_assert!(case.header.is_some());
            }
            if case.header == witness.header && case.flag == witness.flag {
                prop_assert!(witness.path.len() <= case.path.len(), "{:?} {:?}", witness, case);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// Which route takes a request, and who hides those that take none.
    #[test]
    fn first_match(specs in prop::collection::vec(spec(), 3..7), routes in prop::collection::vec(formula(), 1..8)) {
        let mut world = World::new(&specs)?;
        // Every seventh request is enough to refute; emptiness is checked on all.
        let cases = cases();
        let truths: Vec<Vec<bool>> = routes.iter().map(|route| world.truth(route, &cases)).collect();
        let taken: Vec<Option<usize>> =
            (0..cases.len()).map(|case| truths.iter().position(|truth| truth[case])).collect();
        let sets = routes.iter().map(|route| world.set(route)).collect::<Result<Vec<_>, _>>()?;
        let first = world.space.first_match(&sets)?;
        for index in 0..routes.len() {
            let reach = first.reach(index);
            prop_assert_eq!(!reach.is_empty(), taken.contains(&Some(index)), "route {}", index);
            for (case, taken) in cases.iter().zip(&taken).step_by(7) {
                let point = world.space.locate(&world.request(case)).expect("in the universe");
                prop_assert_eq!(world.space.contains(reach, &point), *taken == Some(index));
            }
            let hidden_by = first.hidden_by(&mut world.space, index)?;
            let matches_any = truths[index].contains(&true);
            prop_assert_eq!(hidden_by.is_empty(), !reach.is_empty() || !matches_any);
            if hidden_by.is_empty() {
                continue;
            }
            prop_assert!(hidden_by.is_sorted() && hidden_by.iter().all(|&earlier| earlier < index));
            let covered = |members: &[usize]| {
                (0..cases.len()).all(|case| !truths[index][case] || members.iter().any(|&m| truths[m][case]))
            };
            prop_assert!(covered(&hidden_by));
            for place in 0..hidden_by.len() {
                let mut fewer = hidden_by.clone();
                fewer.remove(place);
                prop_assert!(!covered(&fewer), "{:?} without place {}", hidden_by, place);
            }
        }
        prop_assert_eq!(first.unmatched().is_empty(), !taken.contains(&None));
    }
}
