//! `cargo xtask bench hostile`: hosts of a thousand ordinary routes behind ones that are hard to analyse.

use std::process::Command;

use meshc_testkit::workspace;

use super::measure::{Job, table};
use super::trees::{one_host, ordinary};
use super::{machine, release};

/// Ordinary routes of each host.
const ROUTES: usize = 1_000;

pub(super) fn bench(rounds: usize) -> Result<(), String> {
    let meshc = release(&workspace().join("target"))?;
    machine();
    let mut jobs = Vec::new();
    for (number, (name, mut matches)) in families().into_iter().enumerate() {
        matches.extend(ordinary(ROUTES));
        let tree = one_host(&format!("hostile-{number}"), &matches)?;
        let meshc = meshc.clone();
        jobs.push(Job::new(name, (0.2, Some(100)), move || {
            let mut command = Command::new(&meshc);
            command.current_dir(&tree).args(["check", ".", "--no-cache", "--only", "routes"]);
            command
        }));
    }
    table(&jobs, rounds)
}

fn uri(regex: &str) -> String {
    format!("uri: {{regex: {regex:?}}}")
}

/// Matches that are hard each in their own way, with what they have in common.
fn families() -> Vec<(&'static str, Vec<String>)> {
    let uris = |numbers: std::ops::Range<usize>, of: fn(usize) -> String| -> Vec<String> {
        numbers.map(|n| uri(&of(n))).collect()
    };
    let value = |regex: String| format!("{{regex: {regex:?}}}");
    vec![
        ("one letter 60 places before the end", vec![uri("/(a|b)*a(a|b){60}")]),
        ("counted repetitions of repetitions", vec![uri("/((a{1,30}){1,30}b)*")]),
        ("80 letters anywhere, in order", vec![uri(&format!("/{}", ".*x.*y".repeat(40)))]),
        ("60 that hold together", uris(0..60, |n| format!("/.*k{n}.*(p|q){{{n}}}.*"))),
        ("39 letters before the end", uris(1..40, |n| format!("/.*z.{{{n}}}"))),
        ("200 of counted classes", uris(0..200, |n| format!("/.*[a-m]{{{n}}}[n-z]x.*"))),
        ("99 letters before the end, below one prefix", uris(1..100, |n| format!("/api/.*a.{{{n}}}"))),
        ("300 such ones, each below its own", uris(0..300, |n| format!("/p{n}/.*a.{{16}}"))),
        ("39 of classes of Unicode", uris(1..40, |n| format!("/.*\\p{{L}}{{{n}}}.*\\p{{Lu}}"))),
        ("60 without case", uris(0..60, |n| format!("(?i)/.*k{n}s.{{5}}.*"))),
        ("800 names behind any segment", uris(0..800, |n| format!("/[^/]+/x{n}/.*"))),
        (
            "800 names behind one to six segments",
            uris(0..800, |n| format!("/([^/]+/){{{}}}x{n}(/.*)?", 1 + n % 6)),
        ),
        ("300 words anywhere", uris(0..300, |n| format!(".*word{n}.*"))),
        (
            "200 of one header",
            (0..200)
                .map(|n| format!("headers: {{x-a: {}}}", value(format!(".*v{n}.*w.{{{}}}", n % 20))))
                .collect(),
        ),
        (
            "200 of two headers each",
            (0..200)
                .map(|n| {
                    let (one, other) = (value(format!(".*a.{{{}}}", n % 10)), value("b+".to_owned()));
                    format!("headers: {{x-{n}: {one}, y-{}: {other}}}", (n * 7) % 200)
                })
                .collect(),
        ),
        (
            "200 of a path and a header",
            (0..200)
                .map(|n| {
                    let header = value(format!(".*h{n}.*"));
                    format!("{}, headers: {{x-{}: {header}}}", uri(&format!("/.*p{n}.*")), n % 10)
                })
                .collect(),
        ),
        (
            "299 without six headers each",
            (1..300usize)
                .map(|n| {
                    let not: Vec<String> =
                        (1..7).map(|k| format!("x-{}-{k}: {{exact: v{}}}", (n * k) % 97, n % 5)).collect();
                    format!("withoutHeaders: {{{}}}", not.join(", "))
                })
                .collect(),
        ),
    ]
}
