//! Merges the automata of many patterns into one, within a budget: what would pass it is refused by name.

use std::borrow::Cow;

use super::Automaton;
use super::partition::{Part, TooHard};
use super::product::{Excess, product};
use super::signature::Signatures;
use crate::{Error, Limits};

/// So many states are tried where automata multiply, however small they are.
const ALWAYS_TRIED: usize = 50_000;

/// A pattern's automaton, or that of a group of literals.
pub(super) struct Leaf<'p> {
    pub(super) part: Part<'p>,
    pub(super) automaton: Automaton,
    /// Whether it has been refused; it is not tried again.
    refused: bool,
}

impl<'p> Leaf<'p> {
    pub(super) fn new(part: Part<'p>, automaton: Automaton) -> Self {
        Self { part, automaton, refused: false }
    }
}

/// The merging of one field's automata.
pub(super) struct Merger<'f> {
    pub(super) signatures: Signatures,
    limits: Limits,
    /// How many states may still be made beyond those that add up. Once it is spent, only what adds up is merged, and
    /// nothing that failed is tried in parts: all that follows takes time in proportion to what there is.
    budget: usize,
    too_hard: TooHard<'f>,
}

impl<'f> Merger<'f> {
    pub(super) fn new(limits: &Limits, too_hard: TooHard<'f>) -> Self {
        Self { signatures: Signatures::new(), limits: *limits, budget: limits.max_product_states, too_hard }
    }

    /// Leaves a part out, if the one who asked agrees.
    pub(super) fn refuse(&mut self, part: &Part<'_>, limit: usize, unit: &'static str) -> Result<(), Error> {
        let error = Error::TooLarge { what: part.name.clone(), limit, unit };
        if (self.too_hard)(&part.patterns, &error) { Ok(()) } else { Err(error) }
    }

    /// Both at once, with at most so many states.
    fn both(&mut self, a: &Automaton, b: &Automaton, limit: usize) -> Result<Automaton, Excess> {
        let sum = a.len() + b.len();
        let limit = limit.min(sum + self.budget).min(self.limits.max_dfa_states);
        let signatures = &mut self.signatures;
        let merged = product(a, b, |a, b| signatures.both(a, b), limit, self.limits.max_atoms);
        let cost = match &merged {
            Ok(merged) => merged.len().saturating_sub(sum),
            Err(Excess { made, .. }) => *made,
        };
        self.budget = self.budget.saturating_sub(cost);
        merged
    }

    /// Merges in halves: patterns that begin differently die early, so that each level of the merging costs no more
    /// than the sum of its parts. `None` if all have been refused.
    pub(super) fn merge<'l>(
        &mut self,
        leaves: &'l mut [Leaf<'_>],
    ) -> Result<Option<Cow<'l, Automaton>>, Error> {
        if let [leaf] = leaves {
            return Ok((!leaf.refused).then_some(Cow::Borrowed(&leaf.automaton)));
        }
        let (left, right) = leaves.split_at_mut(leaves.len() / 2);
        match self.merge(left)? {
            None => self.merge(right),
            Some(left) => Ok(Some(Cow::Owned(self.extend(left.into_owned(), right)?))),
        }
    }

    /// What is merged already, with more. If all at once is too much, they are added in ever smaller portions, which
    /// ends at those that are too much.
    pub(super) fn extend(&mut self, merged: Automaton, leaves: &mut [Leaf<'_>]) -> Result<Automaton, Error> {
        if leaves.is_empty() {
            return Ok(merged);
        }
        let Some(more) = self.merge(leaves)? else { return Ok(merged) };
        let limit = ALWAYS_TRIED.max(4 * (merged.len() + more.len()));
        let excess = match self.both(&merged, &more, limit) {
            Ok(all) => return Ok(all),
            Err(excess) => excess,
        };
        drop(more);
        if leaves.len() == 1 || self.budget == 0 {
            for leaf in leaves.iter_mut().filter(|leaf| !leaf.refused) {
                leaf.refused = true;
                self.refuse(&leaf.part, excess.limit, excess.unit)?;
            }
            return Ok(merged);
        }
        let (left, right) = leaves.split_at_mut(leaves.len() / 2);
        let merged = self.extend(merged, left)?;
        self.extend(merged, right)
    }

    /// Adds, one at a time, what has to be followed along all strings: it multiplies with everything. Once the budget
    /// is spent, the others are refused without a try.
    pub(super) fn add_floating(
        &mut self,
        mut merged: Automaton,
        leaves: &[Leaf<'_>],
    ) -> Result<Automaton, Error> {
        let mut last = Excess::states(0, self.limits.max_dfa_states);
        for leaf in leaves {
            if self.budget > 0 {
                match self.both(&merged, &leaf.automaton, self.limits.max_dfa_states) {
                    Ok(more) => {
                        merged = more;
                        continue;
                    }
                    Err(excess) => last = excess,
                }
            }
            self.refuse(&leaf.part, last.limit, last.unit)?;
        }
        Ok(merged)
    }
}
