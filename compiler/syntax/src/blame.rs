//! Where a mistake in YAML stands: a parser says where it gave up, which is often a line or more behind.

use std::ops::Range;

/// The mistake that made the parser give up, where the text shows it.
pub(crate) enum Blame {
    /// A tab in the indentation.
    Tab(Range<usize>),
    /// A `:` with no blank behind it, which makes no key.
    Colon(Range<usize>),
    /// A bracket or a brace that is not closed.
    Bracket(Range<usize>),
}

/// Looks for the mistake around an offset. `flow` is where the outermost bracketed value that is open starts.
pub(crate) fn find(text: &str, at: usize, info: &str, flow: Option<usize>) -> Option<Blame> {
    if info.contains("tab") {
        return tab(text, at).map(Blame::Tab);
    }
    if let Some(flow) = flow
        && text.get(flow..at).is_some_and(|between| between.contains('\n'))
        && is_open(text.get(flow..).unwrap_or_default())
    {
        return Some(Blame::Bracket(flow..flow + 1));
    }
    let key = ["expected '-' indicator", "did not find expected key", "simple key expect", "mapping values"];
    if key.iter().any(|words| info.contains(words)) {
        return colon(text, at).map(Blame::Colon);
    }
    None
}

/// Whether what begins with a bracket has fewer that close than that open.
fn is_open(text: &str) -> bool {
    let count = |of: [u8; 2]| text.bytes().filter(|byte| of.contains(byte)).count();
    count(*b"]}") < count(*b"[{")
}

/// The first tab in the indentation of the line of `at`, of one of the next two, or of the one before.
fn tab(text: &str, at: usize) -> Option<Range<usize>> {
    let bytes = text.as_bytes();
    let at = at.min(text.len());
    let here = memchr::memrchr(b'\n', bytes.get(..at)?).map_or(0, |newline| newline + 1);
    let ahead = lines(text, here).take(3);
    let before = here.checked_sub(1).and_then(|end| {
        let start = memchr::memrchr(b'\n', bytes.get(..end)?).map_or(0, |newline| newline + 1);
        Some((start, text.get(start..end)?))
    });
    ahead.chain(before).find_map(|(start, line)| {
        let indent = line.len() - line.trim_start_matches([' ', '\t']).len();
        let tab = line.get(..indent)?.find('\t')?;
        Some(start + tab..start + tab + 1)
    })
}

/// The `:` of the last line with content before that of `at` (or of its own) that would be a key with a blank behind.
fn colon(text: &str, at: usize) -> Option<Range<usize>> {
    let at = at.min(text.len());
    let mut end = text.get(at..)?.find('\n').map_or(text.len(), |newline| at + newline);
    let mut seen = 0;
    while seen < 2 {
        let start = memchr::memrchr(b'\n', text.as_bytes().get(..end)?).map_or(0, |newline| newline + 1);
        let line = text.get(start..end)?;
        let content = line.trim_start().trim_start_matches("- ");
        if !content.is_empty() && !content.starts_with('#') {
            seen += 1;
            if let Some(place) = glued(content) {
                let place = start + (line.len() - content.len()) + place;
                return Some(place..place + 1);
            }
        }
        if start == 0 {
            return None;
        }
        end = start - 1;
    }
    None
}

/// Where a line has its `:`, if it is `key:value` and nothing else. A URL is no such thing.
fn glued(line: &str) -> Option<usize> {
    let colon = line.find(':')?;
    let (key, value) = (line.get(..colon)?, line.get(colon + 1..)?);
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    let is_key = !key.is_empty() && key.chars().all(is_name);
    (is_key && value.starts_with(|c: char| !c.is_whitespace() && c != '/' && c != ':')).then_some(colon)
}

fn lines(text: &str, from: usize) -> impl Iterator<Item = (usize, &str)> {
    let mut at = from;
    text.get(from..).unwrap_or_default().split_inclusive('\n').map(move |line| {
        let start = at;
        at += line.len();
        (start, line.trim_end_matches(['\n', '\r']))
    })
}
