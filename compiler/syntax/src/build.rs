//! The parser's events to a tree: limits, anchors, merge keys, doubled keys.

use std::borrow::Cow;
use std::collections::BTreeMap;

use meshc_diagnostics::Diagnostic;
use meshc_source::{FileId, Span};
use saphyr_parser::{Event, Parser, ScalarStyle};

use crate::limits::Limits;
use crate::mapping::Mapping;
use crate::node::{Kind, Node, Style};
use crate::offsets::Offsets;
use crate::resolve::{self, Tag};
use crate::rules;
use crate::{blame, extent, flow, simple};

/// What became of one piece of a stream.
#[derive(Default)]
pub(crate) struct Built {
    /// The document; none if it is empty or broken. (More than one only if the text is not cut at markers.)
    pub(crate) roots: Vec<Node>,
    /// What is wrong with it.
    pub(crate) diagnostics: Vec<Diagnostic>,
    /// Why the reading ended before the end.
    pub(crate) stop: Option<Stop>,
    /// Whether a key is a mapping or a list.
    pub(crate) invalid_key: bool,
}

/// Why a document is given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// It is no YAML.
    Syntax,
    /// It asks too much.
    Limit,
}

/// How many bracketed values of one document may close to the left of their key, and how many bytes may be
/// read again for them: each costs a reading of the document.
const MAX_JOINED: usize = 256;
const MAX_REREAD: usize = 64 << 20;

/// Reads the documents of `text`, which stands at `base` in its file.
pub(crate) fn document(file: FileId, text: &str, base: usize, limits: &Limits) -> Built {
    simple::document(file, text, base, limits).unwrap_or_else(|| general(file, text, base, limits))
}

/// Reads any document.
pub(crate) fn general(file: FileId, text: &str, base: usize, limits: &Limits) -> Built {
    let mut text = Cow::Borrowed(text);
    for _ in 0..MAX_JOINED.min(MAX_REREAD / (text.len() + 1)) {
        let (built, bracket) = attempt(file, &text, base, limits);
        match bracket.and_then(|bracket| flow::join_lines(&text, bracket)) {
            Some(joined) => text = Cow::Owned(joined),
            None => return built,
        }
    }
    attempt(file, &text, base, limits).0
}

/// Reads once. Where the indentation within a bracketed value is refused: where that value starts.
fn attempt(file: FileId, text: &str, base: usize, limits: &Limits) -> (Built, Option<usize>) {
    let offsets = Offsets::new(text, base);
    let mut builder = Builder {
        file,
        text,
        base,
        offsets,
        limits: *limits,
        built: Built::default(),
        stack: Vec::new(),
        anchors: BTreeMap::new(),
        nodes: 0,
        copied: 0,
    };
    let mut parser = Parser::new_from_str(text);
    let mut bracket = None;
    while builder.built.stop.is_none() {
        match parser.next_event() {
            Some(Ok((Event::StreamEnd, _))) | None => break,
            Some(Ok((event, span))) => {
                let start = builder.offsets.byte(span.start.index());
                let end = builder.offsets.byte(span.end.index()).max(start);
                builder.event(event, start, end);
            }
            Some(Err(error)) => {
                if matches!(error.info(), "invalid indentation" | "invalid indentation in flow construct") {
                    let flow = builder.stack.iter().find(|frame| frame.style == Style::Flow);
                    bracket = flow.map(|frame| frame.start - base);
                }
                let at = builder.offsets.byte(error.marker().index());
                // The parser's own limit on brackets, which it looks ahead for.
                if error.info() == "recursion limit exceeded" {
                    builder.too_deep(at);
                    break;
                }
                let flow = builder.stack.iter().find(|frame| frame.style == Style::Flow);
                let flow = flow.map(|frame| frame.start - base);
                let met = builder.point(at);
                let finding = match blame::find(text, at - base, error.info(), flow) {
                    Some(blame) => rules::blamed_syntax_error(blame, met, base),
                    None => rules::syntax_error(met, error.info()),
                };
                builder.stop(Stop::Syntax, finding);
            }
        }
    }
    if builder.built.stop.is_some() {
        builder.built.roots.clear();
    }
    (builder.built, bracket)
}

struct Builder<'t> {
    file: FileId,
    text: &'t str,
    base: usize,
    offsets: Offsets,
    limits: Limits,
    built: Built,
    stack: Vec<Frame>,
    anchors: BTreeMap<usize, Anchor>,
    nodes: usize,
    copied: usize,
}

