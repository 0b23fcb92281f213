//! For programs: one object, all keys always there.

use meshc_diagnostics::{Code, Diagnostic, ResourceId, Severity, Witness};
use meshc_source::{Position, SourceSet, Span};
use serde::Serialize;

use super::Summary;

#[derive(Serialize)]
struct Report<'a> {
    version: u32,
    summary: Summary,
    diagnostics: Vec<Finding<'a>>,
}

#[derive(Serialize)]
struct Finding<'a> {
    code: Code,
    severity: Severity,
    message: &'a str,
    resource: Option<&'a ResourceId>,
    #[serde(flatten)]
    place: Place<'a>,
    labels: Vec<Label<'a>>,
    help: Option<&'a str>,
    witness: Option<&'a Witness>,
    aliases: &'a [&'static str],
    fixes: Vec<Fix<'a>>,
}

#[derive(Serialize)]
struct Label<'a> {
    #[serde(flatten)]
    place: Place<'a>,
    message: &'a str,
}

#[derive(Serialize)]
struct Fix<'a> {
    message: &'a str,
    edits: Vec<Edit<'a>>,
}

#[derive(Serialize)]
struct Edit<'a> {
    #[serde(flatten)]
    place: Place<'a>,
    text: &'a str,
}

#[derive(Serialize)]
struct Place<'a> {
    file: &'a str,
    start: Point,
    end: Point,
}

#[derive(Serialize)]
struct Point {
    line: u32,
    column: u32,
    offset: u32,
}

/// One line of JSON.
pub(crate) fn json(found: &[Diagnostic], sources: &SourceSet, summary: &Summary) -> String {
    let diagnostics = found.iter().map(|finding| Finding::new(finding, sources)).collect();
    let report = Report { version: 1, summary: *summary, diagnostics };
    // Only maps with keys that are no strings fail, and there are none.
    let mut text = serde_json::to_string(&report).unwrap_or_default();
    text.push('\n');
    text
}

impl<'a> Finding<'a> {
    fn new(finding: &'a Diagnostic, sources: &'a SourceSet) -> Self {
        let label = |label: &'a meshc_diagnostics::Label| Label {
            place: Place::new(label.span, sources),
            message: &label.message,
        };
        let edit = |edit: &'a meshc_diagnostics::Edit| Edit {
            place: Place::new(edit.span, sources),
            text: &edit.text,
        };
        let fix = |fix: &'a meshc_diagnostics::Fix| Fix {
            message: &fix.message,
            edits: fix.edits.iter().map(edit).collect(),
        };
        Self {
            code: finding.code,
            severity: finding.severity,
            message: &finding.message,
            resource: finding.resource.as_ref(),
            place: Place::new(finding.span, sources),
            labels: finding.labels.iter().map(label).collect(),
            help: finding.help.as_deref(),
            witness: finding.witness.as_ref(),
            aliases: &finding.aliases,
            fixes: finding.fixes.iter().map(fix).collect(),
        }
    }
}

impl<'a> Place<'a> {
    fn new(span: Span, sources: &'a SourceSet) -> Self {
        let (start, end) = sources.location(span);
        Self { file: &sources.file(span.file).path, start: start.into(), end: end.into() }
    }
}

impl From<Position> for Point {
    fn from(position: Position) -> Self {
        Self { line: position.line, column: position.column, offset: position.offset }
    }
}
