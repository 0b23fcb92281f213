//! Times the reachability of every route of one host, for hosts with 1,000 and 10,000
//! overlapping routes: prefixes, exact paths, regular expressions, headers, methods; and for hosts with few routes and
//! hostile expressions (these alone with the argument `hostile`).
#![expect(clippy::print_stdout, reason = "the printed times are what this is for")]

use std::time::Instant;

use meshc_predicate::{ConditionId, Error, Field, FieldId, Language, Limits, Set, SpaceBuilder};

/// A small generator of numbers, the same everywhere.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }
}

fn path(numbers: &mut Numbers, routes: u64) -> Result<Language, Error> {
    const AREAS: [&str; 8] = ["api", "app", "admin", "static", "shop", "users", "orders", "internal"];
    let area = AREAS[numbers.below(8) as usize];
    let version = numbers.below(4);
    let service = numbers.below(routes / 4);
    Ok(match numbers.below(10) {
        0..=3 => Language::prefix(format!("/{area}/v{version}/service{service}")),
        4 => Language::path_prefix(format!("/{area}/v{version}/service{service}/items")),
        5..=7 => Language::exact(format!("/{area}/v{version}/service{service}/items/list")),
        8 => Language::regex(format!("/{area}/v[0-9]+/service{service}/.*"))?,
        _ => Language::regex(format!("/{area}/v{version}/service{service}/[a-z]+/[0-9]+"))?,
    })
}

/// The paths that a proxy can see once it has resolved dots and undone escapes.
fn paths() -> Result<Language, Error> {
    let dots = Language::regex(r"(?s).*/\.\.?(/.*)?")?;
    let undone =
        Language::regex(r"(?s).*%(00|2[dDeE]|3[0-9]|4[1-9a-fA-F]|5[0-9aAfF]|6[1-9a-fA-F]|7[0-9aAeE]).*")?;
    Ok(Language::regex(r"/[!$-;=@-\[\]_a-z~]*")?.and(dots.negate()).and(undone.negate()))
}

fn run(routes: u64, floating: &[String]) -> Result<(), Error> {
    let begun = Instant::now();
    let mut numbers = Numbers(routes);
    let mut builder = SpaceBuilder::new(Limits::default());
    let path_field = builder.field(Field::required("path", paths()?));
    let methods = Language::regex("[A-Z]{1,20}")?;
    let method_field = builder.field(Field::required("method", methods).prefer(["GET"]));
    let text = Language::regex("[ -~]*")?;
    let headers: Vec<FieldId> = (0..5)
        .map(|number| builder.field(Field::optional(format!("header x-{number}"), text.clone())))
        .collect();
    let mut list: Vec<Vec<ConditionId>> = Vec::new();
    for _ in 0..routes {
        let mut route = vec![builder.condition(path_field, path(&mut numbers, routes)?)];
        if numbers.below(3) == 0 {
            let header = headers[numbers.below(5) as usize];
            let value = numbers.below(20);
            let language = match numbers.below(3) {
                0 => Language::exact(format!("v{value}")),
                1 => Language::prefix(format!("v{value}")),
                _ => Language::regex(format!("v{value}(\\.[0-9]+)*"))?,
            };
            route.push(builder.condition(header, language));
        }
        if numbers.below(5) == 0 {
            let method = ["GET", "POST", "PUT"][numbers.below(3) as usize];
            route.push(builder.condition(method_field, Language::exact(method)));
        }
        list.push(route);
    }
    for pattern in floating {
        list.push(vec![builder.condition(path_field, Language::regex(pattern)?)]);
    }
    list.push(vec![builder.condition(path_field, Language::prefix("/"))]);
    let collected = begun.elapsed();
    let mut space = builder.build_with_unknowns()?;
    let built = begun.elapsed();
    let sets: Vec<Set> = list
        .iter()
        .map(|route| {
            let conditions: Vec<Set> = route.iter().map(|&condition| space.condition(condition)).collect();
            space.all_of(conditions)
        })
        .collect::<Result<_, _>>()?;
    let first = space.first_match(&sets)?;
    let matched = begun.elapsed();
    let mut hidden = 0;
    let mut witnesses = 0;
    for index in 0..sets.len() {
        if space.witness(first.reach(index)).is_some() {
            witnesses += 1;
        } else {
            hidden += usize::from(!first.hidden_by(&mut space, index)?.is_empty());
        }
    }
    let done = begun.elapsed();
    let atoms = space.atoms(path_field).map_or(0, meshc_predicate::FieldAtoms::len);
    println!(
        "{routes} routes, {} floating: collect {collected:.1?}, build {:.1?}, first match {:.1?}, \
         witnesses and covers {:.1?}, total {done:.1?}; {atoms} path atoms, {} states made, {} nodes, {} steps, {witnesses} reachable, \
         {hidden} hidden, {} patterns unknown",
        floating.len(),
        built.saturating_sub(collected),
        matched.saturating_sub(built),
        done.saturating_sub(matched),
        space.states_made(),
        space.diagram_nodes(),
        space.diagram_steps(),
        space.unknowns().count(),
    );
    Ok(())
}

/// Expressions that are hard each in its own way.
fn hostile() -> Vec<Vec<String>> {
    vec![
        vec!["/(a|b)*a(a|b){60}".to_owned()],
        vec!["/((a{1,30}){1,30}b)*".to_owned()],
        vec![format!("/{}", ".*x.*y".repeat(40))],
        (0..60).map(|n| format!("/.*k{n}.*(p|q){{{n}}}.*")).collect(),
        (1..40).map(|n| format!("/.*z.{{{n}}}")).collect(),
        (0..60).map(|n| format!("/[a-z]{{{}}}.*", 900 + n)).collect(),
        (0..200).map(|n| format!("/.*[a-m]{{{n}}}[n-z]x.*")).collect(),
        (1..100).map(|n| format!("/api/.*a.{{{n}}}")).collect(),
        (0..300).map(|n| format!("/p{n}/.*a.{{16}}")).collect(),
        (0..60).map(|n| format!("(?i)/.*k{n}s.{{5}}.*")).collect(),
        (1..40).map(|n| format!("/.*\\p{{L}}{{{n}}}.*\\p{{Lu}}")).collect(),
        (0..800).map(|n| format!("/[^/]+/x{n}/.*")).collect(),
        (0..800).map(|n| format!("/([^/]+/){{{}}}x{n}(/.*)?", 1 + n % 6)).collect(),
        (0..300).map(|n| format!(".*word{n}.*")).collect(),
    ]
}

fn main() -> Result<(), Error> {
    for patterns in hostile() {
        println!("{}", patterns.last().map_or("", String::as_str));
        if let Err(error) = run(8, &patterns) {
            println!("{error}");
        }
    }
    if std::env::args().nth(1).is_some_and(|only| only == "hostile") {
        return Ok(());
    }
    let floating = [".*\\.json", ".*/items/.*", ".*\\.(css|js)", "/[a-z]+/v[0-9]/.*[0-9]"].map(str::to_owned);
    // Which of them have been seen doubles the states with each.
    let too_many: Vec<String> = ('a'..='z').map(|letter| format!(".*/{letter}{letter}/.*")).collect();
    run(1_000, &[])?;
    run(1_000, &floating)?;
    run(10_000, &[])?;
    run(10_000, &floating)?;
    run(10_000, &too_many)
}
