//! The YAML that people write nearly always, read at once: block mappings and lists, scalars and brackets that end on
//! their line, and plain texts below a `|`. A general parser spends most of its time on what such a text does not have; this reader gives up at
//! the first sign of anything else (`None`), and the document is read by the general one. Where it answers, it
//! answers the same, which the tests hold against all that they can find.

use meshc_source::{FileId, Span};

use crate::build::Built;
use crate::limits::Limits;
use crate::mapping::Mapping;
use crate::node::{Kind, Node, Style};
use crate::resolve::{self, Tag};

/// Reads a document that stands at `base` in its file. `None`: it is not simple, or it passes a limit.
pub(crate) fn document(file: FileId, text: &str, base: usize, limits: &Limits) -> Option<Built> {
    // Each value has a byte at least, so that no document this short has too many of them.
    if text.len() > limits.nodes.min(limits.scalar) || !text.bytes().all(is_plain_byte) {
        return None;
    }
    let mut reader =
        Reader { file, text, base, limits, line: 0, indent: End::NONE, depth: 0, built: Built::default() };
    reader.seek(0);
    if text.get(reader.line..).is_some_and(|rest| rest.starts_with("---")) {
        let end = reader.end_of_line(reader.line);
        if !text[reader.line + 3..end].trim_ascii().is_empty() {
            return None;
        }
        reader.seek(end);
    }
    if reader.indent != End::NONE {
        let root = reader.block(reader.indent)?;
        // Whatever is left stands where nothing can stand.
        if reader.indent != End::NONE {
            return None;
        }
        reader.built.roots.push(root);
    }
    Some(reader.built)
}

/// Printable ASCII and line feeds: tabs and carriage returns have rules of their own.
fn is_plain_byte(byte: u8) -> bool {
    byte == b'\n' || (b' '..=b'~').contains(&byte)
}

struct End;

impl End {
    /// The indentation where there is no line any more: less than that of any line.
    const NONE: isize = -1;
}

struct Reader<'t> {
    file: FileId,
    text: &'t str,
    base: usize,
    limits: &'t Limits,
    /// Where the current line with content starts.
    line: usize,
    /// Its indentation.
    indent: isize,
    depth: usize,
    built: Built,
}

// === impl Reader ===

