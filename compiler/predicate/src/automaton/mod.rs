//! Deterministic automata over bytes whose states carry a signature: which of many
//! patterns accept what ends here.

mod ascii;
mod floating;
mod literals;
mod merge;
mod minimize;
mod partition;
mod pattern;
mod product;
mod shortest;
mod signature;
mod sources;
mod universe;

pub(crate) use partition::{Allowance, Partition, partition};
pub(crate) use shortest::Shortest;
pub(crate) use signature::{EMPTY, OUTSIDE, SignatureId};
pub(crate) use universe::universe_automaton;

/// The number of a state.
pub(crate) type State = u32;

/// The state that no possible string passes: outside, for ever. Every automaton has it.
pub(crate) const DEAD: State = 0;

/// An edge for the bytes after the previous edge's last one, up to its own, in four bytes: most of what an automaton
/// takes are edges.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Edge(u32);

/// No automaton has more states than this, whatever the limits say: it is what an edge has room for, with some to spare
/// for those that come beside the ones that are counted.
pub(crate) const MOST_STATES: usize = 1 << 22;

impl Edge {
    fn new(last: u8, target: State) -> Self {
        debug_assert!(target >> 24 == 0, "an edge has room for it");
        Self(u32::from(last) << 24 | target)
    }

    pub(crate) fn last(self) -> u8 {
        (self.0 >> 24) as u8
    }

    pub(crate) fn target(self) -> State {
        self.0 & 0x00ff_ffff
    }
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
        Self::with_capacity(1, 1)
    }

    /// As `new`, with room for more.
    fn with_capacity(states: usize, edges: usize) -> Self {
        let (mut rows, signatures) = (Vec::with_capacity(states + 1), Vec::with_capacity(states));
        rows.push(0);
        let mut automaton = Self { start: DEAD, rows, edges: Vec::with_capacity(edges), signatures };
        automaton.push_edge(u8::MAX, DEAD);
        automaton.end_row(OUTSIDE);
        automaton
    }

    /// Adds an edge to the row begun; neighbours with one target become one.
    fn push_edge(&mut self, last: u8, target: State) {
        let row_start = self.rows[self.rows.len() - 1] as usize;
        match self.edges[row_start..].last_mut() {
            Some(edge) if edge.target() == target => *edge = Edge::new(last, target),
            _ => self.edges.push(Edge::new(last, target)),
        }
    }

    /// Ends the row begun and gives the number of its state.
    fn end_row(&mut self, signature: SignatureId) -> State {
        self.rows.push(self.edges.len() as u32);
        self.signatures.push(signature);
        (self.signatures.len() - 1) as State
    }

    /// Gives back the room that it does not need.
    fn shrink(&mut self) {
        self.rows.shrink_to_fit();
        self.edges.shrink_to_fit();
        self.signatures.shrink_to_fit();
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
        row[row.partition_point(|edge| edge.last() < byte)].target()
    }

    /// The signature of a string.
    pub(crate) fn classify(&self, text: &[u8]) -> SignatureId {
        self.signature(text.iter().fold(self.start, |state, &byte| self.step(state, byte)))
    }
}
