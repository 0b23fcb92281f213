//! For each signature the shortest string that has it; among those of one length the
//! most readable.

use std::collections::VecDeque;

use super::{Automaton, DEAD, OUTSIDE, SignatureId, State};

/// How far each state is from the start, and through what.
pub(crate) struct Shortest {
    /// For each state but the start: where it was first reached from, and by which byte.
    parents: Vec<(State, u8)>,
    /// For each signature: the state it was first met in, and the string's cost.
    found: Vec<Option<(State, u32)>>,
    start: State,
}

impl Shortest {
    /// Walks breadth first, readable bytes before others.
    pub(crate) fn new(automaton: &Automaton, signatures: usize) -> Self {
        let ranks = ranks();
        let mut parents = vec![(DEAD, 0); automaton.len()];
        let mut costs = vec![u32::MAX; automaton.len()];
        let mut found = vec![None; signatures];
        let mut queue = VecDeque::new();
        if automaton.start != DEAD {
            costs[automaton.start as usize] = 0;
            queue.push_back(automaton.start);
        }
        let mut edges = Vec::new();
        while let Some(state) = queue.pop_front() {
            let cost = costs[state as usize];
            let signature = automaton.signature(state);
            if signature != OUTSIDE {
                found[signature as usize].get_or_insert((state, cost));
            }
            edges.clear();
            let mut first = 0;
            for edge in automaton.row(state) {
                if edge.target() != DEAD && costs[edge.target() as usize] == u32::MAX {
                    let best = (first..=edge.last()).min_by_key(|&byte| ranks[usize::from(byte)]);
                    edges.extend(best.map(|byte| (ranks[usize::from(byte)], byte, edge.target())));
                }
                first = edge.last().saturating_add(1);
            }
            edges.sort_unstable();
            for &(rank, byte, target) in &edges {
                if costs[target as usize] == u32::MAX {
                    costs[target as usize] = cost + 1 + u32::from(rank / ODD) * 3;
                    parents[target as usize] = (state, byte);
                    queue.push_back(target);
                }
            }
        }
        Self { parents, found, start: automaton.start }
    }

    /// What the shortest string of a signature costs a reader: its bytes, odd ones more.
    pub(crate) fn cost(&self, signature: SignatureId) -> Option<u32> {
        self.found[signature as usize].map(|(_, cost)| cost)
    }

    /// The shortest string of a signature.
    pub(crate) fn text(&self, signature: SignatureId) -> Option<String> {
        let (mut state, _) = self.found[signature as usize]?;
        let mut bytes = Vec::new();
        while state != self.start {
            let (parent, byte) = self.parents[state as usize];
            bytes.push(byte);
            state = parent;
        }
        bytes.reverse();
        String::from_utf8(bytes).ok()
    }
}

/// Ranks from here on are bytes that a reader stumbles over.
const ODD: u8 = 66;

/// The place of each byte in the order of readability.
fn ranks() -> [u8; 256] {
    let plain = (b'a'..=b'z').chain(b'0'..=b'9').chain(*b"-._/").chain(b'A'..=b'Z');
    let printable = (b'!'..=b'~').chain([b' ']);
    let rest = (0x80..=0xff).chain(0..=0x1f).chain([0x7f]);
    let mut ranks = [u8::MAX; 256];
    let mut next = 0;
    for byte in plain.chain(printable).chain(rest) {
        if ranks[usize::from(byte)] == u8::MAX {
            ranks[usize::from(byte)] = next;
            next = next.saturating_add(1);
        }
    }
    ranks
}
