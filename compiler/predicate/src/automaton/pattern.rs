//! The automaton of one regular expression, determinised by `regex-automata`.

use regex_automata::dfa::{Automaton as _, StartKind, dense};
use regex_automata::nfa::thompson;
use regex_automata::util::start;
use regex_automata::{Anchored, MatchKind, util::primitives::StateID};
use regex_syntax::hir::{Dot, Hir, Repetition};
use rustc_hash::FxHashMap;

use super::ascii::ascii;
use super::signature::SignatureId;
use super::{Automaton, State};
use crate::Error;

/// Bytes that the set of positions behind a state may take on the average: what a step costs is in proportion to it.
const BYTES_PER_STATE: usize = 256;
/// Bytes that even a small automaton may take.
const FIRST_BYTES: usize = 16 << 10;
/// Bytes that it takes to follow a state of the expression's own automaton, which is walked along.
const BYTES_PER_POSITION: usize = 64;
/// Rows that even a small automaton has.
const FIRST_ROWS: usize = 16;

/// An automaton that tells the strings that the pattern matches as a whole (signature
/// `inside`) from all others (signature `outside`), of the strings of ASCII alone if others cannot occur. `None` if
/// it is too large.
pub(super) fn regex(
    pattern: &str,
    inside: SignatureId,
    outside: SignatureId,
    max_states: usize,
    ascii_only: bool,
) -> Result<Option<Automaton>, Error> {
    let mut hir = meshc_re2::parse(pattern)?.hir;
    if ascii_only {
        hir = ascii(&hir);
    }
    Ok(determinize(&hir, inside, outside, max_states))
}

/// The automaton of all valid UTF-8 (signature `inside`).
pub(super) fn utf8(inside: SignatureId, outside: SignatureId, max_states: usize) -> Option<Automaton> {
    let sub = Box::new(Hir::dot(Dot::AnyChar));
    let hir = Hir::repetition(Repetition { min: 0, max: None, greedy: true, sub });
    determinize(&hir, inside, outside, max_states)
}

fn determinize(hir: &Hir, inside: SignatureId, outside: SignatureId, max_states: usize) -> Option<Automaton> {
    let bytes = max_states.saturating_mul(BYTES_PER_STATE).saturating_add(FIRST_BYTES);
    let config = thompson::Config::new()
        .utf8(false)
        .which_captures(thompson::WhichCaptures::None)
        .nfa_size_limit(Some(bytes));
    let nfa = thompson::Compiler::new().configure(config).build_from_hir(hir).ok()?;
    // Rows of four bytes for each class of bytes; acceptance comes a byte late, which costs some states more.
    let row = nfa.byte_classes().alphabet_len().next_power_of_two() * 4;
    let rows = max_states.saturating_mul(2).saturating_add(FIRST_ROWS).saturating_mul(row);
    let bytes = bytes.saturating_add(nfa.states().len() * BYTES_PER_POSITION);
    let config = dense::Config::new()
        .match_kind(MatchKind::All)
        .start_kind(StartKind::Anchored)
        .accelerate(false)
        .dfa_size_limit(Some(rows))
        .determinize_size_limit(Some(bytes));
    let dfa = dense::Builder::new().configure(config).build_from_nfa(&nfa).ok()?;
    let start = dfa.start_state(&start::Config::new().anchored(Anchored::Yes)).ok()?;
    // The last byte of each run of bytes that the automaton does not tell apart.
    let classes = dfa.byte_classes();
    let lasts: Vec<u8> =
        (0..=u8::MAX).filter(|&byte| byte == u8::MAX || classes.get(byte) != classes.get(byte + 1)).collect();
    let mut automaton = Automaton::new();
    let mut states: Vec<StateID> = vec![start];
    let mut numbers: FxHashMap<StateID, State> = FxHashMap::default();
    numbers.insert(start, 1);
    automaton.start = 1;
    let mut next = 0;
    while let Some(&state) = states.get(next) {
        if states.len() > max_states {
            return None;
        }
        for &last in &lasts {
            let target = dfa.next_state(state, last);
            let target = *numbers.entry(target).or_insert_with(|| {
                states.push(target);
                states.len() as State
            });
            automaton.push_edge(last, target);
        }
        let matched = dfa.is_match_state(dfa.next_eoi_state(state));
        automaton.end_row(if matched { inside } else { outside });
        next += 1;
    }
    Some(automaton)
}
