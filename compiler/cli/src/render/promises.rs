//! The results of `meshc test`, as a test runner prints them, and as CI systems list them.

use std::fmt::Write as _;

use meshc_analysis::{Case, Promise, Verdict, curl};
use owo_colors::OwoColorize as _;

use super::junit::escape;
use super::summary::counted;

/// One line a case, what is broken with its request and its lines, and the sum.
pub(crate) fn human(promises: &[Promise], colour: bool) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    for promise in promises {
        let _ = writeln!(text, "{}", promise.resource);
        for case in &promise.cases {
            write_case(&mut text, case, colour);
        }
    }
    let cases = || promises.iter().flat_map(|promise| &promise.cases);
    let kept = cases().filter(|case| case.verdict == Verdict::Kept).count();
    let unknown = cases().filter(|case| matches!(case.verdict, Verdict::Unknown { .. })).count();
    let broken = cases().count() - kept - unknown;
    let _ = write!(text, "\n{kept} kept, {broken} broken");
    if unknown > 0 {
        let _ = write!(text, ", {unknown} unknown");
    }
    let _ = writeln!(text, " ({})", counted(promises.len(), "promise"));
    text
}

fn write_case(text: &mut String, case: &Case, colour: bool) {
    let mark = |mark: &str, is_good: bool| match (colour, is_good) {
        (false, _) => mark.to_owned(),
        (true, true) => mark.green().to_string(),
        (true, false) => mark.red().to_string(),
    };
    match &case.verdict {
        Verdict::Kept => {
            let _ = writeln!(text, "  {} {}{}", mark("✓", true), case.name, sent(case));
        }
        Verdict::Unknown { why } => {
            let _ = writeln!(text, "  {} {}\n      unknown: {why}", mark("?", false), case.name);
        }
        Verdict::Broken(refutation) => {
            let _ = writeln!(text, "  {} {}\n      {}", mark("✗", false), case.name, refutation.message);
            if let Some(witness) = &refutation.witness {
                let _ = writeln!(text, "      {}: {}", witness.proxy, curl(witness));
            }
            for because in &refutation.because {
                let _ = writeln!(text, "      {}:{} {}", because.file, because.line, because.text);
            }
        }
    }
}

/// How many requests of a case went through real proxies, and why not all did.
fn sent(case: &Case) -> String {
    let Some(sent) = case.sent else { return String::new() };
    match (sent, case.not_sent.first()) {
        (0, None) => String::new(),
        (0, Some(why)) => format!(" (not sent: {why})"),
        (sent, None) => format!(" ({} sent)", counted(sent, "request")),
        (sent, Some(why)) => {
            format!(" ({} sent, {} not: {why})", counted(sent, "request"), case.not_sent.len())
        }
    }
}

/// One suite a promise, one test a case; what is unknown is a failure too, for it is no proof.
pub(crate) fn junit(promises: &[Promise]) -> String {
    let failed = |promise: &Promise| promise.cases.iter().filter(|c| c.verdict != Verdict::Kept).count();
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let _ = writeln!(
        text,
        "<testsuites name=\"meshc test\" tests=\"{}\" failures=\"{}\" errors=\"0\">",
        promises.iter().map(|promise| promise.cases.len()).sum::<usize>(),
        promises.iter().map(failed).sum::<usize>()
    );
    for promise in promises {
        let name = escape(&promise.resource.to_string());
        let _ = writeln!(
            text,
            "  <testsuite name=\"{name}\" tests=\"{}\" failures=\"{}\" errors=\"0\">",
            promise.cases.len(),
            failed(promise)
        );
        for case in &promise.cases {
            let title = escape(&case.name);
            let _ = match &case.verdict {
                Verdict::Kept => writeln!(text, "    <testcase name=\"{title}\" classname=\"{name}\"/>"),
                Verdict::Unknown { why } => write_failure(&mut text, &title, &name, why, "unknown"),
                Verdict::Broken(refutation) => {
                    write_failure(&mut text, &title, &name, &refutation.message, "broken")
                }
            };
        }
        text.push_str("  </testsuite>\n");
    }
    text.push_str("</testsuites>\n");
    text
}

fn write_failure(text: &mut String, title: &str, name: &str, message: &str, kind: &str) -> std::fmt::Result {
    writeln!(
        text,
        "    <testcase name=\"{title}\" classname=\"{name}\">\n      <failure message=\"{}\" type=\"{kind}\"/>\n    </testcase>",
        escape(message)
    )
}
