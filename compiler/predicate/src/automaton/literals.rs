//! Automata of many literals at once: a trie for those that begin a string, and Aho
//! and Corasick's automaton for those that may stand anywhere.

use std::borrow::Cow;
use std::collections::VecDeque;

use super::signature::{EMPTY, SignatureId, Signatures};
use super::{Automaton, Edge, State};

/// A literal and the pattern that it belongs to.
pub(super) struct Literal<'p> {
    pub(super) text: Cow<'p, [u8]>,
    pub(super) pattern: u32,
    pub(super) mark: Mark,
}

/// What a literal says about the strings that reach its end.
#[derive(Clone, Copy)]
pub(super) enum Mark {
    /// only the string that ends there is accepted
    Here,
    /// all that go on from there are accepted too
    Onward,
}

#[derive(Default)]
struct Node {
    /// Ascending by byte.
    children: Vec<(u8, usize)>,
    here: Vec<u32>,
    onward: Vec<u32>,
}

struct Trie(Vec<Node>);

impl Trie {
    /// A literal past the limit's number of nodes gives `None`.
    fn new(literals: &[Literal<'_>], limit: usize) -> Option<Self> {
        let mut nodes = vec![Node::default()];
        for literal in literals {
            let mut at = 0;
            for &byte in literal.text.iter() {
                at = match nodes[at].children.binary_search_by_key(&byte, |&(byte, _)| byte) {
                    Ok(found) => nodes[at].children[found].1,
                    Err(place) => {
                        if nodes.len() >= limit {
                            return None;
                        }
                        let next = nodes.len();
                        nodes.push(Node::default());
                        nodes[at].children.insert(place, (byte, next));
                        next
                    }
                };
            }
            match literal.mark {
                Mark::Here => nodes[at].here.push(literal.pattern),
                Mark::Onward => nodes[at].onward.push(literal.pattern),
            }
        }
        for node in &mut nodes {
            node.here.sort_unstable();
            node.here.dedup();
            node.onward.sort_unstable();
            node.onward.dedup();
        }
        Some(Self(nodes))
    }
}

/// Both cases of a byte of a literal, if case is ignored.
fn cases(byte: u8, ignore_case: bool) -> impl Iterator<Item = u8> {
    let upper = byte.to_ascii_uppercase();
    std::iter::once(byte).chain((ignore_case && upper != byte).then_some(upper))
}

/// Literals that strings begin with, or are.
pub(super) fn anchored(
    literals: &[Literal<'_>],
    ignore_case: bool,
    signatures: &mut Signatures,
    limit: usize,
) -> Option<Automaton> {
    let Trie(nodes) = Trie::new(literals, limit)?;
    // Parents stand before their children, so one pass gives each node what holds there.
    let mut chains: Vec<SignatureId> = vec![EMPTY; nodes.len()];
    let mut off_states: Vec<(SignatureId, State)> = Vec::new();
    let mut off: Vec<State> = vec![0; nodes.len()];
    let mut parents = vec![0; nodes.len()];
    for (number, node) in nodes.iter().enumerate() {
        for &(_, child) in &node.children {
            parents[child] = number;
        }
        let parent = parents[number];
        let before = if number == 0 { EMPTY } else { chains[parent] };
        chains[number] = signatures.add(before, &node.onward);
        off[number] = if number > 0 && chains[number] == before {
            off[parent]
        } else {
            let state = (1 + nodes.len() + off_states.len()) as State;
            off_states.push((chains[number], state));
            state
        };
    }
    let mut automaton = Automaton::new();
    automaton.start = 1;
    let mut edges = Vec::new();
    for (number, node) in nodes.iter().enumerate() {
        edges.clear();
        for &(byte, child) in &node.children {
            let bare = nodes[child].children.is_empty() && nodes[child].here.is_empty();
            let target = if bare { off[child] } else { child as State + 1 };
            edges.extend(cases(byte, ignore_case).map(|byte| (byte, target)));
        }
        edges.sort_unstable();
        for &(byte, target) in &edges {
            if let Some(before) = byte.checked_sub(1) {
                fill(&mut automaton, before, off[number]);
            }
            automaton.push_edge(byte, target);
        }
        fill(&mut automaton, u8::MAX, off[number]);
        automaton.end_row(signatures.add(chains[number], &node.here));
    }
    for (signature, state) in off_states {
        automaton.push_edge(u8::MAX, state);
        automaton.end_row(signature);
    }
    Some(automaton)
}

/// Extends the row begun up to `last`, if it does not reach so far yet.
fn fill(automaton: &mut Automaton, last: u8, target: State) {
    let row_start = automaton.rows[automaton.rows.len() - 1] as usize;
    if automaton.edges[row_start..].last().is_none_or(|edge| edge.last() < last) {
        automaton.push_edge(last, target);
    }
}

/// Literals that strings end with; or, for marks that go onward, have in them (one
/// literal at a time: the sets of several that have been seen are a product).
pub(super) fn floating(
    literals: &[Literal<'_>],
    ignore_case: bool,
    signatures: &mut Signatures,
    limit: usize,
) -> Option<Automaton> {
    let Trie(nodes) = Trie::new(literals, limit)?;
    let mut rows: Vec<Vec<Edge>> = vec![Vec::new(); nodes.len()];
    let mut sets = vec![EMPTY; nodes.len()];
    // The node of the longest proper suffix; it is shorter, so its row is there first.
    let mut fallback = vec![0usize; nodes.len()];
    let mut queue = VecDeque::from([0usize]);
    while let Some(number) = queue.pop_front() {
        let node = &nodes[number];
        let inherited = if number == 0 { EMPTY } else { sets[fallback[number]] };
        let own = if node.onward.is_empty() { &node.here } else { &node.onward };
        sets[number] = signatures.add(inherited, own);
        if !node.onward.is_empty() {
            rows[number] = vec![Edge::new(u8::MAX, number as State + 1)];
            continue;
        }
        let mut table = if number == 0 { [1; 256] } else { expand(&rows[fallback[number]]) };
        for &(byte, child) in &node.children {
            fallback[child] = if number == 0 { 0 } else { table[usize::from(byte)] as usize - 1 };
            queue.push_back(child);
        }
        for &(byte, child) in &node.children {
            for byte in cases(byte, ignore_case) {
                table[usize::from(byte)] = child as State + 1;
            }
        }
        rows[number] = compress(&table);
    }
    let mut automaton = Automaton::new();
    automaton.start = 1;
    for (row, signature) in rows.iter().zip(sets) {
        for edge in row {
            automaton.push_edge(edge.last(), edge.target());
        }
        automaton.end_row(signature);
    }
    Some(automaton)
}

/// The target of each byte.
fn expand(row: &[Edge]) -> [State; 256] {
    let mut table = [0; 256];
    let mut byte = 0;
    for edge in row {
        let end = usize::from(edge.last()) + 1;
        table[byte..end].fill(edge.target());
        byte = end;
    }
    table
}

fn compress(table: &[State; 256]) -> Vec<Edge> {
    let mut row: Vec<Edge> = Vec::new();
    for byte in 0..=u8::MAX {
        let target = table[usize::from(byte)];
        match row.last_mut() {
            Some(edge) if edge.target() == target => *edge = Edge::new(byte, target),
            _ => row.push(Edge::new(byte, target)),
        }
    }
    row
}