impl Reader<'_> {
    /// The byte at an offset, a line feed behind the last.
    fn byte(&self, at: usize) -> u8 {
        self.text.as_bytes().get(at).copied().unwrap_or(b'\n')
    }

    fn end_of_line(&self, from: usize) -> usize {
        let rest = self.text.as_bytes().get(from..).unwrap_or_default();
        memchr::memchr(b'\n', rest).map_or(self.text.len(), |newline| from + newline)
    }

    fn skip_blanks(&self, mut at: usize) -> usize {
        while self.byte(at) == b' ' {
            at += 1;
        }
        at
    }

    /// Goes to the first line with content at or behind an offset at the start or the end of a line.
    fn seek(&mut self, mut at: usize) {
        while at < self.text.len() {
            if self.byte(at) == b'\n' {
                at += 1;
                continue;
            }
            let content = self.skip_blanks(at);
            match self.byte(content) {
                b'\n' => at = content,
                b'#' => at = self.end_of_line(content),
                _ => {
                    (self.line, self.indent) = (at, (content - at).cast_signed());
                    return;
                }
            }
        }
        (self.line, self.indent) = (self.text.len(), End::NONE);
    }

    /// Goes to the line behind a value that ends at `at`; only a comment may stand there still.
    fn finish_line(&mut self, at: usize) -> Option<()> {
        let rest = self.skip_blanks(at);
        let ends = match self.byte(rest) {
            b'\n' => true,
            b'#' => rest > at,
            _ => false,
        };
        if !ends {
            return None;
        }
        self.seek(self.end_of_line(rest));
        Some(())
    }

    fn span(&self, start: usize, end: usize) -> Span {
        Span::new(self.file, (start + self.base) as u32, (end + self.base) as u32)
    }

    /// A value one level deeper.
    fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        if self.depth >= self.limits.depth {
            return None;
        }
        self.depth += 1;
        let value = read(self);
        self.depth -= 1;
        value
    }

    /// The mapping or list that begins on the current line.
    fn block(&mut self, indent: isize) -> Option<Node> {
        let start = self.line + usize::try_from(indent).ok()?;
        if self.is_dash(start) { self.sequence(indent) } else { self.mapping(indent, start) }
    }

    fn is_dash(&self, at: usize) -> bool {
        self.byte(at) == b'-' && matches!(self.byte(at + 1), b' ' | b'\n')
    }

    /// The end of the key at an offset, if a simple one is there.
    fn key_end(&self, start: usize) -> Option<usize> {
        let first = self.byte(start);
        if !(first.is_ascii_alphanumeric() || first == b'_') {
            return None;
        }
        let mut end = start + 1;
        while self.byte(end).is_ascii_alphanumeric() || b"_./-".contains(&self.byte(end)) {
            end += 1;
        }
        (self.byte(end) == b':' && matches!(self.byte(end + 1), b' ' | b'\n')).then_some(end)
    }

    fn mapping(&mut self, indent: isize, start: usize) -> Option<Node> {
        self.deeper(|reader| {
            let mut mapping = Mapping::default();
            let mut at = start;
            let mut last;
            loop {
                let key_end = reader.key_end(at)?;
                let key = reader.plain(at, key_end);
                let value = reader.value_of_key(indent, key_end + 1)?;
                last = value.span.end.max(key.span.end);
                mapping.push(key, None, &mut reader.built);
                mapping.push(value, None, &mut reader.built);
                if reader.indent < indent {
                    break;
                }
                if reader.indent > indent {
                    return None;
                }
                at = reader.line + usize::try_from(indent).ok()?;
            }
            let span = Span::new(reader.file, (start + reader.base) as u32, last);
            let kind = Kind::Mapping(mapping.finish(&mut reader.built));
            Some(Node { span, style: Style::Block, kind })
        })
    }

    /// The value of a key whose colon ends at `behind`, in a mapping with this indentation.
    fn value_of_key(&mut self, indent: isize, behind: usize) -> Option<Node> {
        let at = self.skip_blanks(behind);
        let is_comment = self.byte(at) == b'#' && at > behind;
        if self.byte(at) == b'|' {
            return self.literal(at, usize::try_from(indent).ok()?);
        }
        if self.byte(at) != b'\n' && !is_comment {
            return self.inline(at);
        }
        self.seek(self.end_of_line(at));
        if self.indent > indent {
            return self.block(self.indent);
        }
        // A list may stand as far to the left as its key.
        if self.indent == indent && self.is_dash(self.line + usize::try_from(indent).ok()?) {
            return self.sequence(indent);
        }
        Some(Node { span: self.span(behind, behind), style: Style::Plain, kind: Kind::Null })
    }

    fn sequence(&mut self, indent: isize) -> Option<Node> {
        self.deeper(|reader| {
            let start = reader.line + usize::try_from(indent).ok()?;
            let mut items: Vec<Node> = Vec::new();
            loop {
                let dash = reader.line + usize::try_from(indent).ok()?;
                if !reader.is_dash(dash) {
                    break;
                }
                let at = reader.skip_blanks(dash + 1);
                let item = if reader.key_end(at).is_some() {
                    reader.mapping((at - reader.line).cast_signed(), at)?
                } else {
                    reader.inline(at)?
                };
                items.push(item);
                if reader.indent < indent {
                    break;
                }
                if reader.indent > indent {
                    return None;
                }
            }
            let last = items.last().map_or(start as u32, |item| item.span.end);
            let span = Span::new(reader.file, (start + reader.base) as u32, last);
            Some(Node { span, style: Style::Block, kind: Kind::Sequence(items) })
        })
    }

    /// A value that ends on its line, and the way to the next line.
    fn inline(&mut self, at: usize) -> Option<Node> {
        let (node, end) = match self.byte(at) {
            b'"' | b'\'' => self.quoted(at)?,
            b'{' | b'[' => self.bracket(at)?,
            _ => {
                let end = self.plain_end(at)?;
                (self.plain(at, end), end)
            }
        };
        self.finish_line(end)?;
        Some(node)
    }

    /// The text below a `|` or `|-`, of a key with this indentation, and the way to the line behind it. Whatever is
    /// special about its blanks, its first and its last line is the general reader's.
    fn literal(&mut self, start: usize, indent: usize) -> Option<Node> {
        let header_end = self.end_of_line(start);
        let strips = match self.text[start..header_end].trim_ascii_end() {
            "|" => false,
            "|-" => true,
            _ => return None,
        };
        let first = header_end + 1;
        let content = self.skip_blanks(first) - first;
        if content <= indent || self.byte(first + content) == b'\n' {
            return None;
        }
        let (mut value, mut empty) = (String::new(), 0);
        let (mut line, mut last) = (first, first);
        while line < self.text.len() {
            let end = self.end_of_line(line);
            let blanks = self.skip_blanks(line) - line;
            if line + blanks == end {
                if blanks > content || end == self.text.len() {
                    return None;
                }
                empty += 1;
            } else if blanks < content {
                break;
            } else if end == self.text.len() {
                return None;
            } else {
                value.extend(std::iter::repeat_n('\n', std::mem::take(&mut empty)));
                value.push_str(&self.text[line + content..=end]);
                last = end;
            }
            line = end + 1;
        }
        if strips {
            value.pop();
        }
        let end = start + self.text[start..last].trim_ascii_end().len();
        self.seek(line);
        Some(Node { span: self.span(start, end), style: Style::Literal, kind: Kind::String(value.into()) })
    }

    /// A scalar without quotes.
    fn plain(&self, start: usize, end: usize) -> Node {
        let kind = resolve::scalar(&self.text[start..end], Style::Plain, Tag::None);
        Node { span: self.span(start, end), style: Style::Plain, kind }
    }

    /// The end of a scalar without quotes that starts here, outside of brackets.
    fn plain_end(&self, start: usize) -> Option<usize> {
        let first = self.byte(start);
        if !(first.is_ascii_alphanumeric()
            || matches!(first, b'/' | b'.' | b'_' | b'-' | b'(' | b'+' | b'$' | b'^' | b'~' | b'=' | b'<'))
        {
            return None;
        }
        if first == b'-' && matches!(self.byte(start + 1), b' ' | b'\n' | b'-') {
            return None;
        }
        let line_end = self.end_of_line(start);
        let line = &self.text.as_bytes()[start..line_end];
        let mut end = line.len();
        for (place, &byte) in line.iter().enumerate() {
            match byte {
                b':' if matches!(line.get(place + 1), None | Some(b' ')) => return None,
                b'#' if line[place - 1] == b' ' => {
                    end = place;
                    break;
                }
                _ => {}
            }
        }
        Some(start + line[..end].trim_ascii_end().len())
    }

    /// A scalar in quotes without escapes, and its end.
    fn quoted(&self, start: usize) -> Option<(Node, usize)> {
        let quote = self.byte(start);
        let line_end = self.end_of_line(start);
        let rest = &self.text.as_bytes()[start + 1..line_end];
        let closing = memchr::memchr(quote, rest)?;
        let end = start + 1 + closing + 1;
        let escaped = quote == b'"' && rest[..closing].contains(&b'\\');
        if escaped || self.byte(end) == quote {
            return None;
        }
        let style = if quote == b'"' { Style::DoubleQuoted } else { Style::SingleQuoted };
        let kind = resolve::scalar(&self.text[start + 1..end - 1], style, Tag::None);
        Some((Node { span: self.span(start, end), style, kind }, end))
    }

    /// A mapping or a list in brackets, and its end.
    fn bracket(&mut self, start: usize) -> Option<(Node, usize)> {
        self.deeper(|reader| {
            let is_mapping = reader.byte(start) == b'{';
            let closing = if is_mapping { b'}' } else { b']' };
            let (mut mapping, mut items) = (Mapping::default(), Vec::new());
            let mut at = reader.skip_blanks(start + 1);
            while reader.byte(at) != closing {
                if is_mapping {
                    let key_end = reader.key_end(at).filter(|&end| reader.byte(end + 1) == b' ')?;
                    let key = reader.plain(at, key_end);
                    at = reader.skip_blanks(key_end + 1);
                    mapping.push(key, None, &mut reader.built);
                }
                let (value, end) = reader.within_bracket(at)?;
                if is_mapping {
                    mapping.push(value, None, &mut reader.built);
                } else {
                    items.push(value);
                }
                at = reader.skip_blanks(end);
                match reader.byte(at) {
                    b',' if reader.byte(at + 1) == b' ' => {
                        at = reader.skip_blanks(at + 1);
                        if reader.byte(at) == closing {
                            return None;
                        }
                    }
                    byte if byte == closing => {}
                    _ => return None,
                }
            }
            let kind = if is_mapping {
                Kind::Mapping(mapping.finish(&mut reader.built))
            } else {
                Kind::Sequence(items)
            };
            Some((Node { span: reader.span(start, at + 1), style: Style::Flow, kind }, at + 1))
        })
    }

    fn within_bracket(&mut self, at: usize) -> Option<(Node, usize)> {
        match self.byte(at) {
            b'"' | b'\'' => self.quoted(at),
            b'{' | b'[' => self.bracket(at),
            first if first.is_ascii_alphanumeric() || matches!(first, b'/' | b'.' | b'_') => {
                let mut end = at;
                while !matches!(self.byte(end), b',' | b'[' | b']' | b'{' | b'}' | b'\n' | b'#' | b':') {
                    end += 1;
                }
                // Anything that may be a key, a comment or another bracket is the general reader's.
                if !matches!(self.byte(end), b',' | b']' | b'}') {
                    return None;
                }
                let end = at + self.text[at..end].trim_ascii_end().len();
                Some((self.plain(at, end), end))
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
