//! A mapping while it is read: keys as text, merge keys, doubled keys.

use meshc_diagnostics::Diagnostic;
use meshc_source::Span;
use rustc_hash::FxHashSet;

use crate::build::Built;
use crate::node::{Entry, Key, Kind, Node, Style};
use crate::rules;

/// The entries so far, and the key whose value comes next.
#[derive(Default)]
pub(crate) struct Mapping {
    entries: Vec<Entry>,
    /// The mappings of `<<`, in order.
    merged: Vec<Node>,
    pending: Option<Pending>,
}

enum Pending {
    Key(Key),
    Merge,
    /// No key: its value is read and dropped.
    Invalid,
}

// === impl Mapping ===

impl Mapping {
    /// Takes a key or a value, whichever is next. `written` is the place of the alias that brought it.
    pub(crate) fn push(&mut self, node: Node, written: Option<Span>, built: &mut Built) {
        match self.pending.take() {
            None => self.pending = Some(key(node, written, built)),
            Some(Pending::Key(key)) => self.entries.push(Entry { key, value: node }),
            Some(Pending::Merge) => self.merge(node, written, built),
            Some(Pending::Invalid) => {}
        }
    }

    /// `<<` takes a mapping or a list of mappings.
    fn merge(&mut self, node: Node, written: Option<Span>, built: &mut Built) {
        let span = written.unwrap_or(node.span);
        match node.kind {
            Kind::Mapping(_) => self.merged.push(node),
            Kind::Sequence(items) if items.iter().all(|item| matches!(item.kind, Kind::Mapping(_))) => {
                self.merged.extend(items);
            }
            _ => built
                .diagnostics
                .push(rules::syntax_error(span, "`<<` merges a mapping or a list of mappings")),
        }
    }

    /// The entries without doubles: of one key the last stays, as in every reader that takes such a
    /// document at all; what is written beats what is merged, and an earlier merge a later one.
    pub(crate) fn finish(self, built: &mut Built) -> Vec<Entry> {
        let mut entries = self.entries;
        let mut order: Vec<usize> = (0..entries.len()).collect();
        order.sort_by(|&a, &b| entries[a].key.text.cmp(&entries[b].key.text).then(a.cmp(&b)));
        let mut kept = vec![true; entries.len()];
        for pair in order.windows(2) {
            let (first, second) = (&entries[pair[0]].key, &entries[pair[1]].key);
            if first.text == second.text {
                built.diagnostics.push(rules::duplicate_key(&first.text, first.span, second.span));
                kept[pair[0]] = false;
            }
        }
        let mut kept = kept.into_iter();
        entries.retain(|_| kept.next().unwrap_or(true));
        if !self.merged.is_empty() {
            merge_into(&mut entries, self.merged);
        }
        entries
    }
}

/// Adds what is merged and not there yet.
fn merge_into(entries: &mut Vec<Entry>, merged: Vec<Node>) {
    let mut keys: FxHashSet<Box<str>> = entries.iter().map(|entry| entry.key.text.clone()).collect();
    for node in merged {
        if let Kind::Mapping(more) = node.kind {
            entries.extend(more.into_iter().filter(|entry| keys.insert(entry.key.text.clone())));
        }
    }
}

/// A node as a key. Kubernetes turns YAML to JSON, where keys are strings.
fn key(node: Node, written: Option<Span>, built: &mut Built) -> Pending {
    let span = written.unwrap_or(node.span);
    let text = match node.kind {
        Kind::String(text) if node.style == Style::Plain && &*text == "<<" => return Pending::Merge,
        Kind::String(text) => text,
        Kind::Bool(value) => value.to_string().into(),
        Kind::Int(value) => value.to_string().into(),
        Kind::Float(value) => value.to_string().into(),
        Kind::Null | Kind::Sequence(_) | Kind::Mapping(_) => {
            let found = node.describe();
            built.invalid_key = true;
            built.diagnostics.push(
                Diagnostic::new(&rules::INVALID_KEY, span, format!("a key is text, and this is {found}"))
                    .help("put braces and brackets that are meant as text in quotes"),
            );
            return Pending::Invalid;
        }
    };
    Pending::Key(Key { span, text })
}
