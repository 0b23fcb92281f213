//! The spanned tree: what a YAML or JSON document says, each part with its bytes.
//! Scalars are resolved as Kubernetes resolves them; anchors and merge keys are already expanded.

use meshc_source::Span;

/// One document of a stream; empty ones (nothing, `null`, comments alone) are left out.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// The root, most often a mapping.
    pub root: Node,
    /// The bytes of the document with its comments, from its `---` line up to the next.
    pub span: Span,
}

/// A value and where it stands. Of what an alias or a merge key brings in, the span is the original's.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// The exact bytes: with the quotes of a quoted scalar, without a tag or an anchor before it.
    /// Of a block mapping or sequence: from its first key or dash to the end of its last value.
    pub span: Span,
    /// How it is written.
    pub style: Style,
    /// What it is.
    pub kind: Kind,
}

/// What a node is.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// `null`, `~`, or nothing at all.
    Null,
    /// `true`, `no`, `on`, …
    Bool(bool),
    /// An integer that fits; larger ones are floats, as in JSON.
    Int(i64),
    /// A float, `.inf` and `.nan` among them.
    Float(f64),
    /// Any other scalar.
    String(Box<str>),
    /// A list.
    Sequence(Vec<Node>),
    /// A mapping, in the order of the text, without doubles.
    Mapping(Vec<Entry>),
}

/// A key and its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The key.
    pub key: Key,
    /// The value.
    pub value: Node,
}

/// The key of a mapping. As in JSON it is text: `on: 1` has the key `true`, as Kubernetes reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// Its bytes.
    pub span: Span,
    /// Its text.
    pub text: Box<str>,
}

/// How a node is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Style {
    /// A scalar without quotes.
    Plain,
    /// `'…'`
    SingleQuoted,
    /// `"…"`
    DoubleQuoted,
    /// `|`
    Literal,
    /// `>`
    Folded,
    /// A mapping or sequence by indentation.
    Block,
    /// `{…}` or `[…]`
    Flow,
}

// === impl Node ===

impl Node {
    /// The value of a key of a mapping.
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.entry(key).map(|entry| &entry.value)
    }

    /// The entry of a key of a mapping.
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries().iter().find(|entry| &*entry.key.text == key)
    }

    /// The value at a path of keys.
    pub fn at(&self, path: &[&str]) -> Option<&Self> {
        path.iter().try_fold(self, |node, key| node.get(key))
    }

    /// The text of a string.
    pub fn as_str(&self) -> Option<&str> {
        match &self.kind {
            Kind::String(text) => Some(text),
            _ => None,
        }
    }

    /// The value of a Boolean.
    pub fn as_bool(&self) -> Option<bool> {
        match self.kind {
            Kind::Bool(value) => Some(value),
            _ => None,
        }
    }

    /// The value of an integer.
    pub fn as_int(&self) -> Option<i64> {
        match self.kind {
            Kind::Int(value) => Some(value),
            _ => None,
        }
    }

    /// The entries of a mapping; none of anything else.
    pub fn entries(&self) -> &[Entry] {
        match &self.kind {
            Kind::Mapping(entries) => entries,
            _ => &[],
        }
    }

    /// The items of a sequence; none of anything else.
    pub fn items(&self) -> &[Self] {
        match &self.kind {
            Kind::Sequence(items) => items,
            _ => &[],
        }
    }

    /// Whether it is null.
    pub fn is_null(&self) -> bool {
        matches!(self.kind, Kind::Null)
    }

    /// What it is, for messages: `the string "80"`, `a mapping`, `the number 5`.
    pub fn describe(&self) -> String {
        match &self.kind {
            Kind::Null => "null".to_owned(),
            Kind::Bool(value) => format!("the Boolean {value}"),
            Kind::Int(value) => format!("the number {value}"),
            Kind::Float(value) => format!("the number {value:?}"),
            Kind::String(text) => format!("the string \"{}\"", shorten(text)),
            Kind::Sequence(_) => "a list".to_owned(),
            Kind::Mapping(_) => "a mapping".to_owned(),
        }
    }

    /// Number of nodes in the tree, this one included.
    pub fn count(&self) -> usize {
        1 + match &self.kind {
            Kind::Sequence(items) => items.iter().map(Self::count).sum(),
            Kind::Mapping(entries) => entries.iter().map(|entry| entry.value.count()).sum(),
            _ => 0,
        }
    }
}

/// Text for a message: one line, at most 60 scalars.
pub(crate) fn shorten(text: &str) -> String {
    const MOST: usize = 60;
    let line = text.lines().next().unwrap_or_default();
    let cut: String = line.chars().take(MOST).collect();
    if cut.len() < text.len() { format!("{cut}…") } else { cut }
}
