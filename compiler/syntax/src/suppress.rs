//! Comments that silence a finding in place: `# meshc: allow MC2103 because the route is being removed`.

use meshc_diagnostics::{Code, Diagnostic};
use meshc_source::{FileId, Span};

use crate::node::{Document, Kind, Node};
use crate::parse::Skipped;
use crate::rules;

/// The words that a silencing comment begins with.
const MARK: &str = "meshc: allow";

/// A comment that silences findings of one rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suppression {
    /// The rule.
    pub code: Code,
    /// Why, in the author's words.
    pub reason: String,
    /// The comment.
    pub span: Span,
    /// Findings that start here are silenced: the largest value that begins on the comment's own line
    /// or, where the comment stands alone, on the line below. Above a document's first key it is the
    /// document.
    pub applies_to: Span,
}

/// The silencing comments of a file, and the findings about those that are malformed.
pub(crate) fn find(
    file: FileId,
    text: &str,
    documents: &[Document],
    skipped: &[Skipped],
) -> (Vec<Suppression>, Vec<Diagnostic>) {
    let (mut found, mut malformed) = (Vec::new(), Vec::new());
    for at in memchr::memmem::find_iter(text.as_bytes(), MARK) {
        let line_start = memchr::memrchr(b'\n', &text.as_bytes()[..at]).map_or(0, |newline| newline + 1);
        let before = text[line_start..at].trim_end();
        let Some(code_part) = before.strip_suffix('#') else {
            continue;
        };
        let hash = line_start + code_part.len();
        let is_comment = code_part.is_empty() || code_part.ends_with([' ', '\t']);
        let unread = at_offset(skipped, hash, |skipped| skipped.span).is_some();
        let document = at_offset(documents, hash, |document| document.span);
        if !is_comment || unread || document.is_some_and(|document| in_scalar(&document.root, hash)) {
            continue;
        }
        let line_end =
            memchr::memchr(b'\n', &text.as_bytes()[at..]).map_or(text.len(), |newline| at + newline);
        let comment = text[hash..line_end].trim_end();
        let span = Span::new(file, hash as u32, (hash + comment.len()) as u32);
        let (code, reason) = match parts(&text[at + MARK.len()..hash + comment.len()]) {
            Ok(parts) => parts,
            Err(problem) => {
                malformed.push(rules::malformed_suppression(span, problem));
                continue;
            }
        };
        let alone = code_part.trim().is_empty();
        let target = if alone { next_content(text, line_end) } else { first_content(text, line_start) };
        let applies_to = target
            .and_then(|target| {
                let document = at_offset(documents, target, |document| document.span)?;
                largest_at(&document.root, target as u32, alone)
            })
            .unwrap_or(Span::new(file, line_start as u32, line_end as u32));
        found.push(Suppression { code, reason: reason.to_owned(), span, applies_to });
    }
    (found, malformed)
}

/// ` MC2103 because …` to its parts.
fn parts(text: &str) -> Result<(Code, &str), &'static str> {
    let (code, rest) = text.trim_start().split_once(char::is_whitespace).unwrap_or((text.trim(), ""));
    let code = code.parse().map_err(|_| "it names no rule: a code is `MC` and four digits")?;
    let reason = rest.trim_start().strip_prefix("because").ok_or("it gives no reason")?;
    if !reason.starts_with(char::is_whitespace) || reason.trim().is_empty() {
        return Err("it gives no reason");
    }
    Ok((code, reason.trim()))
}

/// The item that holds an offset, of items in the order of the text.
fn at_offset<T>(items: &[T], at: usize, span: impl Fn(&T) -> Span) -> Option<&T> {
    let behind = items.partition_point(|item| span(item).start as usize <= at);
    items.get(behind.checked_sub(1)?).filter(|item| at < span(item).end as usize)
}

fn in_scalar(node: &Node, at: usize) -> bool {
    let inside = node.span.start as usize <= at && at < node.span.end as usize;
    match &node.kind {
        Kind::Sequence(items) => items.iter().any(|item| in_scalar(item, at)),
        Kind::Mapping(entries) => entries.iter().any(|entry| {
            let key = entry.key.span;
            (key.start as usize <= at && at < key.end as usize) || in_scalar(&entry.value, at)
        }),
        _ => inside,
    }
}

/// Where the first line behind `from` that is no comment and not blank has its first character.
fn next_content(text: &str, from: usize) -> Option<usize> {
    let mut at = from;
    while at < text.len() {
        let start = at + 1;
        let end = memchr::memchr(b'\n', text.as_bytes().get(start..)?)
            .map_or(text.len(), |newline| start + newline);
        let line = text.get(start..end)?.trim();
        let is_marker = line.starts_with("---");
        if !line.is_empty() && !line.starts_with('#') && !is_marker {
            return first_content(text, start);
        }
        at = end;
    }
    None
}

/// Where the value of a line begins: behind its blanks and dashes.
fn first_content(text: &str, line_start: usize) -> Option<usize> {
    let line = text.get(line_start..)?;
    let blanks = line.len() - line.trim_start_matches([' ', '\t', '\u{feff}']).len();
    let mut at = line_start + blanks;
    while text.get(at..)?.starts_with("- ") {
        let rest = &text[at + 1..];
        at += 1 + rest.len() - rest.trim_start_matches([' ', '\t']).len();
    }
    Some(at)
}

/// The largest value that starts at an offset, a key with its value counting as one; the root only if
/// `root` says so.
fn largest_at(node: &Node, at: u32, root: bool) -> Option<Span> {
    if root && node.span.start == at {
        return Some(node.span);
    }
    match &node.kind {
        Kind::Sequence(items) => items.iter().find_map(|item| largest_at(item, at, true)),
        Kind::Mapping(entries) => entries.iter().find_map(|entry| {
            if entry.key.span.start == at {
                return Some(entry.key.span.join(entry.value.span));
            }
            largest_at(&entry.value, at, true)
        }),
        _ => None,
    }
}

/// Takes the silenced findings out and adds one for each comment that silences nothing. `judged` says
/// whether a rule ran at all: a comment for one that did not run is not unused.
pub fn apply(
    diagnostics: Vec<Diagnostic>,
    suppressions: &[Suppression],
    judged: impl Fn(Code) -> bool,
) -> Vec<Diagnostic> {
    if suppressions.is_empty() {
        return diagnostics;
    }
    let mut used = vec![false; suppressions.len()];
    let mut kept: Vec<Diagnostic> = Vec::with_capacity(diagnostics.len());
    for diagnostic in diagnostics {
        let mut silenced = false;
        for (used, suppression) in used.iter_mut().zip(suppressions) {
            let area = suppression.applies_to;
            let within = area.file == diagnostic.span.file
                && (area.start..area.end.max(area.start + 1)).contains(&diagnostic.span.start);
            if within && suppression.code == diagnostic.code {
                *used = true;
                silenced = true;
            }
        }
        if !silenced {
            kept.push(diagnostic);
        }
    }
    for (used, suppression) in used.iter().zip(suppressions) {
        if !used && judged(suppression.code) {
            kept.push(rules::unused_suppression(suppression));
        }
    }
    kept
}

#[cfg(test)]
mod tests;
