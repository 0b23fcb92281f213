//! Patterns that multiply: they end as unknowns with their names, in bounded time, and leave the others exact.

use meshc_predicate::{Error, Field, Language, Limits, SpaceBuilder};

const LIMITS: Limits = Limits {
    max_pattern_states: 10_000,
    max_dfa_states: 20_000,
    max_hard_states: 20_000,
    max_product_states: 20_000,
    max_atoms: 200_000,
    max_diagram_nodes: 8_000_000,
    max_diagram_steps: 32_000_000,
    max_variables: 16_384,
};

/// What could not be told of `hard` patterns behind 300 plain routes, of which the odd ones hide the even ones.
fn unknowns(hard: &[String], limits: Limits) -> Result<Vec<String>, Error> {
    let mut builder = SpaceBuilder::new(limits);
    let path = builder.field(Field::required("path", Language::regex("/[!-~]*")?));
    let mut list = Vec::new();
    for number in 0..150 {
        list.push(builder.condition(path, Language::regex(format!("/api/v[0-9]/s{number}/.*"))?));
        list.push(builder.condition(path, Language::exact(format!("/api/v1/s{number}/list"))));
    }
    for pattern in hard {
        list.push(builder.condition(path, Language::regex(pattern)?));
    }
    let mut space = builder.build_with_unknowns()?;
    let sets: Vec<_> = list.iter().map(|&condition| space.condition(condition)).collect();
    let first = space.first_match(&sets)?;
    for index in 0..300 {
        let reach = first.reach(index);
        assert!(space.unknowns_of(reach).is_empty(), "{index} is exact");
        assert_eq!(reach.is_empty(), index % 2 == 1, "{index}");
    }
    let known = (300..list.len()).filter(|&index| space.unknowns_of(sets[index]).is_empty()).count();
    let unknowns: Vec<String> = space.unknowns().map(ToString::to_string).collect();
    assert_eq!(known + unknowns.len(), hard.len());
    Ok(unknowns)
}

fn letters(pattern: impl Fn(char) -> String) -> Vec<String> {
    ('a'..='z').map(pattern).collect()
}

#[test]
fn floating_patterns_are_refused_by_name_once_the_budget_is_spent() -> Result<(), Error> {
    let hard = letters(|letter| format!(".*/{letter}{letter}/.*"));
    let refused = unknowns(&hard, LIMITS)?;
    assert!((1..26).contains(&refused.len()), "{}", refused.len());
    for text in &refused {
        assert!(
            text.starts_with("regular expression \".*/") && text.contains("is too hard to analyse"),
            "{text}"
        );
    }
    assert_eq!(refused, unknowns(&hard, LIMITS)?, "the same every time");
    Ok(())
}

#[test]
fn patterns_that_multiply_behind_a_common_beginning_are_refused_alone() -> Result<(), Error> {
    let hard = letters(|letter| format!("/api/v1/.*/{letter}{letter}/.*"));
    let refused = unknowns(&hard, LIMITS)?;
    assert!((1..=26).contains(&refused.len()));
    assert!(refused.iter().all(|text| text.contains("/api/v1/.*/")), "{refused:?}");
    Ok(())
}

#[test]
fn the_bound_on_atoms_names_the_pattern_that_passes_it() -> Result<(), Error> {
    let limits = Limits { max_atoms: 1_000, ..LIMITS };
    let refused = unknowns(&letters(|letter| format!(".*{letter}")), limits)?;
    assert!(!refused.is_empty());
    assert!(
        refused[0].ends_with("it needs more than 1000 atoms with the rest of its field"),
        "{}",
        refused[0]
    );
    Ok(())
}

#[test]
fn what_fits_is_exact() -> Result<(), Error> {
    assert_eq!(unknowns(&[".*\\.json".to_owned(), ".*/list".to_owned()], LIMITS)?, [""; 0]);
    Ok(())
}
