//! What a person sees: witnesses, covers and the names of what is too hard.

use meshc_predicate::{Error, Field, FieldAtoms, FieldId, Language, Limits, Request, Set, Space};
use meshc_predicate::{SpaceBuilder, Value};

fn text(value: &str) -> Value {
    Value::Text(value.to_owned())
}

struct Web {
    builder: SpaceBuilder,
    path: FieldId,
    method: FieldId,
    header: FieldId,
}

fn web() -> Result<Web, Error> {
    let mut builder = SpaceBuilder::new(Limits::default());
    let path = builder.field(Field::required("path", Language::regex("/[!-\"$->@-~]*")?));
    let method = builder.field(Field::required("method", Language::regex("[A-Z]+")?).prefer(["GET", "POST"]));
    let header = builder.field(Field::optional("header x-user", Language::regex("[ -~]*")?));
    Ok(Web { builder, path, method, header })
}

#[test]
fn witnesses_are_what_a_person_would_write() -> Result<(), Error> {
    let Web { mut builder, path, method, header } = web()?;
    let api = builder.condition(path, Language::path_prefix("/api"));
    let exact_api = builder.condition(path, Language::exact("/api"));
    let version = builder.condition(path, Language::regex("/api/v[0-9]+/.*")?);
    let get = builder.condition(method, Language::exact("GET"));
    let user = builder.condition(header, Language::contains("jason").ignore_case());
    let mut space = builder.build()?;
    let witness = |space: &Space, set| space.witness(set).expect("not empty");

    let all = witness(&space, Set::ALL);
    assert_eq!(all, Request::from([(path, text("/")), (method, text("GET")), (header, Value::Absent)]));

    let below = space.difference(space.condition(api), space.condition(exact_api))?;
    assert_eq!(witness(&space, below)[&path], text("/api/"));

    let other_method = space.difference(space.condition(version), space.condition(get))?;
    let request = witness(&space, other_method);
    assert_eq!((&request[&path], &request[&method]), (&text("/api/v0/"), &text("POST")));

    assert_eq!(witness(&space, space.condition(user))[&header], text("jason"));
    let another_user = space.difference(space.present(header), space.condition(user))?;
    assert_eq!(witness(&space, another_user)[&header], text(""));
    assert_eq!(space.name(header), "header x-user");
    assert_eq!(space.support(other_method), [path, method]);
    Ok(())
}

#[test]
fn several_routes_hide_one_together() -> Result<(), Error> {
    let Web { mut builder, path, method, header } = web()?;
    let long = builder.condition(path, Language::prefix("/a"));
    let get = builder.condition(method, Language::exact("GET"));
    let not_get = builder.condition(method, Language::exact("GET").negate());
    let user = builder.condition(header, Language::any());
    let narrow = builder.condition(path, Language::exact("/a/b"));
    let mut space = builder.build()?;
    let routes = [
        space.condition(user),
        space.and(space.condition(long), space.condition(get))?,
        space.condition(not_get),
        space.condition(narrow),
        space.and(space.condition(get), space.condition(not_get))?,
        Set::ALL,
    ];
    let first = space.first_match(&routes)?;
    assert_eq!(first.hidden_by(&mut space, 3)?, [1, 2]);
    assert!(first.reach(4).is_empty());
    assert_eq!(first.hidden_by(&mut space, 4)?, [0usize; 0], "nothing is hidden where nothing matches");
    assert_eq!(first.hidden_by(&mut space, 5)?, [0usize; 0]);
    assert!(first.unmatched().is_empty());
    let rest = space.witness(first.reach(5)).expect("reachable");
    assert_eq!(rest, Request::from([(path, text("/")), (method, text("GET")), (header, Value::Absent)]));
    Ok(())
}

#[test]
fn values_that_cannot_occur_have_no_place() -> Result<(), Error> {
    let Web { builder, path, method, header } = web()?;
    let space = builder.build()?;
    let request = |path_value: &str| Request::from([(path, text(path_value)), (method, text("GET"))]);
    assert!(space.locate(&request("/a")).is_some());
    assert_eq!(space.locate(&request("a")), None);
    assert_eq!(space.locate(&request("/a?b")), None);
    assert_eq!(space.locate(&request("/\u{e9}")), None);
    assert_eq!(space.locate(&Request::from([(header, text("a"))])), None, "a path is required");
    assert_eq!(space.locate(&Request::from([(path, Value::Flag(true)), (method, text("GET"))])), None);
    Ok(())
}

#[test]
fn a_field_without_values_is_refused_or_always_absent() -> Result<(), Error> {
    let mut builder = SpaceBuilder::new(Limits::default());
    builder.field(Field::required("nothing", Language::none()));
    let error = builder.build().err().expect("no request is possible");
    assert_eq!(error.to_string(), "the field nothing can have no value");

    let mut builder = SpaceBuilder::new(Limits::default());
    let never = builder.field(Field::optional("never", Language::exact("a").and(Language::exact("b"))));
    let condition = builder.condition(never, Language::any());
    let space = builder.build()?;
    assert!(space.condition(condition).is_empty());
    assert!(space.absent(never).is_all());
    Ok(())
}

