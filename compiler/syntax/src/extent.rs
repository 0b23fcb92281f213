//! Exact bytes of a node, where the parser's own marks are wider, narrower, or elsewhere.

use crate::node::Style;

/// Behind the tag and the anchor of a node that starts at `start`.
pub(crate) fn skip_properties(text: &str, start: usize, end: usize) -> usize {
    let mut at = start;
    while let Some(rest) = text.get(at..end)
        && rest.starts_with(['&', '!'])
    {
        let word = rest.find([' ', '\t', '\r', '\n']).unwrap_or(rest.len());
        at += word;
        at += blank(&text[at..end]);
    }
    at
}

/// Bytes of white space and comments at the start of a text.
fn blank(text: &str) -> usize {
    let mut at = 0;
    loop {
        at += text[at..].len() - text[at..].trim_start_matches([' ', '\t', '\r', '\n']).len();
        if !text[at..].starts_with('#') {
            return at;
        }
        at += text[at..].find('\n').unwrap_or(text.len() - at);
    }
}

/// The end of a scalar that starts at `start` and ends at `end` or before it: the marks include what is
/// skipped behind it.
pub(crate) fn scalar_end(text: &str, start: usize, end: usize, style: Style) -> usize {
    let slice = text.get(start..end).unwrap_or_default();
    let closing = match style {
        Style::SingleQuoted => closing_quote(slice, b'\'', b'\''),
        Style::DoubleQuoted => closing_quote(slice, b'"', b'\\'),
        _ => None,
    };
    start + closing.unwrap_or_else(|| slice.trim_end_matches([' ', '\t', '\r', '\n']).len())
}

/// Bytes up to and with the quote that closes the first. `escape` takes the next byte with it; in single
/// quotes a doubled quote stands for one.
fn closing_quote(slice: &str, quote: u8, escape: u8) -> Option<usize> {
    let bytes = slice.as_bytes();
    let mut at = 1;
    while at < bytes.len() {
        if bytes[at] == quote && (quote != escape || bytes.get(at + 1) != Some(&quote)) {
            return Some(at + 1);
        }
        at += if bytes[at] == escape { 2 } else { 1 };
    }
    None
}

/// Where the `|` or `>` of a block scalar is, whose content starts at `content`; `last` is the end of
/// what stands before it.
pub(crate) fn block_header(text: &str, last: usize, content: usize) -> Option<usize> {
    let between = text.get(last..content)?;
    let mut at = 0;
    for word in between.split([' ', '\t', '\r', '\n']) {
        if word.starts_with(['|', '>']) {
            return Some(last + at);
        }
        at += word.len() + 1;
    }
    None
}

/// Where a scalar of no bytes stands: right behind the sign (`:`, `-`, `?`, `,`) that announces it, not at
/// the next token, which may be lines below, nor at the sign itself.
pub(crate) fn empty_scalar(text: &str, last: usize, at: usize) -> usize {
    let until = if matches!(text.as_bytes().get(at), Some(b':' | b'-' | b'?')) { at + 1 } else { at };
    let between = text.get(last..until).unwrap_or_default();
    between.find([':', '-', '?', ',']).map_or(at, |sign| last + sign + 1)
}

/// The first dash of a list whose mark is behind it: that of one that is not indented below its key.
pub(crate) fn first_dash(text: &str, start: usize) -> usize {
    let line_start = memchr::memrchr(b'\n', &text.as_bytes()[..start]).map_or(0, |newline| newline + 1);
    let line = &text[line_start..start];
    let blanks = line.len() - line.trim_start_matches([' ', '\t']).len();
    if line[blanks..].starts_with('-') { line_start + blanks } else { start }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_close_where_they_close() {
        fn end(text: &str, style: Style) -> &str {
            &text[..scalar_end(text, 0, text.len(), style)]
        }
        assert_eq!(end(r#""a\"b" # "c""#, Style::DoubleQuoted), r#""a\"b""#);
        assert_eq!(end("'it''s' 'x'", Style::SingleQuoted), "'it''s'");
        assert_eq!(end("plain  \n", Style::Plain), "plain");
    }

    #[test]
    fn properties_are_no_part_of_a_value() {
        let text = "&a !!str # note\n  x";
        assert_eq!(&text[skip_properties(text, 0, text.len())..], "x");
    }
}
