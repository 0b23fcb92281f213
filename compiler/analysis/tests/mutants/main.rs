//! Mutation testing of the diff: meshes by chance, each changed in one of many ways. An enumeration that knows nothing of
//! sets judges: no change of behaviour is missed, and none is invented. Few in every run, 2,000 with `cargo xtask mutants`;
//! `MESHC_BOOK` says of how many one is judged by the second implementation too.

#![expect(clippy::print_stdout, reason = "the numbers are what the test is read for")]

mod book;
mod dice;
#[path = "../independent/mod.rs"]
mod independent;
mod judge;
mod model;
mod mutate;
mod write;

use std::collections::{BTreeMap, BTreeSet};

use dice::Dice;
use judge::{Aspect, World, aspects, shows};
use meshc_analysis::{Change, Diff, Equal, Side, diff};
use meshc_testkit::parts;
use model::Model;
use mutate::Mutant;
use write::{Style, write};

/// Mutants of one mesh: its own answers are asked for once.
const OF_ONE: usize = 20;

fn compare(base: &World, head: &World) -> Diff {
    diff(
        Side { name: "base", mesh: &base.mesh, sources: &base.sources },
        Side { name: "head", mesh: &head.mesh, sources: &head.sources },
    )
}

#[test]
fn no_change_is_missed_and_none_is_invented() {
    let all = parts::cases(3);
    let (mut made, mut changed, mut by_the_book, mut problems) = (0, 0, 0, Vec::new());
    let mut by_way: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for seed in all.clone() {
        let mut dice = Dice::new(seed);
        let model = Model::generate(&mut dice);
        let base = World::compile(write(&model, Style::default()));
        let before = base.answers();
        for _ in 0..OF_ONE {
            let way = dice.at(mutate::ways());
            let Some(mutant) = mutate::mutate(&model, way, &mut dice) else { continue };
            made += 1;
            let head = World::compile(write(&mutant.model, Style::default()));
            let found = compare(&base, &head);
            let counts = by_way.entry(mutant.name).or_default();
            counts.0 += 1;
            counts.1 += usize::from(found.equal == Equal::No);
            changed += u64::from(found.equal == Equal::No);
            if made % judged_by_the_book() == 1 % judged_by_the_book() {
                by_the_book += 1;
                problems.extend(
                    against_the_book(&base, &head, &found)
                        .map(|problem| format!("seed {seed}, {}: {problem}", mutant.name)),
                );
            }
            for problem in judged(&base, &head, &before, &found, &mutant) {
                problems.push(format!("seed {seed}, {}: {problem}", mutant.name));
            }
        }
    }
    for (way, (all, changed)) in &by_way {
        println!("{all:>5} {changed:>5} changed  {way}");
    }
    parts::found(&[
        ("meshes", all.end - all.start),
        ("mutants", made),
        ("behave differently", changed),
        ("judged by the book too", by_the_book),
        ("judged wrongly", problems.len() as u64),
    ]);
    let mut told = BTreeSet::new();
    problems.retain(|problem: &String| told.insert(problem.chars().take(60).collect::<String>()));
    problems.truncate(12);
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

/// Of so many mutants one is judged by the book, whose own universe of requests is far larger: of few one alone.
fn judged_by_the_book() -> u64 {
    std::env::var("MESHC_BOOK").ok().and_then(|text| text.parse().ok()).unwrap_or(60)
}

/// What the second implementation holds against a diff: whether anything is different at all.
fn against_the_book(base: &World, head: &World, found: &Diff) -> Option<String> {
    match (book::first_difference(&base.mesh, &head.mesh), found.equal) {
        (Some(first), Equal::Yes) => Some(format!("missed by the book: {first:?}")),
        (None, Equal::No) if found.changes.iter().any(|change| change.witness.is_some()) => {
            let summaries: Vec<&str> = found.changes.iter().map(|change| change.summary.as_str()).collect();
            Some(format!("invented by the book: {summaries:?}"))
        }
        _ => None,
    }
}

/// What the enumeration holds against a diff.
fn judged(
    base: &World,
    head: &World,
    before: &BTreeMap<String, (String, serde_json::Value)>,
    found: &Diff,
    mutant: &Mutant,
) -> Vec<String> {
    let mut problems: Vec<String> =
        found.unknown.iter().map(|unknown| format!("unknown: {}: {}", unknown.what, unknown.why)).collect();
    // None missed: whatever is answered otherwise is told, of the workload that answers it.
    let after = head.answers();
    let mut missed: BTreeSet<(String, Aspect)> = BTreeSet::new();
    for (query, (workload, was)) in before {
        let Some((_, is)) = after.get(query) else { continue };
        let differing = aspects(was, is);
        let ends = differing.contains(&Aspect::End);
        for aspect in differing {
            // On the way to another end, what was done is no difference of its own.
            if ends && !matches!(aspect, Aspect::End | Aspect::Fault) {
                continue;
            }
            let told = |change: &Change| {
                shows(change.kind).contains(&aspect) && change.affected.workloads.contains(workload)
            };
            if !found.changes.iter().any(told) && missed.insert((workload.clone(), aspect)) {
                problems.push(format!("missed: {aspect:?} of {workload}: {query}\n{}", apart(was, is)));
            }
        }
    }
    // None invented: each change is seen in the answers to its witness, and what no request shows is what was changed.
    for change in &found.changes {
        let Some(witness) = &change.witness else {
            if !mutant.quiet.contains(&change.kind) {
                problems.push(format!("invented: {}: {}", change.kind.name(), change.summary));
            }
            continue;
        };
        let was = base.plain_json(&witness.proxy, change.before.clone());
        let is = head.plain_json(&witness.proxy, change.after.clone());
        let differing = aspects(&was, &is);
        if !shows(change.kind).iter().any(|aspect| differing.contains(aspect)) {
            let apart = apart(&was, &is);
            problems.push(format!("invented: {}: {}\n{apart}", change.kind.name(), change.summary));
        }
    }
    if let Some(must) = mutant.must
        && !found.changes.iter().any(|change| change.kind == must)
    {
        problems.push(format!("missed: {}", must.name()));
    }
    problems
}

/// The keys of two answers that differ, each with both values.
fn apart(a: &serde_json::Value, b: &serde_json::Value) -> String {
    let keys = a.as_object().into_iter().flat_map(|fields| fields.keys());
    let differing = keys.filter(|key| a.get(*key) != b.get(*key));
    differing.map(|key| format!("  {key}: {} | {}\n", a[key], b[key])).collect()
}

#[test]
fn what_is_written_otherwise_is_no_change() {
    let (all, mut made) = (parts::cases(6), 0);
    for seed in all.clone() {
        let model = Model::generate(&mut Dice::new(seed + 1_000_000));
        let plain = World::compile(write(&model, Style::default()));
        for style in Style::all().skip(1) {
            made += 1;
            let other = World::compile(write(&model, style));
            let found = compare(&plain, &other);
            let told: Vec<&str> = found.changes.iter().map(|change| change.summary.as_str()).collect();
            assert_eq!(found.equal, Equal::Yes, "seed {seed}, {style:?}: {told:?} {:?}", found.unknown);
        }
    }
    parts::found(&[("meshes", all.end - all.start), ("meshes written otherwise", made)]);
}

#[test]
fn a_mirrored_diff_is_the_diff_mirrored() {
    let (all, mut made) = (parts::cases(15), 0);
    for seed in all.clone() {
        let mut dice = Dice::new(seed + 2_000_000);
        let model = Model::generate(&mut dice);
        let way = dice.at(mutate::ways());
        let Some(mutant) = mutate::mutate(&model, way, &mut dice) else { continue };
        made += 1;
        let (base, head) = (
            World::compile(write(&model, Style::default())),
            World::compile(write(&mutant.model, Style::default())),
        );
        let (there, back) = (compare(&base, &head), compare(&head, &base));
        assert_eq!(there.equal, back.equal, "seed {seed}, {}", mutant.name);
        assert_eq!(mirrored(&there, false), mirrored(&back, true), "seed {seed}, {}", mutant.name);
    }
    parts::found(&[("meshes", all.end - all.start), ("diffs both ways", made)]);
}

/// The kinds of a diff with whom they concern, turned round if asked.
fn mirrored(found: &Diff, turned: bool) -> Vec<(&'static str, usize)> {
    let turn = |name: &'static str| match name {
        "newly-unreachable" => "newly-reachable",
        "newly-reachable" => "newly-unreachable",
        "newly-denied" => "newly-allowed",
        "newly-allowed" => "newly-denied",
        "listener-added" => "listener-removed",
        "listener-removed" => "listener-added",
        "proxy-added" => "proxy-removed",
        "proxy-removed" => "proxy-added",
        other => other,
    };
    let mut all: Vec<(&'static str, usize)> = found
        .changes
        .iter()
        .map(|change| {
            let name = change.kind.name();
            (if turned { turn(name) } else { name }, change.affected.proxies)
        })
        .collect();
    all.sort_unstable();
    all
}
