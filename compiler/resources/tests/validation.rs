//! Documents against what an API server with Istio's definitions and webhook said of them.
//!
//! `MESHC_SHOW=KIND` lists the differences of a kind, `MESHC_SHOW=all` those of all.

#![expect(clippy::print_stdout, reason = "the numbers are what the test is read for")]

use std::collections::BTreeMap;
use std::fs;

use meshc_diagnostics::Severity;
use meshc_source::SourceSet;
use meshc_syntax::Limits;
use serde_json::Value;

/// The files with the least share of documents that must get the recorded verdict, in hundredths of a percent.
const FILES: &[(&str, usize)] = &[
    ("istio-repository", 9_750),
    ("istio-unit-tests", 9_580),
    ("generated-from-schema", 9_810),
    ("generated-mutations", 9_310),
];

/// How many classes of differences are printed.
const CLASSES: usize = 25;

#[derive(Default)]
struct Tally {
    agreed: usize,
    all: usize,
}

#[test]
fn documents_get_the_verdict_of_the_api_server_and_the_webhook() {
    let Some(folder) = meshc_testkit::shared("documents get Istio's verdict", "oracle/validation") else {
        return;
    };
    let show = std::env::var("MESHC_SHOW").unwrap_or_default();
    let mut classes: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut missed = Vec::new();
    for (file, least) in FILES {
        let mut kinds: BTreeMap<String, Tally> = BTreeMap::new();
        let lines = fs::read_to_string(folder.join(format!("{file}.jsonl"))).expect(file);
        for line in lines.lines() {
            let case: Value = serde_json::from_str(line).expect("a case");
            let word = |key: &str| case[key].as_str().unwrap_or_default().to_owned();
            let (kind, text) = (word("kind"), word("yaml"));
            let outcome = meshc_resources::read(&SourceSet::of("case.yaml", &text), &Limits::default());
            let errors: Vec<String> = outcome
                .diagnostics
                .iter()
                .filter(|finding| finding.severity == Severity::Error)
                .map(|finding| format!("{} {}", finding.code, finding.message))
                .collect();
            let tally = kinds.entry(kind.clone()).or_default();
            tally.all += 1;
            if case["valid"].as_bool() == Some(errors.is_empty()) {
                tally.agreed += 1;
                continue;
            }
            let recorded =
                ["crd_error", "decode_error", "webhook_error"].map(word).join(" ").trim().to_owned();
            let reason =
                if errors.is_empty() { recorded.clone() } else { format!("TOO STRICT {}", errors[0]) };
            let class = format!("{kind}: {}", class(&reason));
            let detail =
                format!("--- {file} {}\nrecorded: {recorded}\nours: {errors:?}\n{text}", word("source"));
            classes.entry(class).or_default().push(detail);
        }
        let (agreed, all) = kinds.values().fold((0, 0), |(a, b), tally| (a + tally.agreed, b + tally.all));
        println!("{file}: {agreed} of {all} ({:.2} %)", agreed as f64 * 100.0 / all as f64);
        let rest = kinds.iter().filter(|(_, tally)| tally.agreed < tally.all);
        let rest: Vec<String> =
            rest.map(|(kind, tally)| format!("{kind} {}/{}", tally.agreed, tally.all)).collect();
        println!("  {}", rest.join(", "));
        if agreed * 10_000 < all * least {
            missed.push(*file);
        }
    }
    let mut classes: Vec<_> = classes.into_iter().collect();
    classes.sort_by_key(|(class, details)| (std::cmp::Reverse(details.len()), class.clone()));
    for (class, details) in &classes {
        if !show.is_empty() && (show == "all" || class.starts_with(&format!("{show}:"))) {
            println!("{:5} {class}\n{}", details.len(), details.join("\n"));
        }
    }
    if show.is_empty() {
        for (class, details) in classes.iter().take(CLASSES) {
            println!("{:5} {class}", details.len());
        }
    }
    assert!(missed.is_empty(), "below their thresholds: {missed:?}");
}

/// A reason without the values in it, so that like is counted with like.
fn class(reason: &str) -> String {
    let line = reason.lines().map(|line| line.trim().trim_start_matches('*').trim());
    let line = line.filter(|line| !line.ends_with("errors occurred:") && !line.ends_with("error occurred:"));
    let line = line.collect::<Vec<_>>().join(" ");
    let mut out = String::new();
    let mut quote = None;
    for c in line.chars() {
        match quote {
            Some(open) if c == open => quote = None,
            Some(_) => {}
            None if c == '"' || c == '`' => {
                quote = Some(c);
                out.push('…');
            }
            None if c.is_ascii_digit() => {
                if !out.ends_with('#') {
                    out.push('#');
                }
            }
            None => out.push(c),
        }
    }
    out.chars().take(150).collect()
}
