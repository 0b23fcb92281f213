//! Cuts a stream into documents before any of them is parsed, so that a broken one hides none of its
//! neighbours. A `---` or `...` at the start of a line is never content, whatever stands around it.

use std::ops::Range;

/// The ranges of the documents, each with its `---` line and the comments before it that belong to it.
pub(crate) fn documents(text: &str) -> Vec<Range<usize>> {
    let start = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let mut ranges = Vec::new();
    let mut begin = start;
    let mut content = Content::Nothing;
    let mut at = start;
    while at < text.len() {
        let end =
            memchr::memchr(b'\n', &text.as_bytes()[at..]).map_or(text.len(), |newline| at + newline + 1);
        let line = &text[at..end];
        if is_marker(line, "---") {
            // Directives belong to the document that the marker starts.
            if content != Content::Directives {
                push(&mut ranges, begin..at);
                begin = at;
            }
            content = Content::Text;
        } else if is_marker(line, "...") {
            push(&mut ranges, begin..end);
            begin = end;
            content = Content::Nothing;
        } else if content != Content::Text {
            content = match line.trim_ascii().as_bytes().first() {
                None | Some(b'#') => content,
                Some(b'%') if line.starts_with('%') => Content::Directives,
                Some(_) => Content::Text,
            };
        }
        at = end;
    }
    push(&mut ranges, begin..text.len());
    ranges
}

/// What a document has so far.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Content {
    /// Blank lines and comments.
    Nothing,
    /// `%YAML`, `%TAG`.
    Directives,
    /// Anything else.
    Text,
}

fn push(ranges: &mut Vec<Range<usize>>, range: Range<usize>) {
    if !range.is_empty() {
        ranges.push(range);
    }
}

/// Whether a line is the marker, alone or with a blank behind it.
fn is_marker(line: &str, marker: &str) -> bool {
    line.strip_prefix(marker).is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t', '\r', '\n']))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str) -> Vec<&str> {
        documents(text).into_iter().map(|range| &text[range]).collect()
    }

    #[test]
    fn markers_cut_and_nothing_is_lost() {
        assert_eq!(split("a: 1\n---\nb: 2\n"), ["a: 1\n", "---\nb: 2\n"]);
        assert_eq!(split("---\r\na\r\n--- # b\r\n"), ["---\r\na\r\n", "--- # b\r\n"]);
        assert_eq!(split("a: |\n  ---\n---x: 1\n"), ["a: |\n  ---\n---x: 1\n"]);
        assert_eq!(split("a\n...\n# c\n%YAML 1.2\n---\nb"), ["a\n...\n", "# c\n%YAML 1.2\n---\nb"]);
        assert_eq!(split("\u{feff}---\na"), ["---\na"]);
        assert_eq!(split(""), [""; 0]);
    }
}
