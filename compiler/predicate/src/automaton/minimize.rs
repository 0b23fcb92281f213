//! Merges the states of an automaton that no continuation tells apart.

use rustc_hash::FxHashMap;

use super::signature::{EMPTY, OUTSIDE};
use super::sources::Sources;
use super::{Automaton, DEAD, Edge};

/// Above this many states the automaton stays as it is: refinement may take as many rounds as there are states,
/// and nothing rests on minimality but speed.
const MAX_STATES: usize = 3_000;

/// Rows that are looked at before an automaton stays as it is.
const MAX_ROWS: usize = 30_000;

/// Moore's refinement, from the partition by signatures and by the shortest ways to them, which tell the states of a
/// long literal apart at once.
pub(super) fn minimize(automaton: Automaton) -> Automaton {
    let count = automaton.len();
    if count > MAX_STATES {
        return automaton;
    }
    let sources = Sources::of(&automaton);
    let to_accepted = sources.distances(&automaton, |signature| signature != EMPTY && signature != OUTSIDE);
    let to_empty = sources.distances(&automaton, |signature| signature == EMPTY);
    let mut blocks = {
        let mut numbers = FxHashMap::default();
        (0..count)
            .map(|state| {
                let next = numbers.len() as u32;
                let key = (automaton.signatures[state], to_accepted[state], to_empty[state]);
                *numbers.entry(key).or_insert(next)
            })
            .collect::<Vec<u32>>()
    };
    let mut block_count = 1 + blocks.iter().copied().max().unwrap_or(0);
    // The rows of a round, one after the other, and where they begin.
    let mut rows: Vec<u64> = Vec::with_capacity(automaton.edges.len() + count);
    let mut starts: Vec<usize> = Vec::with_capacity(count + 1);
    for _ in 0..MAX_ROWS.div_ceil(count.max(1)) {
        rows.clear();
        starts.clear();
        for (state, &block) in (0..).zip(&blocks) {
            starts.push(rows.len());
            rows.push(block.into());
            row_of_blocks(automaton.row(state), &blocks, &mut rows);
        }
        starts.push(rows.len());
        let mut numbers: FxHashMap<&[u64], u32> = FxHashMap::default();
        numbers.reserve(block_count as usize);
        for (block, ends) in blocks.iter_mut().zip(starts.windows(2)) {
            let next = numbers.len() as u32;
            *block = *numbers.entry(&rows[ends[0]..ends[1]]).or_insert(next);
        }
        let refined_count = numbers.len() as u32;
        if refined_count == block_count {
            return quotient(&automaton, &blocks);
        }
        block_count = refined_count;
    }
    automaton
}

/// Appends a row whose edges lead to blocks; each has its last byte above the block.
fn row_of_blocks(row: &[Edge], blocks: &[u32], rows: &mut Vec<u64>) {
    let start = rows.len();
    for edge in row {
        let block = u64::from(blocks[edge.target() as usize]);
        let packed = u64::from(edge.last()) << 32 | block;
        match rows[start..].last_mut() {
            Some(last) if *last as u32 == block as u32 => *last = packed,
            _ => rows.push(packed),
        }
    }
}

/// One state for each block; blocks are numbered by their first states, so the dead
/// state stays the first.
fn quotient(automaton: &Automaton, blocks: &[u32]) -> Automaton {
    let mut merged = Automaton::new();
    merged.start = blocks[automaton.start as usize];
    for (state, &block) in (0..).zip(blocks) {
        if block as usize == merged.len() {
            for edge in automaton.row(state) {
                merged.push_edge(edge.last(), blocks[edge.target() as usize]);
            }
            merged.end_row(automaton.signature(state));
        }
    }
    debug_assert_eq!(blocks[DEAD as usize], DEAD);
    merged
}
