//! The lines of a file around what a finding is about, as they are shown to people: long ones cut, and nothing of what a
//! Secret holds.

use std::ops::Range;

use meshc_source::{SourceFile, Span};
use miette::{LabeledSpan, MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};

/// Columns beside a line of YAML: its number, and the bars.
const BESIDE: usize = 8;

/// Lines that are shown above and below a label.
pub(super) const CONTEXT: usize = 1;

/// Stands for what is cut off.
const CUT: char = '…';

/// Columns that are left at the ends of what is wanted.
const CUTS: usize = 2;

/// The lines around some labels.
#[derive(Debug)]
pub(super) struct Excerpt {
    path: String,
    text: String,
    /// The number of the first line, from 1.
    first: usize,
    /// For each line how many columns of the file's are not in the text before its first.
    shifts: Vec<usize>,
}

/// What is underlined, and what is said about it.
pub(super) struct Place<'m> {
    pub(super) span: Span,
    /// None for the place of the finding itself.
    pub(super) message: Option<&'m str>,
}

impl Excerpt {
    /// The lines of a file around these places, `width` columns with their numbers; the labels as miette takes them. None
    /// of a file without text, which could not be read: the message names it.
    pub(super) fn of(
        file: &SourceFile,
        places: &[Place<'_>],
        width: usize,
    ) -> (Option<Self>, Vec<LabeledSpan>) {
        if file.text.is_empty() {
            return (None, Vec::new());
        }
        let shown: Vec<Range<usize>> = places.iter().map(|place| shown(file, place.span)).collect();
        let line_of = |offset: usize| file.position(offset as u32).line as usize;
        let lines: Vec<usize> = shown.iter().map(|range| line_of(range.start)).collect();
        // One more above, so that miette finds the end of the line before the context.
        let first = lines.iter().min().map_or(1, |line| line.saturating_sub(CONTEXT + 1).max(1));
        let last = lines.iter().max().map_or(1, |line| line + CONTEXT + 1);
        let mut excerpt = Self { path: file.path.clone(), text: String::new(), first, shifts: Vec::new() };
        let mut labels: Vec<Option<SourceSpan>> = vec![None; places.len()];
        let from = file.line_start(first as u32);
        let text = file.text.get(from..).unwrap_or_default();
        for (number, (start, line)) in (first..=last).zip(lines_of(text)) {
            let start = from + start;
            let of_line = (0..).zip(&lines).filter(|(_, of)| **of == number).map(|(place, _)| place);
            let of_line: Vec<usize> = of_line.collect();
            let near = lines.iter().any(|of| of.abs_diff(number) <= CONTEXT + 1);
            let wanted: Vec<Range<usize>> = of_line
                .iter()
                .filter_map(|&place| shown.get(place))
                .map(|r| r.start - start..r.end - start)
                .collect();
            let line = if near { hidden(&file.text, start, line) } else { String::new() };
            // Nothing follows the end of the last line, unless that is what is meant.
            if start == file.text.len() && of_line.is_empty() {
                break;
            }
            let kept = window(&line, &wanted, width.saturating_sub(BESIDE).max(20));
            let at = excerpt.text.len();
            let before = if kept.start > 0 { CUT.len_utf8() } else { 0 };
            excerpt
                .shifts
                .push(line.get(..kept.start).map_or(0, |cut| cut.chars().count().saturating_sub(1)));
            if kept.start > 0 {
                excerpt.text.push(CUT);
            }
            excerpt.text.push_str(line.get(kept.clone()).unwrap_or_default());
            if kept.end < line.len() {
                excerpt.text.push(CUT);
            }
            excerpt.text.push('\n');
            for (&place, range) in of_line.iter().zip(&wanted) {
                let moved = |offset: usize| at + before + offset.clamp(kept.start, kept.end) - kept.start;
                let (start, end) = (moved(range.start), moved(range.end));
                if let Some(slot) = labels.get_mut(place) {
                    *slot = Some(SourceSpan::new(start.into(), end - start));
                }
            }
        }
        let labels = places.iter().zip(labels).filter_map(|(place, span)| {
            Some(match place.message {
                None => LabeledSpan::new_primary_with_span(None, span?),
                Some(message) => LabeledSpan::new_with_span(Some(message.to_owned()), span?),
            })
        });
        let labels = labels.collect();
        (Some(excerpt), labels)
    }
}

/// The part of a span that is underlined: its first line, so that a whole route takes no screen.
fn shown(file: &SourceFile, span: Span) -> Range<usize> {
    let (start, end) = ((span.start as usize).min(file.text.len()), span.end as usize);
    let first = file.text.get(start..end).and_then(|text| text.lines().next()).unwrap_or_default();
    start..start + first.trim_end().len()
}

/// The lines of a text without their ends, each with where it starts; the last is what follows the last end.
fn lines_of(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut start = 0;
    text.split('\n').map(move |line| {
        let at = start;
        start += line.len() + 1;
        (at, line.trim_end_matches('\r'))
    })
}

/// The part of a line that is shown: all of it, or as much as fits with what is wanted in it.
fn window(line: &str, wanted: &[Range<usize>], columns: usize) -> Range<usize> {
    let length = line.chars().count();
    if length <= columns {
        return 0..line.len();
    }
    let column = |offset: usize| line.get(..offset).map_or(length, |before| before.chars().count());
    let first = wanted.iter().map(|range| column(range.start)).min().unwrap_or(0);
    let last = wanted.iter().map(|range| column(range.end)).max().unwrap_or(0);
    // What stands in front says what the place is about: as much of it as there is room for.
    let start = (last + CUTS).saturating_sub(columns).min(first.saturating_sub(CUTS));
    let offset = |column: usize| line.char_indices().nth(column).map_or(line.len(), |(offset, _)| offset);
    offset(start)..offset(start + columns)
}

/// A line as it may be shown: of what a Secret holds no letter is.
fn hidden(text: &str, start: usize, line: &str) -> String {
    if !is_held_by_a_secret(text, start, line) {
        return line.to_owned();
    }
    // Keys tell what is there; where none is on the line, all of it is a value.
    let indent = line.len() - line.trim_start().len();
    let key = line.find(": ").map_or(indent, |colon| colon + 2);
    let (key, value) = line.split_at_checked(key).unwrap_or((line, ""));
    if value.trim().is_empty() { line.to_owned() } else { format!("{key}***") }
}

/// Whether a line is within `data` or `stringData` of a Secret.
fn is_held_by_a_secret(text: &str, start: usize, line: &str) -> bool {
    let before = text.get(..start).unwrap_or_default();
    let document = before.rfind("\n---").map_or(0, |at| at + 1);
    let rest = text.get(start..).unwrap_or_default();
    let end = rest.find("\n---").map_or(text.len(), |at| start + at);
    let bare = |line: &str| line.replace(['"', '\'', ' ', ','], "");
    let whole = text.get(document..end).unwrap_or_default();
    if !whole.contains("Secret") || !whole.lines().any(|line| bare(line).contains("kind:Secret")) {
        return false;
    }
    let opens = |line: &str| ["data:", "stringData:"].iter().any(|key| bare(line).starts_with(key));
    let indent = |line: &str| line.len() - line.trim_start().len();
    // On one line there is no telling where the data begin.
    if line.contains('{') && bare(line).contains("kind:Secret") || opens(line) && !bare(line).ends_with(':') {
        return true;
    }
    let above = before.get(document..).unwrap_or_default();
    let mut least = if line.trim().is_empty() { usize::MAX } else { indent(line) };
    for line in above.lines().rev().filter(|line| !line.trim().is_empty()) {
        if indent(line) < least {
            least = indent(line);
            if opens(line) {
                return true;
            }
        }
    }
    false
}

impl SourceCode for Excerpt {
    fn read_span<'b>(
        &'b self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'b> + 'b>, MietteError> {
        let contents = self.text.as_bytes().read_span(span, before, after)?;
        let above = self.text.get(..contents.span().offset()).unwrap_or_default();
        let line = above.matches('\n').count();
        // miette counts columns in bytes; ours are those that every other format gives.
        let column = above.rsplit('\n').next().map_or(0, |before| before.chars().count());
        let shift = if column == 0 { 0 } else { self.shifts.get(line).copied().unwrap_or(0) };
        // Nor does it count the lines from the start of the excerpt; two labels far apart would show all between them.
        let lines = contents.data().split(|byte| *byte == b'\n').count() - 1;
        Ok(Box::new(MietteSpanContents::new_named(
            self.path.clone(),
            contents.data(),
            *contents.span(),
            self.first + line - 1,
            column + shift,
            lines,
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_holds_what_is_wanted() {
        let line = "0123456789".repeat(5);
        assert_eq!(window(&line, &[], 60), 0..50);
        let wanted = |start: usize, end: usize| vec![Range { start, end }];
        assert_eq!(window(&line, &wanted(2, 4), 20), 0..20);
        assert_eq!(window(&line, &wanted(40, 45), 21), 26..47);
        assert_eq!(window("äöü".repeat(10).as_str(), &[], 3), 0..6);
    }

    #[test]
    fn what_a_secret_holds_is_not_shown() {
        let text = "kind: Service\ndata:\n  a: b\n---\nkind: Secret\nmetadata:\n  name: keys\ndata:\n  tls.key: TFM0\n  \
                    more: |\n    TFM1\ntype: Opaque\n---\n{kind: Secret, stringData: {a: TFM2}}\n";
        let shown: Vec<String> = lines_of(text).map(|(start, line)| hidden(text, start, line)).collect();
        let all = shown.join("\n");
        assert!(
            all.starts_with(
                "kind: Service\ndata:\n  a: b\n---\nkind: Secret\nmetadata:\n  name: keys\ndata:\n"
            ),
            "{all}"
        );
        assert!(all.contains("  tls.key: ***\n  more: ***\n    ***\ntype: Opaque\n"), "{all}");
        assert!(!all.contains("TFM"), "{all}");
    }
}
