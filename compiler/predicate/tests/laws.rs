//! The laws of the algebra, against the independent model.

mod model;

use meshc_predicate::{FieldAtoms, Language, Limits, Set};
use model::{Formula, World, formula, pattern, spec, strings};
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn boolean_algebra(specs in prop::collection::vec(spec(), 3..8), f in formula(), g in formula(), h in formula()) {
        let mut world = World::new(&specs)?;
        let (a, b, c) = (world.set(&f)?, world.set(&g)?, world.set(&h)?);
        let space = &mut world.space;
        let (a_and_b, a_or_b) = (space.and(a, b)?, space.or(a, b)?);
        prop_assert_eq!(a_and_b, space.and(b, a)?);
        prop_assert_eq!(!a_and_b, space.or(!a, !b)?);
        prop_assert_eq!(space.and(a, !a)?, Set::EMPTY);
        prop_assert_eq!(space.or(a, !a)?, Set::ALL);
        prop_assert_eq!(space.and(a, a_or_b)?, a);
        prop_assert_eq!(!!a, a);
        let b_or_c = space.or(b, c)?;
        let left = space.and(a, b_or_c)?;
        let a_and_c = space.and(a, c)?;
        prop_assert_eq!(left, space.or(a_and_b, a_and_c)?);
        prop_assert_eq!(space.difference(a, b)?, space.and(a, !b)?);
        prop_assert!(space.implies(a_and_b, a)?);
        prop_assert_eq!(space.implies(a, b)?, space.difference(a, b)?.is_empty());
        prop_assert_eq!(space.intersects(a, b)?, !a_and_b.is_empty());
    }

    /// A witness of a set is in the set, by the set's own account and by the model's.
    #[test]
    fn a_witness_is_in_its_set(specs in prop::collection::vec(spec(), 3..10), f in formula()) {
        let mut world = World::new(&specs)?;
        let set = world.set(&f)?;
        match world.space.witness(set) {
            None => prop_assert!(set.is_empty()),
            Some(request) => {
                prop_assert!(world.matches(&f, &world.case(&request)), "{request:?}");
                let point = world.space.locate(&request).expect("witnesses can occur");
                prop_assert!(world.space.contains(set, &point));
                prop_assert_eq!(world.space.witness(set), Some(request));
            }
        }
    }

    /// Forgetting a field gives the requests that some value of it would bring in.
    #[test]
    fn forgetting(specs in prop::collection::vec(spec(), 3..6), f in formula()) {
        let mut world = World::new(&specs)?;
        let set = world.set(&f)?;
        for field in [world.path, world.header, world.flag] {
            let forgotten = world.space.forget(set, field)?;
            prop_assert!(world.space.implies(set, forgotten)?);
            prop_assert!(!world.space.support(forgotten).contains(&field));
            prop_assert_eq!(forgotten.is_empty(), set.is_empty());
        }
    }

    /// Each string is in one atom, and each language agrees with the model on it; an
    /// atom's witness is in the atom, and no shorter string is.
    #[test]
    fn atoms_partition(specs in prop::collection::vec(pattern(), 1..12), texts in prop::collection::vec("[abA/]{0,6}", 20)) {
        let languages: Vec<Language> = specs.iter().map(model::Spec::language).collect();
        let atoms = FieldAtoms::build(&Language::regex("[abA/]*")?, &languages, &Limits::default())?;
        let mut seen = vec![false; atoms.len()];
        for text in strings(4).iter().chain(&texts) {
            let atom = atoms.classify(text).expect("in the universe");
            for (spec, language) in specs.iter().zip(&languages) {
                prop_assert_eq!(spec.matches(text), atoms.accepts(language, atom), "{} {:?}", text, spec);
            }
            let witness = atoms.witness(atom).expect("every atom has a string");
            prop_assert_eq!(atoms.classify(&witness), Some(atom));
            prop_assert!(witness.len() <= text.len());
            seen[atom] = true;
        }
        // No two atoms are alike.
        let signature = |atom| languages.iter().map(|language| atoms.accepts(language, atom)).collect::<Vec<_>>();
        let mut signatures: Vec<_> = (0..atoms.len()).map(signature).collect();
        signatures.sort();
        signatures.dedup();
        prop_assert_eq!(signatures.len(), atoms.len());
        prop_assert_eq!(atoms.classify("?"), None);
    }

    /// The same questions in the same order give the same answers.
    #[test]
    fn determinism(specs in prop::collection::vec(spec(), 3..8), f in formula()) {
        let (mut one, mut two) = (World::new(&specs)?, World::new(&specs)?);
        let (a, b) = (one.set(&f)?, two.set(&f)?);
        prop_assert_eq!(a, b);
        prop_assert_eq!(one.space.witness(a), two.space.witness(b));
        prop_assert_eq!(one.space.diagram_nodes(), two.space.diagram_nodes());
    }
}

#[test]
fn an_absent_field_fulfils_no_condition() -> Result<(), meshc_predicate::Error> {
    let specs = vec![model::Spec::Not(Box::new(model::Spec::Exact("a".to_owned()))); 3];
    let mut world = World::new(&specs)?;
    let header = world.set(&Formula::Condition(2))?;
    let absent = world.space.absent(world.header);
    assert!(!world.space.intersects(header, absent)?);
    Ok(())
}
