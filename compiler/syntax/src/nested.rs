//! YAML within a string of YAML, as ConfigMaps hold it: read with the places that it has in the outer file.

use meshc_diagnostics::Diagnostic;
use meshc_source::Span;

use crate::limits::Limits;
use crate::node::{Entry, Kind, Node, Style};
use crate::parse::{Parsed, parse};

/// Reads the text of a string as YAML. `outer` is the file in which the string stands: of a block scalar (`|`)
/// every place is exact, of any other string all places are the whole string unless it is written as it is read
/// (without escapes and folds).
///
/// ```
/// use meshc_source::FileId;
/// let text = "data:\n  mesh: |\n    rootNamespace: x\n    trustDomain: td\n";
/// let outer = meshc_syntax::parse(FileId(0), text, &Default::default());
/// let string = outer.documents[0].root.at(&["data", "mesh"]).unwrap();
/// let inner = meshc_syntax::parse_nested(text, string, &Default::default());
/// let value = inner.documents[0].root.get("trustDomain").unwrap();
/// assert_eq!(&text[value.span.start as usize..value.span.end as usize], "td");
/// ```
pub fn parse_nested(outer: &str, string: &Node, limits: &Limits) -> Parsed {
    let text = string.as_str().unwrap_or_default();
    let mut parsed = parse(string.span.file, text, limits);
    let places = Places::new(outer, string, text);
    for document in &mut parsed.documents {
        document.span = places.outer(document.span);
        places.node(&mut document.root);
    }
    for finding in &mut parsed.diagnostics {
        places.finding(finding);
    }
    // A comment of the outer file is where a finding is silenced.
    parsed.suppressions.clear();
    parsed
}

/// From places in the inner text to places in the outer file.
struct Places {
    whole: Span,
    /// Of each line of the inner text: where it starts, and where its text starts in the outer file. Empty if the
    /// text is not written as it is read.
    lines: Vec<(u32, u32)>,
}

// === impl Places ===

impl Places {
    fn new(outer: &str, string: &Node, text: &str) -> Self {
        let whole = string.span;
        let lines = match string.style {
            Style::Literal => literal_lines(outer, whole, text),
            _ => plain_line(outer, whole, text),
        };
        Self { whole, lines: lines.unwrap_or_default() }
    }

    fn outer(&self, span: Span) -> Span {
        match (self.offset(span.start), self.offset(span.end)) {
            (Some(start), Some(end)) => Span::new(span.file, start, end.max(start)),
            _ => self.whole,
        }
    }

    fn offset(&self, inner: u32) -> Option<u32> {
        let line = self.lines.partition_point(|(start, _)| *start <= inner).checked_sub(1)?;
        let (start, outer) = *self.lines.get(line)?;
        Some(outer + (inner - start))
    }

    fn node(&self, node: &mut Node) {
        node.span = self.outer(node.span);
        match &mut node.kind {
            Kind::Sequence(items) => items.iter_mut().for_each(|item| self.node(item)),
            Kind::Mapping(entries) => {
                for Entry { key, value } in entries {
                    key.span = self.outer(key.span);
                    self.node(value);
                }
            }
            _ => {}
        }
    }

    fn finding(&self, finding: &mut Diagnostic) {
        finding.span = self.outer(finding.span);
        for label in &mut finding.labels {
            label.span = self.outer(label.span);
        }
        for fix in &mut finding.fixes {
            for edit in &mut fix.edits {
                edit.span = self.outer(edit.span);
            }
        }
        if self.lines.is_empty() {
            finding.fixes.clear();
        }
    }
}

/// The lines of a literal block scalar, each a line of the outer file without the block's indentation.
fn literal_lines(outer: &str, whole: Span, text: &str) -> Option<Vec<(u32, u32)>> {
    let block = outer.get(whole.start as usize..)?;
    let mut written = whole.start as usize + block.find('\n')? + 1;
    let mut inner = 0;
    let mut lines = Vec::new();
    let indentation = indentation(outer.get(written..)?, text)?;
    for line in text.split_inclusive('\n') {
        let of_outer = outer.get(written..)?;
        let length = of_outer.find('\n').map_or(of_outer.len(), |newline| newline + 1);
        let skipped = indentation.min(of_outer[..length].trim_end_matches(['\n', '\r']).len());
        lines.push((inner as u32, (written + skipped) as u32));
        inner += line.len();
        written += length;
    }
    Some(lines)
}

/// Blanks before the block's lines: what its first line that is not blank has more than in the text.
fn indentation(outer: &str, text: &str) -> Option<usize> {
    let blanks = |line: &str| line.len() - line.trim_start_matches(' ').len();
    let pair = outer.lines().zip(text.lines()).find(|(line, _)| !line.trim().is_empty());
    pair.map_or(Some(0), |(written, read)| blanks(written).checked_sub(blanks(read)))
}

/// A string of one line that is written as it is read.
fn plain_line(outer: &str, whole: Span, text: &str) -> Option<Vec<(u32, u32)>> {
    let written = outer.get(whole.start as usize..whole.end as usize)?;
    let (quotes, bare) = match written.as_bytes() {
        [b'"', .., b'"'] | [b'\'', .., b'\''] => (1, &written[1..written.len() - 1]),
        _ => (0, written),
    };
    (bare == text).then(|| vec![(0, whole.start + quotes)])
}

#[cfg(test)]
mod tests {
    use meshc_source::FileId;

    use super::*;

    fn places(text: &str) -> Vec<String> {
        let outer = parse(FileId(0), text, &Limits::default());
        let string = outer.documents[0].root.get("a").unwrap();
        let inner = parse_nested(text, string, &Limits::default());
        let mut found = Vec::new();
        walk(text, &inner.documents[0].root, &mut found);
        found.extend(inner.diagnostics.iter().map(|d| format!("{}: {}", slice(text, d.span), d.message)));
        found
    }

    fn slice(text: &str, span: Span) -> &str {
        &text[span.start as usize..span.end as usize]
    }

    fn walk(text: &str, node: &Node, found: &mut Vec<String>) {
        for entry in node.entries() {
            found.push(slice(text, entry.key.span).to_owned());
            walk(text, &entry.value, found);
        }
        if node.entries().is_empty() {
            found.push(slice(text, node.span).to_owned());
        }
    }

    #[test]
    fn places_in_a_block_are_those_of_the_file() {
        assert_eq!(places("a: |\n  x: 1\n  y:\n    z: two\nb: 3\n"), ["x", "1", "y", "z", "two"]);
        assert_eq!(places("a: |-\n\n    # note\n\n    ä: ö\n    y: 2"), ["ä", "ö", "y", "2"]);
        assert_eq!(places("a: |2\n   x: 1\n   y: 2\n"), ["x", "1", "y", "2"]);
        assert_eq!(places("a: |\r\n  x: 1\r\n  y: 2\r\n"), ["x", "1", "y", "2"]);
    }

    #[test]
    fn other_strings_are_exact_where_they_are_written_as_read() {
        assert_eq!(places("a: 'x: 1'\n"), ["x", "1"]);
        assert_eq!(places("a: \"x: 1\\ny: 2\"\n")[0], "\"x: 1\\ny: 2\"");
    }

    #[test]
    fn findings_stand_in_the_outer_file() {
        assert_eq!(places("a: |\n  x: 1\n  x: 2\n").last().map(|f| &f[..2]), Some("x:"));
    }
}