/// Two patterns whose product is small, and one that is exponential.
fn hard(limits: Limits) -> Result<(SpaceBuilder, [meshc_predicate::ConditionId; 4]), Error> {
    let mut builder = SpaceBuilder::new(limits);
    let path = builder.field(Field::required("path", Language::regex("/[a-z]*")?));
    let conditions = [
        builder.condition(path, Language::prefix("/api")),
        builder.condition(path, Language::regex("/api/?x.*")?),
        builder.condition(path, Language::regex("/.*a.{30}")?),
        builder.condition(path, Language::exact("/apixy")),
    ];
    Ok((builder, conditions))
}

#[test]
fn a_pattern_that_is_too_hard_is_named() -> Result<(), Error> {
    let (builder, _) = hard(Limits::default())?;
    let error = builder.build().err().expect("2^30 states");
    let expected = "regular expression \"/.*a.{30}\" is too hard to analyse: it needs more than 10000 states";
    assert_eq!(error.to_string(), expected);
    Ok(())
}

#[test]
fn what_does_not_rest_on_it_stays_known() -> Result<(), Error> {
    let (builder, [prefix, regex, hard, exact]) = hard(Limits::default())?;
    let mut space = builder.build_with_unknowns()?;
    let [prefix, regex, hard, exact] = [prefix, regex, hard, exact].map(|c| space.condition(c));
    assert_eq!(space.unknowns().count(), 1);
    assert!(space.implies(exact, regex)?);
    assert!(space.implies(regex, prefix)?);
    // Whatever the hard one means, it is itself.
    let both = space.and(hard, prefix)?;
    assert!(space.implies(both, hard)?);
    let first = space.first_match(&[hard, prefix, exact])?;
    assert!(first.reach(2).is_empty());
    assert!(space.unknowns_of(first.reach(2)).is_empty());
    let reasons: Vec<String> = space.unknowns_of(first.reach(1)).iter().map(ToString::to_string).collect();
    assert_eq!(reasons.len(), 1);
    assert!(reasons[0].starts_with("regular expression \"/.*a.{30}\""), "{reasons:?}");
    Ok(())
}

#[test]
fn patterns_that_are_only_hard_together_name_the_one_that_is_too_much() -> Result<(), Error> {
    // Which of the letters have been seen: twice as many states for each one.
    let languages: Vec<Language> = ('a'..='z').map(Language::contains).collect();
    let limits = Limits { max_dfa_states: 1_000, ..Limits::default() };
    let error = FieldAtoms::build(&Language::any(), &languages, &limits).err().expect("2^26 states");
    let Error::TooLarge { what, .. } = error else { panic!("{error}") };
    assert!(what.starts_with("contains \""), "{what}");

    let mut builder = SpaceBuilder::new(limits);
    let field = builder.field(Field::required("field", Language::any()));
    for language in languages {
        builder.condition(field, language);
    }
    let space = builder.build_with_unknowns()?;
    // Six letters and the forms of UTF-8 fit.
    assert_eq!(space.unknowns().count(), 20);
    Ok(())
}

#[test]
fn too_many_variables_are_refused() {
    let mut builder = SpaceBuilder::new(Limits { max_variables: 10, ..Limits::default() });
    for number in 0..11 {
        builder.flag(format!("flag {number}"));
    }
    let error = builder.build().err().expect("eleven variables");
    assert_eq!(
        error.to_string(),
        "the field flag 10 is too hard to analyse: it needs more than 10 diagram variables"
    );
}

/// Nothing recurses once a variable: the default bound must fit a thread's stack.
#[test]
fn the_deepest_diagram_fits_the_stack() -> Result<(), Error> {
    let limits = Limits::default();
    let mut builder = SpaceBuilder::new(limits);
    let flags: Vec<FieldId> =
        (0..limits.max_variables).map(|number| builder.flag(format!("flag {number}"))).collect();
    let mut space = builder.build()?;
    let (mut even, mut odd) = (Set::ALL, Set::EMPTY);
    for &flag in flags.iter().rev() {
        let flag = space.flag(flag);
        let (in_even, in_odd) = (space.and(flag, odd)?, space.and(flag, even)?);
        let (out_even, out_odd) = (space.and(!flag, even)?, space.and(!flag, odd)?);
        (even, odd) = (space.or(in_even, out_even)?, space.or(in_odd, out_odd)?);
    }
    assert_eq!(odd, !even);
    let sets: Vec<Set> = flags.iter().map(|&flag| space.flag(flag)).collect();
    let all = space.all_of(sets)?;
    assert!(space.implies(all, even)?);
    let last = flags[flags.len() - 1];
    assert!(space.forget(even, last)?.is_all());
    let witness = space.witness(odd).expect("one flag is enough");
    assert_eq!(witness.values().filter(|value| **value == Value::Flag(true)).count(), 1);
    Ok(())
}

#[test]
fn a_language_says_what_it_is() -> Result<(), Error> {
    let language = Language::exact("a").or(Language::regex("b+")?).and(Language::none().negate());
    assert_eq!(language.to_string(), "((exact \"a\" or regular expression \"b+\") and not nothing)");
    assert_eq!(Language::any().to_string(), "anything");
    Ok(())
}
