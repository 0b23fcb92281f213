//! The atoms of one field: classes of strings that no condition on the field tells
//! apart.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::OnceLock;

use crate::automaton::{Allowance, Partition, Shortest, partition, universe_automaton};
use crate::automaton::{Automaton, DEAD, EMPTY, OUTSIDE, SignatureId};
use crate::language::Pattern;
use crate::{Error, Language, Limits};

/// A partition of the strings of a universe: every string is in exactly one atom, and
/// each of the languages given is a union of atoms.
pub struct FieldAtoms {
    automaton: Automaton,
    /// Each signature's atom; no atom has the signature that cannot occur.
    atom_of: Vec<Option<u32>>,
    signature_of: Vec<SignatureId>,
    /// The atoms of each pattern, as ascending ranges that do not touch.
    members: BTreeMap<Pattern, Vec<Range<u32>>>,
    shortest: OnceLock<Shortest>,
    made: usize,
}

impl FieldAtoms {
    /// Builds the partition by all patterns in the languages.
    pub fn build<'l>(
        universe: &Language,
        languages: impl IntoIterator<Item = &'l Language>,
        limits: &Limits,
    ) -> Result<Self, Error> {
        Self::build_without(universe, languages, limits, &mut Allowance::new(limits), |_, _| false)
    }

    /// As `build`, for a field that shares an allowance with others; patterns that are too hard are left out if
    /// `leave_out` says so.
    pub(crate) fn build_without<'l>(
        universe: &Language,
        languages: impl IntoIterator<Item = &'l Language>,
        limits: &Limits,
        allowance: &mut Allowance,
        mut leave_out: impl FnMut(&Pattern, &Error) -> bool,
    ) -> Result<Self, Error> {
        let mut patterns: BTreeSet<&Pattern> = BTreeSet::new();
        for language in languages {
            language.patterns(&mut |pattern| {
                patterns.insert(pattern);
            });
        }
        let patterns: Vec<&Pattern> = patterns.into_iter().collect();
        let limits = &limits.within_bounds();
        let universe = universe_automaton(universe, limits)?;
        let mut too_hard = |places: &[u32], error: &Error| {
            places.iter().all(|&place| leave_out(patterns[place as usize], error))
        };
        let Partition { automaton, signatures, made } =
            partition(&universe, &patterns, limits, allowance, &mut too_hard)?;
        let (atom_of, signature_of) = number(&automaton, signatures.len());
        let mut ranges: Vec<Vec<Range<u32>>> = vec![Vec::new(); patterns.len()];
        for (atom, &signature) in signature_of.iter().enumerate() {
            let atom = atom as u32;
            for pattern in signatures.members(signature) {
                match ranges[pattern as usize].last_mut() {
                    Some(range) if range.end == atom => range.end = atom + 1,
                    _ => ranges[pattern as usize].push(atom..atom + 1),
                }
            }
        }
        let members = patterns.into_iter().cloned().zip(ranges).collect();
        Ok(Self { automaton, atom_of, signature_of, members, shortest: OnceLock::new(), made })
    }

    /// How many atoms there are. None at all if the universe has no string.
    pub fn len(&self) -> usize {
        self.signature_of.len()
    }

    /// How many states of automata were made for them, in vain or not, for those who watch the cost.
    pub fn states_made(&self) -> usize {
        self.made
    }

    /// Whether the universe has no string.
    pub fn is_empty(&self) -> bool {
        self.signature_of.is_empty()
    }

    /// The atom of a string; `None` if the string is not in the universe.
    pub fn classify(&self, text: &str) -> Option<usize> {
        self.atom_of[self.automaton.classify(text.as_bytes()) as usize].map(|atom| atom as usize)
    }

    /// Whether the strings of an atom are in a language all of whose patterns the
    /// partition was built for. A pattern that it was not built for accepts nothing.
    pub fn accepts(&self, language: &Language, atom: usize) -> bool {
        let atom = atom as u32;
        language.accepts(&|pattern| {
            let ranges = self.ranges(pattern);
            ranges
                .get(ranges.partition_point(|range| range.end <= atom))
                .is_some_and(|range| range.start <= atom)
        })
    }

    /// The shortest and most readable string of an atom.
    pub fn witness(&self, atom: usize) -> Option<String> {
        self.shortest().text(*self.signature_of.get(atom)?)
    }

    /// What the witness costs a reader.
    pub(crate) fn cost(&self, atom: u32) -> Option<u32> {
        self.shortest().cost(*self.signature_of.get(atom as usize)?)
    }

    /// The atoms of a pattern.
    pub(crate) fn ranges(&self, pattern: &Pattern) -> &[Range<u32>] {
        self.members.get(pattern).map_or(&[], Vec::as_slice)
    }

    fn shortest(&self) -> &Shortest {
        self.shortest.get_or_init(|| Shortest::new(&self.automaton, self.atom_of.len()))
    }
}

/// Numbers the atoms in the order in which a walk, depth first and bytes ascending,
/// meets them: what has a common prefix stands together, so that the set of a prefix
/// is a range.
fn number(automaton: &Automaton, signatures: usize) -> (Vec<Option<u32>>, Vec<SignatureId>) {
    let mut atom_of = vec![None; signatures.max(EMPTY as usize + 1)];
    let mut signature_of = Vec::new();
    let mut seen = vec![false; automaton.len()];
    seen[DEAD as usize] = true;
    let mut open = vec![automaton.start];
    while let Some(state) = open.pop() {
        if std::mem::replace(&mut seen[state as usize], true) {
            continue;
        }
        let signature = automaton.signature(state);
        if signature != OUTSIDE && atom_of[signature as usize].is_none() {
            atom_of[signature as usize] = Some(signature_of.len() as u32);
            signature_of.push(signature);
        }
        let row = automaton.row(state);
        open.extend(row.iter().rev().map(|edge| edge.target()).filter(|&target| !seen[target as usize]));
    }
    (atom_of, signature_of)
}
