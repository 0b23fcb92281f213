//! The edges of an automaton the other way round.

use super::{Automaton, SignatureId, State};

/// Where each state is reached from.
pub(super) struct Sources {
    /// Where each state's part of `sources` begins, and the end of the last.
    starts: Vec<u32>,
    sources: Vec<State>,
}

impl Sources {
    pub(super) fn of(automaton: &Automaton) -> Self {
        let mut starts = vec![0u32; automaton.len() + 1];
        for edge in &automaton.edges {
            starts[edge.target() as usize] += 1;
        }
        // The ends of the parts, each of which goes back to its start as it is filled.
        let mut end = 0;
        for start in &mut starts {
            end += *start;
            *start = end;
        }
        let mut sources = vec![0; automaton.edges.len()];
        for state in 0..automaton.len() as State {
            for edge in automaton.row(state) {
                let place = &mut starts[edge.target() as usize];
                *place -= 1;
                sources[*place as usize] = state;
            }
        }
        Self { starts, sources }
    }

    fn of_state(&self, state: State) -> &[State] {
        let state = state as usize;
        &self.sources[self.starts[state] as usize..self.starts[state + 1] as usize]
    }

    /// For each state how many bytes it takes at least to one with such a signature; `u32::MAX` where none is reached.
    pub(super) fn distances(&self, automaton: &Automaton, wanted: impl Fn(SignatureId) -> bool) -> Vec<u32> {
        let mut distances = vec![u32::MAX; automaton.len()];
        let mut open: Vec<State> =
            (0..automaton.len() as State).filter(|&state| wanted(automaton.signature(state))).collect();
        for &state in &open {
            distances[state as usize] = 0;
        }
        let mut next = 0;
        while let Some(&state) = open.get(next) {
            next += 1;
            for &source in self.of_state(state) {
                if distances[source as usize] == u32::MAX {
                    distances[source as usize] = distances[state as usize] + 1;
                    open.push(source);
                }
            }
        }
        distances
    }
}
