//! Deterministic automata over bytes whose states carry a signature: which of many
//! patterns accept what ends here.

mod floating;
mod literals;
mod merge;
mod minimize;
mod partition;
mod pattern;
mod product;
mod shortest;
mod signature;

pub(crate) use partition::{Partition, partition, universe_automaton};
pub(crate) use shortest::Shortest;
pub(crate) use signature::{EMPTY, OUTSIDE, SignatureId};

/// The number of a state.
pub(crate) type State = u32;

/// The state that no possible string passes: outside, for ever. Every automaton has it.
pub(crate) const DEAD: State = 0;

/// An edge for the bytes after the previous edge's last one, up to its own.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Edge {
    pub(crate) last: u8,
    pub(crate) target: State,
}

/// A complete automaton: each row's edges cover all bytes, in ascending order.
#[derive(Clone)]
pub(crate) struct Automaton {
    pub(crate) start: State,
    /// Where each state's row begins in `edges`, and the end of the last.
    rows: Vec<u32>,
    edges: Vec<Edge>,
    signatures: Vec<SignatureId>,
}

impl Automaton {
    /// An automaton that has only the dead state yet.
    fn new() -> Self {
        let mut automaton = Self { start: DEAD, rows: vec![0], edges: Vec::new(), signatures: Vec::new() };
        automaton.push_edge(u8::MAX, DEAD);
        automaton.end_row(OUTSIDE);
        automaton
    }

    /// Adds an edge to the row begun; neighbours with one target become one.
    fn push_edge(&mut self, last: u8, target: State) {
        let row_start = self.rows[self.rows.len() - 1] as usize;
        match self.edges[row_start..].last_mut() {
            Some(edge) if edge.target == target => edge.last = last,
            _ => self.edges.push(Edge { last, target }),
        }
    }

    /// Ends the row begun and gives the number of its state.
    fn end_row(&mut self, signature: SignatureId) -> State {
        self.rows.push(self.edges.len() as u32);
        self.signatures.push(signature);
        (self.signatures.len() - 1) as State
    }

    pub(crate) fn len(&self) -> usize {
        self.signatures.len()
    }

    pub(crate) fn row(&self, state: State) -> &[Edge] {
        let state = state as usize;
        &self.edges[self.rows[state] as usize..self.rows[state + 1] as usize]
    }

    pub(crate) fn signature(&self, state: State) -> SignatureId {
        self.signatures[state as usize]
    }

    fn step(&self, state: State, byte: u8) -> State {
        let row = self.row(state);
        row[row.partition_point(|edge| edge.last < byte)].target
    }

    /// The signature of a string.
    pub(crate) fn classify(&self, text: &[u8]) -> SignatureId {
        self.signature(text.iter().fold(self.start, |state, &byte| self.step(state, byte)))
    }
}
