//! Merges the states of an automaton that no continuation tells apart.

use rustc_hash::FxHashMap;

use super::{Automaton, DEAD, Edge};

/// Above this many states the automaton stays as it is: refinement takes a round for
/// each letter of a long pattern, and nothing rests on minimality but speed.
const MAX_STATES: usize = 3_000;

/// Rows that are looked at before an automaton stays as it is.
const MAX_ROWS: usize = 30_000;

/// Moore's refinement, from the partition by signatures.
pub(super) fn minimize(automaton: Automaton) -> Automaton {
    let count = automaton.len();
    if count > MAX_STATES {
        return automaton;
    }
    let mut blocks = {
        let mut numbers = FxHashMap::default();
        (0..count as u32)
            .map(|state| {
                let next = numbers.len() as u32;
                *numbers.entry(automaton.signature(state)).or_insert(next)
            })
            .collect::<Vec<u32>>()
    };
    let mut block_count = 1 + blocks.iter().copied().max().unwrap_or(0);
    for _ in 0..MAX_ROWS.div_ceil(count.max(1)) {
        let mut numbers: FxHashMap<(u32, Vec<(u8, u32)>), u32> = FxHashMap::default();
        let refined: Vec<u32> = (0..count as u32)
            .map(|state| {
                let next = numbers.len() as u32;
                let key = (blocks[state as usize], row_of_blocks(automaton.row(state), &blocks));
                *numbers.entry(key).or_insert(next)
            })
            .collect();
        blocks = refined;
        let refined_count = numbers.len() as u32;
        if refined_count == block_count {
            return quotient(&automaton, &blocks);
        }
        block_count = refined_count;
    }
    automaton
}

fn row_of_blocks(row: &[Edge], blocks: &[u32]) -> Vec<(u8, u32)> {
    let mut merged: Vec<(u8, u32)> = Vec::with_capacity(row.len());
    for edge in row {
        let block = blocks[edge.target as usize];
        match merged.last_mut() {
            Some(last) if last.1 == block => last.0 = edge.last,
            _ => merged.push((edge.last, block)),
        }
    }
    merged
}

/// One state for each block; blocks are numbered by their first states, so the dead
/// state stays the first.
fn quotient(automaton: &Automaton, blocks: &[u32]) -> Automaton {
    let mut merged = Automaton::new();
    merged.start = blocks[automaton.start as usize];
    for (state, &block) in blocks.iter().enumerate() {
        if block as usize == merged.len() {
            let state = state as u32;
            for (last, target) in row_of_blocks(automaton.row(state), blocks) {
                merged.push_edge(last, target);
            }
            merged.end_row(automaton.signature(state));
        }
    }
    debug_assert_eq!(blocks[DEAD as usize], DEAD);
    merged
}
