//! Whether a pattern floats: whether most strings, and not only those that begin as it does, have to be read on to know
//! if it accepts them. The automata of such patterns multiply.

use super::sources::Sources;
use super::{Automaton, DEAD, EMPTY, OUTSIDE, State};

/// States this far from the start count as the beginning; a path has its slash before anything else.
const BEGINNING: usize = 1;

/// How much of its field's strings a pattern keeps open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spread {
    /// Each string soon leaves it or is accepted for good: such patterns add up.
    Narrow,
    /// Behind some beginning, most strings have to be read on; patterns with that beginning multiply.
    Behind,
    /// From the beginning: it multiplies with all others.
    Floating,
}

/// The spread of one pattern's automaton, within its universe.
pub(super) fn spread(automaton: &Automaton) -> Spread {
    let sources = Sources::of(automaton);
    let to_accepted = sources.distances(automaton, |signature| signature != EMPTY && signature != OUTSIDE);
    let to_refused = sources.distances(automaton, |signature| signature == EMPTY);
    let open = |state: State| to_accepted[state as usize].max(to_refused[state as usize]) < u32::MAX;
    let mut seen = vec![false; automaton.len()];
    let mut states = vec![automaton.start];
    let mut depth = 0;
    while !states.is_empty() {
        let mut next = Vec::new();
        for state in states {
            if !open(state) || std::mem::replace(&mut seen[state as usize], true) {
                continue;
            }
            let (mut live, mut undecided, mut first) = (0, 0, 0);
            for edge in automaton.row(state) {
                let bytes = usize::from(edge.last()) + 1 - first;
                first = usize::from(edge.last()) + 1;
                live += if edge.target() == DEAD { 0 } else { bytes };
                undecided += if open(edge.target()) { bytes } else { 0 };
                next.push(edge.target());
            }
            // A single byte that can come says nothing about all strings.
            if live > 1 && undecided * 2 > live {
                return if depth <= BEGINNING { Spread::Floating } else { Spread::Behind };
            }
        }
        states = next;
        depth += 1;
    }
    Spread::Narrow
}