/// A collection that is still open.
struct Frame {
    anchor: usize,
    start: usize,
    end: usize,
    style: Style,
    content: Content,
}

enum Content {
    Sequence(Vec<Node>),
    Mapping(Mapping),
}

/// What an alias copies.
struct Anchor {
    node: Node,
    nodes: usize,
    depth: usize,
}

// === impl Builder ===

impl Builder<'_> {
    fn event(&mut self, event: Event<'_>, start: usize, end: usize) {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                self.scalar(&text, style, anchor, tag.as_deref(), start, end);
            }
            Event::SequenceStart(anchor, _) => {
                self.open(anchor, start, end, Content::Sequence(Vec::new()));
            }
            Event::MappingStart(anchor, _) => {
                self.open(anchor, start, end, Content::Mapping(Mapping::default()));
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(end),
            Event::Alias(anchor) => self.alias(anchor, start, end),
            Event::DocumentStart(_) => {
                self.anchors.clear();
                self.stack.clear();
            }
            Event::DocumentEnd | Event::StreamStart | Event::StreamEnd | Event::Nothing => {}
        }
    }

    fn scalar(
        &mut self,
        text: &str,
        style: ScalarStyle,
        anchor: usize,
        tag: Option<&saphyr_parser::Tag>,
        start: usize,
        end: usize,
    ) {
        if text.len() > self.limits.scalar {
            let finding = Diagnostic::new(
                &rules::SCALAR_TOO_LONG,
                self.point(start),
                format!(
                    "a value of {} bytes is longer than {}: the document is not read",
                    text.len(),
                    self.limits.scalar
                ),
            )
            .help("a mesh needs no such value: move it out of the tree");
            return self.stop(Stop::Limit, finding);
        }
        let style = match style {
            ScalarStyle::Plain => Style::Plain,
            ScalarStyle::SingleQuoted => Style::SingleQuoted,
            ScalarStyle::DoubleQuoted => Style::DoubleQuoted,
            ScalarStyle::Literal => Style::Literal,
            ScalarStyle::Folded => Style::Folded,
        };
        let tag = match tag {
            None => Tag::None,
            Some(tag) if tag.is_yaml_core_schema() => match tag.suffix.as_str() {
                "str" | "binary" => Tag::String,
                "float" => Tag::Float,
                _ => Tag::None,
            },
            Some(_) => Tag::String,
        };
        // The mark of what is not there may be that of the token behind it.
        let end = if text.is_empty() && style == Style::Plain { start } else { end };
        let (start, end) = self.extent(start, end, style);
        let node = Node { span: self.span(start, end), style, kind: resolve::scalar(text, style, tag) };
        self.finish(node, anchor);
    }

    /// The bytes of a scalar alone, as offsets in the file.
    fn extent(&self, start: usize, end: usize, style: Style) -> (usize, usize) {
        let last = self.stack.last().map_or(0, |frame| frame.end - self.base);
        let (start, end) = (start - self.base, end - self.base);
        let (start, end) = match style {
            Style::Plain if start == end => {
                let at = extent::empty_scalar(self.text, last, start);
                (at, at)
            }
            Style::Literal | Style::Folded => {
                let content_end = extent::scalar_end(self.text, start, end, style);
                let header = extent::block_header(self.text, last, start).or_else(|| {
                    // With a tag or an anchor the mark is at that, not at the content.
                    let header = extent::skip_properties(self.text, start, end);
                    (header > start).then_some(header)
                });
                match header {
                    Some(header) if content_end == start => {
                        (header, extent::scalar_end(self.text, header, start, style))
                    }
                    Some(header) => (header, content_end),
                    None => (start, content_end),
                }
            }
            _ => {
                let start = extent::skip_properties(self.text, start, end);
                (start, extent::scalar_end(self.text, start, end, style))
            }
        };
        (start + self.base, end + self.base)
    }

    fn open(&mut self, anchor: usize, start: usize, end: usize, content: Content) {
        if self.stack.len() >= self.limits.depth {
            return self.too_deep(start);
        }
        let (from, to) = (start - self.base, end - self.base);
        let from = extent::skip_properties(self.text, from, self.text.len());
        let flow = self.text[from..].starts_with(['{', '[']) && end > start;
        let (start, style) = if flow {
            (from, Style::Flow)
        } else if matches!(content, Content::Sequence(_)) && self.in_mapping() {
            (extent::first_dash(self.text, from), Style::Block)
        } else {
            (from, Style::Block)
        };
        let start = start + self.base;
        let end = if flow { start + 1 } else { start.min(to + self.base) };
        self.stack.push(Frame { anchor, start, end, style, content });
    }

    fn in_mapping(&self) -> bool {
        matches!(self.stack.last(), Some(Frame { content: Content::Mapping(_), .. }))
    }

    fn close(&mut self, end: usize) {
        let Some(frame) = self.stack.pop() else {
            return;
        };
        let end = if frame.style == Style::Flow { end } else { frame.end };
        let span = self.span(frame.start, end);
        let kind = match frame.content {
            Content::Sequence(items) => Kind::Sequence(items),
            Content::Mapping(mapping) => Kind::Mapping(mapping.finish(&mut self.built)),
        };
        self.finish(Node { span, style: frame.style, kind }, frame.anchor);
    }

    fn alias(&mut self, anchor: usize, start: usize, end: usize) {
        let Some(original) = self.anchors.get(&anchor) else {
            let message = "an alias inside of its own anchor: the value would have no end";
            return self.stop(Stop::Syntax, rules::syntax_error(self.span(start, end), message));
        };
        self.copied += original.nodes;
        if self.copied > self.limits.copied {
            let finding = Diagnostic::new(
                &rules::ALIAS_EXPANSION,
                self.span(start, end),
                format!(
                    "the aliases of this document expand to more than {} values: it is not read",
                    self.limits.copied
                ),
            )
            .help("write the values out, or use fewer aliases of aliases");
            return self.stop(Stop::Limit, finding);
        }
        if self.stack.len() + original.depth > self.limits.depth {
            return self.too_deep(start);
        }
        let node = original.node.clone();
        self.nodes += original.nodes;
        self.place(node, Some(self.span(start, end)));
    }

    /// A value is complete.
    fn finish(&mut self, node: Node, anchor: usize) {
        self.nodes += 1;
        if anchor > 0 {
            let (nodes, depth) = (node.count(), depth(&node));
            self.anchors.insert(anchor, Anchor { node: node.clone(), nodes, depth });
        }
        self.place(node, None);
    }

    /// Puts a value where it belongs. `written` is where an alias stands in its place.
    fn place(&mut self, node: Node, written: Option<Span>) {
        if self.nodes > self.limits.nodes {
            let finding = Diagnostic::new(
                &rules::TOO_MANY_VALUES,
                self.point(node.span.start as usize),
                format!("the document has more than {} values: it is not read", self.limits.nodes),
            )
            .help("split the document");
            return self.stop(Stop::Limit, finding);
        }
        let end = written.unwrap_or(node.span).end as usize;
        match self.stack.last_mut() {
            None => {
                if !node.is_null() {
                    self.built.roots.push(node);
                }
            }
            Some(frame) => {
                frame.end = frame.end.max(end);
                match &mut frame.content {
                    Content::Sequence(items) => items.push(node),
                    Content::Mapping(mapping) => mapping.push(node, written, &mut self.built),
                }
            }
        }
    }

    fn too_deep(&mut self, at: usize) {
        let finding = Diagnostic::new(
            &rules::TOO_DEEP,
            self.point(at),
            format!("values are nested deeper than {} levels: the document is not read", self.limits.depth),
        )
        .help("no resource of Kubernetes or Istio is that deep: check the indentation and the brackets");
        self.stop(Stop::Limit, finding);
    }

    fn stop(&mut self, stop: Stop, finding: Diagnostic) {
        self.built.stop = Some(stop);
        self.built.diagnostics.push(finding);
    }

    fn span(&self, start: usize, end: usize) -> Span {
        Span::new(self.file, start as u32, end.max(start) as u32)
    }

    /// The character at an offset, for findings about a place.
    fn point(&self, at: usize) -> Span {
        // Past the last character there is nothing to point at but that character.
        let content = self.text.trim_end();
        let last = content.char_indices().next_back().map_or(0, |(last, _)| last);
        let at = if at - self.base >= content.len() { last + self.base } else { at };
        let rest = self.text.get(at - self.base..).unwrap_or_default();
        let width = rest.chars().next().filter(|c| !matches!(c, '\n' | '\r')).map_or(0, char::len_utf8);
        self.span(at, at + width)
    }
}

fn depth(node: &Node) -> usize {
    match &node.kind {
        Kind::Sequence(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Kind::Mapping(entries) => 1 + entries.iter().map(|entry| depth(&entry.value)).max().unwrap_or(0),
        _ => 0,
    }
}
