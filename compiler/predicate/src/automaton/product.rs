//! Two automata run side by side, as one.

use rustc_hash::FxHashMap;

use super::signature::Signatures;
use super::{Automaton, DEAD, State};

/// The product; `None` if it has more states than the limit. A string that is outside
/// for one of both is outside.
pub(super) fn product(
    a: &Automaton,
    b: &Automaton,
    signatures: &mut Signatures,
    limit: usize,
) -> Option<Automaton> {
    let mut merged = Automaton::new();
    let mut pairs: Vec<(State, State)> = vec![(DEAD, DEAD)];
    let mut numbers: FxHashMap<(State, State), State> = FxHashMap::default();
    let mut number = |pair: (State, State), pairs: &mut Vec<(State, State)>| {
        if pair.0 == DEAD || pair.1 == DEAD {
            return DEAD;
        }
        *numbers.entry(pair).or_insert_with(|| {
            pairs.push(pair);
            (pairs.len() - 1) as State
        })
    };
    merged.start = number((a.start, b.start), &mut pairs);
    let mut next = 1;
    while next < pairs.len() {
        if pairs.len() > limit {
            return None;
        }
        let (left, right) = pairs[next];
        let (mut left_row, mut right_row) = (a.row(left).iter().peekable(), b.row(right).iter().peekable());
        while let (Some(x), Some(y)) = (left_row.peek(), right_row.peek()) {
            let last = x.last.min(y.last);
            let target = number((x.target, y.target), &mut pairs);
            merged.push_edge(last, target);
            if x.last == last {
                left_row.next();
            }
            if y.last == last {
                right_row.next();
            }
        }
        merged.end_row(signatures.both(a.signature(left), b.signature(right)));
        next += 1;
    }
    Some(merged)
}
