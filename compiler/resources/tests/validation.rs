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

/// The files of recorded verdicts.
const FILES: [&str; 4] =
    ["istio-repository", "istio-unit-tests", "generated-from-schema", "generated-mutations"];

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
    for file in FILES {
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
        if agreed < all {
            missed.push(file);
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
    assert!(missed.is_empty(), "not every document gets its verdict: {missed:?}");
}

/// What `istioctl analyze` does not report under the code of a webhook's warning, or what a rule about the whole mesh says:
/// unreachable rules (`IST0130`, `IST0131`), addresses (`MC1413`), deprecated fields (`MC1416`), old names (`MC1407`).
const ELSEWHERE: [&str; 4] = [
    "virtualService rule",
    "addresses are required for ports",
    "using deprecated setting",
    "using legacy gatewayName",
];

/// Whether a recorded error or warning says anything that is not said elsewhere.
fn says_something(recorded: &Value) -> bool {
    let lines =
        recorded.as_str().unwrap_or_default().lines().map(|line| line.trim().trim_start_matches("* "));
    let lines = lines.filter(|line| {
        !line.is_empty() && !line.ends_with("errors occurred:") && !line.ends_with("error occurred:")
    });
    let mut said = lines.filter(|line| !ELSEWHERE.iter().any(|text| line.starts_with(text)));
    said.next().is_some()
}

/// The analyzers run the webhook's code: `IST0106` stands at what it refuses, `IST0133` at what it warns of, and nowhere
/// else. (Not in documents that it cannot decode, which `istioctl` leaves out, and but for annotations, which it is not
/// given there.)
#[test]
fn findings_have_istioctls_code_where_the_webhook_says_the_same() {
    let Some(folder) = meshc_testkit::shared("findings have istioctl's codes", "oracle/validation") else {
        return;
    };
    let show = std::env::var("MESHC_SHOW").unwrap_or_default();
    let mut wrong: BTreeMap<String, usize> = BTreeMap::new();
    let (mut all, mut agreed) = (0_usize, 0_usize);
    for file in FILES {
        let lines = fs::read_to_string(folder.join(format!("{file}.jsonl"))).expect(file);
        for line in lines.lines() {
            let case: Value = serde_json::from_str(line).expect("a case");
            let text = case["yaml"].as_str().unwrap_or_default();
            if case.get("decode_error").is_some() || text.contains("annotations:") {
                continue;
            }
            let outcome = meshc_resources::read(&SourceSet::of("case.yaml", text), &Limits::default());
            for (code, recorded) in [("IST0106", "webhook_error"), ("IST0133", "webhook_warning")] {
                let expected = says_something(&case[recorded]);
                let found: Vec<String> = outcome.diagnostics.iter().map(|f| f.code.to_string()).collect();
                let reported = outcome.diagnostics.iter().any(|finding| finding.aliases.contains(&code));
                all += 1;
                if expected == reported {
                    agreed += 1;
                    continue;
                }
                let verb = if expected { "missing" } else { "too many" };
                let kind = case["kind"].as_str().unwrap_or_default();
                let reason = class(case[recorded].as_str().unwrap_or_default());
                *wrong.entry(format!("{code} {verb} {kind} {found:?} {reason}")).or_default() += 1;
                if show == code {
                    println!("---\n{text}");
                }
            }
        }
    }
    println!("{agreed} of {all} ({:.2} %)", agreed as f64 * 100.0 / all as f64);
    let mut wrong: Vec<_> = wrong.into_iter().collect();
    wrong.sort_by_key(|(class, count)| (std::cmp::Reverse(*count), class.clone()));
    for (class, count) in wrong.iter().take(CLASSES) {
        println!("{count:5} {class}");
    }
    // Of the rest most are documents with unknown fields or wrong types, of which the recorded webhook saw what is left, and
    // lists that are there and empty, which count for the definition's `has()` and not for the webhook.
    assert!(all - agreed <= 32, "differences");
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
