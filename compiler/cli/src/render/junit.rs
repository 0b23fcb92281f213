//! The XML of `JUnit`, which CI systems list as tests: a file is a suite, a finding a test that failed.

use std::fmt::Write as _;

use meshc_diagnostics::{Diagnostic, Severity};
use meshc_source::{FileId, SourceSet};

use super::Summary;

/// One document. Findings that are only worth knowing are tests that passed, with output.
pub(crate) fn junit(found: &[Diagnostic], sources: &SourceSet, summary: &Summary) -> String {
    let clean = usize::from(found.is_empty());
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    // Writing to a string cannot fail.
    let _ = writeln!(
        text,
        "<testsuites name=\"meshc\" tests=\"{}\" failures=\"{}\" errors=\"0\">",
        found.len() + clean,
        summary.errors + summary.warnings
    );
    if clean == 1 {
        text.push_str("  <testsuite name=\"meshc\" tests=\"1\" failures=\"0\" errors=\"0\">\n");
        let _ = writeln!(text, "    <testcase name=\"{}\" classname=\"meshc\"/>", escape(&summary.line()));
        text.push_str("  </testsuite>\n");
    }
    // Findings are sorted by file.
    for suite in found.chunk_by(|a, b| a.span.file == b.span.file) {
        write_suite(&mut text, suite, sources, suite[0].span.file);
    }
    text.push_str("</testsuites>\n");
    text
}

fn write_suite(text: &mut String, suite: &[Diagnostic], sources: &SourceSet, file: FileId) {
    let path = escape(&sources.file(file).path);
    let failures = suite.iter().filter(|finding| finding.severity > Severity::Info).count();
    let _ = writeln!(
        text,
        "  <testsuite name=\"{path}\" tests=\"{}\" failures=\"{failures}\" errors=\"0\">",
        suite.len()
    );
    for finding in suite {
        let (start, _) = sources.location(finding.span);
        let _ = writeln!(
            text,
            "    <testcase name=\"{} {}:{}\" classname=\"{path}\" file=\"{path}\" line=\"{}\">",
            finding.code, start.line, start.column, start.line
        );
        let mut body = finding.message.clone();
        for line in finding.resource.iter().map(ToString::to_string).chain(finding.help.clone()) {
            let _ = write!(body, "\n{line}");
        }
        let (message, body) = (escape(&finding.message), escape(&body));
        let _ = match finding.severity {
            Severity::Info => writeln!(text, "      <system-out>{body}</system-out>"),
            severity => {
                writeln!(text, "      <failure message=\"{message}\" type=\"{severity}\">{body}</failure>")
            }
        };
        text.push_str("    </testcase>\n");
    }
    text.push_str("  </testsuite>\n");
}

/// Text for an element or an attribute; what XML 1.0 has no character for becomes the replacement sign.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' | '\t' => escaped.push(c),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
    }
    escaped
}
