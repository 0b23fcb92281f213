//! Two automata run side by side, as one.

use rustc_hash::{FxHashMap, FxHashSet};

use super::signature::SignatureId;
use super::{Automaton, DEAD, State};

/// A product that passes a bound.
#[derive(Debug, Clone, Copy)]
pub(super) struct Excess {
    /// States that were made in vain.
    pub(super) made: usize,
    pub(super) limit: usize,
    /// What the limit counts.
    pub(super) unit: &'static str,
}

impl Excess {
    pub(super) fn states(made: usize, limit: usize) -> Self {
        Self { made, limit, unit: "states with the rest of its field" }
    }
}

/// Transitions that a state may have on the average, at the limit of states, beyond those of both.
const TRANSITIONS_PER_STATE: usize = 16;

/// The product, if it has no more states and no more different signatures than the limits. A string that is outside
/// for one of both is outside; `both` gives the signature of all others.
pub(super) fn product(
    a: &Automaton,
    b: &Automaton,
    mut both: impl FnMut(SignatureId, SignatureId) -> SignatureId,
    max_states: usize,
    max_signatures: usize,
) -> Result<Automaton, Excess> {
    // What adds up has hardly more than both together.
    let states = (a.len() + b.len()).min(max_states.saturating_add(1));
    let mut merged = Automaton::with_capacity(states, a.edges.len() + b.edges.len());
    let mut pairs: Vec<(State, State)> = Vec::with_capacity(states);
    pairs.push((DEAD, DEAD));
    let mut numbers: FxHashMap<(State, State), State> = FxHashMap::default();
    numbers.reserve(states);
    let mut signatures: FxHashSet<SignatureId> = FxHashSet::default();
    // The edges of a row lead to a few states in turn.
    let mut recent = [((DEAD, DEAD), DEAD); 2];
    let mut number = |pair: (State, State), pairs: &mut Vec<(State, State)>| {
        if pair.0 == DEAD || pair.1 == DEAD {
            return DEAD;
        }
        if let Some(&(_, known)) = recent.iter().find(|(known, _)| *known == pair) {
            return known;
        }
        let number = *numbers.entry(pair).or_insert_with(|| {
            pairs.push(pair);
            (pairs.len() - 1) as State
        });
        recent = [(pair, number), recent[0]];
        number
    };
    merged.start = number((a.start, b.start), &mut pairs);
    let most = max_states.saturating_mul(TRANSITIONS_PER_STATE).saturating_add(a.edges.len() + b.edges.len());
    let mut next = 1;
    while next < pairs.len() {
        if pairs.len() > max_states {
            return Err(Excess::states(pairs.len(), max_states));
        }
        let (left, right) = pairs[next];
        let (mut left_row, mut right_row) = (a.row(left).iter().peekable(), b.row(right).iter().peekable());
        while let (Some(x), Some(y)) = (left_row.peek(), right_row.peek()) {
            let last = x.last().min(y.last());
            let target = number((x.target(), y.target()), &mut pairs);
            merged.push_edge(last, target);
            if x.last() == last {
                left_row.next();
            }
            if y.last() == last {
                right_row.next();
            }
        }
        let signature = both(a.signature(left), b.signature(right));
        signatures.insert(signature);
        if signatures.len() > max_signatures {
            let unit = "atoms with the rest of its field";
            return Err(Excess { made: pairs.len(), limit: max_signatures, unit });
        }
        merged.end_row(signature);
        if merged.edges.len() > most {
            let unit = "transitions with the rest of its field";
            return Err(Excess { made: max_states, limit: most, unit });
        }
        next += 1;
    }
    merged.shrink();
    Ok(merged)
}
