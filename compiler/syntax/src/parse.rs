//! YAML text to documents: one parser a document, so that each is read whatever its neighbours are.

use meshc_diagnostics::Diagnostic;
use meshc_source::{FileId, Span};

use crate::build::{self, Stop};
use crate::head::{self, Head};
use crate::limits::Limits;
use crate::node::Document;
use crate::suppress::{self, Suppression};
use crate::{rules, split};

/// What a file says.
#[derive(Clone, Debug, Default)]
pub struct Parsed {
    /// The documents that could be read, in order.
    pub documents: Vec<Document>,
    /// The documents that [`parse_wanted`] was told to leave alone, in order.
    pub skipped: Vec<Skipped>,
    /// What is wrong with the text.
    pub diagnostics: Vec<Diagnostic>,
    /// The comments that silence findings.
    pub suppressions: Vec<Suppression>,
}

/// A document that was not parsed because nobody wants its kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// Its `apiVersion`.
    pub api_version: String,
    /// Its `kind`.
    pub kind: String,
    /// Its bytes.
    pub span: Span,
}

/// Reads all documents of a file; JSON is read as the YAML that it is. Never fails: what cannot be read
/// is in the diagnostics, and the rest is there.
///
/// ```
/// use meshc_source::FileId;
/// let parsed = meshc_syntax::parse(FileId(0), "kind: A\n---\na: [\n---\nkind: C\n", &Default::default());
/// assert_eq!(parsed.documents.len(), 2);
/// assert_eq!(parsed.diagnostics[0].code.to_string(), "MC0001");
/// ```
pub fn parse(file: FileId, text: &str, limits: &Limits) -> Parsed {
    parse_wanted(file, text, limits, |_| true)
}

/// As [`parse`], but documents whose head names a kind that is not wanted are not parsed at all. A
/// document whose head cannot be told at a glance is parsed.
pub fn parse_wanted(file: FileId, text: &str, limits: &Limits, wanted: impl Fn(&Head<'_>) -> bool) -> Parsed {
    let mut parsed = Parsed::default();
    let ranges = split::documents(text);
    if ranges.len() > limits.documents {
        parsed.diagnostics.push(
            Diagnostic::new(
                &rules::TOO_MANY_DOCUMENTS,
                Span::start_of(file),
                format!(
                    "the file has {} documents, more than {}: none is read",
                    ranges.len(),
                    limits.documents
                ),
            )
            .help("split the file"),
        );
        return parsed;
    }
    let mut template = None;
    for range in ranges {
        let source = &text[range.clone()];
        let span = Span::new(file, range.start as u32, range.end as u32);
        if let Some(head) = head::of(source)
            && !wanted(&head)
        {
            let (api_version, kind) = (head.api_version.to_owned(), head.kind.to_owned());
            parsed.skipped.push(Skipped { api_version, kind, span });
            continue;
        }
        if let Some(finding) = too_long(source, span, limits) {
            parsed.diagnostics.push(finding);
            continue;
        }
        let built = build::document(file, source, range.start, limits);
        let broken = matches!(built.stop, Some(Stop::Syntax)) || built.invalid_key;
        if broken && let Some(at) = template_action(source) {
            let at = range.start as u32 + at.start as u32..range.start as u32 + at.end as u32;
            template.get_or_insert(Span::new(file, at.start, at.end));
            continue;
        }
        parsed.diagnostics.extend(built.diagnostics);
        parsed.documents.extend(built.roots.into_iter().map(|root| Document { root, span }));
    }
    if let Some(span) = template {
        parsed.diagnostics.push(rules::helm_template(span));
    }
    let (suppressions, malformed) = suppress::find(file, text, &parsed.documents, &parsed.skipped);
    parsed.suppressions = suppressions;
    parsed.diagnostics.extend(malformed);
    parsed
}

/// Reads a single document of a file again, by the bytes that [`Document::span`] or [`Skipped::span`] gave; none if
/// nothing can be read there.
pub fn parse_again(text: &str, span: Span, limits: &Limits) -> Option<Document> {
    let source = text.get(span.start as usize..span.end as usize)?;
    let built = build::document(span.file, source, span.start as usize, limits);
    built.roots.into_iter().next().map(|root| Document { root, span })
}

/// A document, or a line of it, that is longer than any that is meant to be read.
fn too_long(source: &str, span: Span, limits: &Limits) -> Option<Diagnostic> {
    if source.len() > limits.document {
        let message =
            format!("the document has {} bytes, more than {}: it is not read", source.len(), limits.document);
        let place = Span::new(span.file, span.start, span.start);
        return Some(Diagnostic::new(&rules::DOCUMENT_TOO_LONG, place, message).help("split it"));
    }
    if source.len() <= limits.line {
        return None;
    }
    let mut start = 0;
    for newline in memchr::memchr_iter(b'\n', source.as_bytes()).chain([source.len()]) {
        if newline - start > limits.line {
            let length = newline - start;
            let message =
                format!("a line of {length} bytes is longer than {}: the document is not read", limits.line);
            let place = Span::new(span.file, span.start + start as u32, span.start + start as u32);
            return Some(
                Diagnostic::new(&rules::LINE_TOO_LONG, place, message)
                    .help("a mesh needs no such line: move it out of the tree"),
            );
        }
        start = newline + 1;
    }
    None
}

/// The first `{{ … }}` of a text that is not YAML: what Helm's (or any Go) templates are made of.
fn template_action(text: &str) -> Option<std::ops::Range<usize>> {
    let start = memchr::memmem::find(text.as_bytes(), b"{{")?;
    let end = memchr::memmem::find(&text.as_bytes()[start..], b"}}")?;
    Some(start..start + end + 2)
}

#[cfg(test)]
mod tests;
