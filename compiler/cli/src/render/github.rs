//! Commands that GitHub's runner turns to annotations on the lines of a change.

use std::fmt::Write as _;

use meshc_diagnostics::{Diagnostic, Severity};
use meshc_source::SourceSet;

/// One command a finding, in the order of the findings.
pub(crate) fn github(found: &[Diagnostic], sources: &SourceSet) -> String {
    let mut text = String::new();
    for finding in found {
        let command = match finding.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Info => "notice",
        };
        let (start, end) = sources.location(finding.span);
        let path = property(&sources.file(finding.span.file).path);
        // Writing to a string cannot fail.
        let _ = write!(text, "::{command} file={path},line={},endLine={}", start.line, end.line);
        // Columns count only within one line; the runner's end is inclusive.
        if start.line == end.line {
            let last = end.column.saturating_sub(1).max(start.column);
            let _ = write!(text, ",col={},endColumn={last}", start.column);
        }
        let mut message = finding.message.clone();
        if let Some(resource) = &finding.resource {
            let _ = write!(message, " ({resource})");
        }
        if let Some(help) = &finding.help {
            let _ = write!(message, "\n{help}");
        }
        let _ = writeln!(text, ",title={}::{}", finding.code, data(&message));
    }
    text
}

/// Text behind the command.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The value of a property.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
