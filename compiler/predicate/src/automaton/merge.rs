//! Merges the automata of many patterns into one, within a budget: what would pass it is refused by name.

use std::borrow::Cow;
use std::cmp::Reverse;

use super::Automaton;
use super::partition::{Part, TooHard};
use super::product::{Excess, product};
use super::signature::Signatures;
use crate::{Error, Limits};

/// States that may be made for each state of the patterns' own automata.
const GROWTH: usize = 4;

/// So many states are tried where automata multiply, however small they are.
const ALWAYS_TRIED: usize = 50_000;

/// So many states may those have that are added at once to what is there.
const SMALL_STATES: usize = 2_000;

/// States that may be made in vain to find out what adds up.
const ADDING_TRIES: usize = 20_000;

/// After so many that do not fit in, no more are tried.
const MISSES: usize = 4;

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

/// Leaves that add up, as one.
struct Group<'l, 'p> {
    leaves: Vec<&'l Leaf<'p>>,
    automaton: Cow<'l, Automaton>,
}

impl Group<'_, '_> {
    /// How many patterns it speaks for.
    fn patterns(&self) -> usize {
        self.leaves.iter().map(|leaf| leaf.part.patterns.len()).sum()
    }
}

/// The merging of one field's automata.
pub(super) struct Merger<'f> {
    pub(super) signatures: Signatures,
    limits: Limits,
    /// How many states may still be made beyond those that add up. Once it is spent, only what adds up is merged, and
    /// nothing that failed is tried in parts: all that follows takes time in proportion to what there is.
    budget: usize,
    /// How many states may still be made in vain to find out what adds up.
    tries: usize,
    /// States that were made, those in vain among them.
    pub(super) made: usize,
    too_hard: TooHard<'f>,
}

impl<'f> Merger<'f> {
    pub(super) fn new(limits: &Limits, budget: usize, too_hard: TooHard<'f>) -> Self {
        let (signatures, tries) = (Signatures::new(), ADDING_TRIES);
        Self { signatures, limits: *limits, budget, tries, made: 0, too_hard }
    }

    /// How many states may still be made beyond those that add up.
    pub(super) fn budget(&self) -> usize {
        self.budget
    }

    /// Lets more states be made: those patterns have so many of their own.
    pub(super) fn earn(&mut self, states: usize) {
        self.budget = self.budget.saturating_add(states.saturating_mul(GROWTH));
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
        let (made, cost) = match &merged {
            Ok(merged) => (merged.len(), merged.len().saturating_sub(sum)),
            Err(Excess { made, .. }) => (*made, *made),
        };
        self.made += made;
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

    /// Adds what has to be followed along all strings: it multiplies with everything. Those that add up with each
    /// other are one from here on. Of these as many as stay small together are added at once, and others one at a time.
    /// Once the budget is spent, those that are left are refused without a try.
    pub(super) fn add_floating(
        &mut self,
        mut merged: Automaton,
        leaves: &[Leaf<'_>],
    ) -> Result<Automaton, Error> {
        let mut groups = self.add_up(leaves);
        // Those that speak for the most patterns first.
        groups.sort_by_key(|group| Reverse(group.patterns()));
        let (together, mut rest) = self.gather(&groups);
        if let Some(together) = together {
            match self.whole(&merged, &together) {
                Ok(more) => merged = more,
                Err(_) => rest = groups.iter().collect(),
            }
        }
        let mut last = Excess::states(0, self.limits.max_dfa_states);
        for group in rest {
            if self.budget > 0 {
                match self.whole(&merged, &group.automaton) {
                    Ok(more) => {
                        merged = more;
                        continue;
                    }
                    Err(excess) => last = excess,
                }
            }
            for leaf in &group.leaves {
                if self.budget > 0 && group.leaves.len() > 1 {
                    match self.whole(&merged, &leaf.automaton) {
                        Ok(more) => {
                            merged = more;
                            continue;
                        }
                        Err(excess) => last = excess,
                    }
                }
                self.refuse(&leaf.part, last.limit, last.unit)?;
            }
        }
        Ok(merged)
    }

    /// Merges in halves those that share what is followed (`/[^/]+/` before many names), so that they have hardly more
    /// states together than one by one.
    fn add_up<'l, 'p>(&mut self, leaves: &'l [Leaf<'p>]) -> Vec<Group<'l, 'p>> {
        match leaves {
            [] => return Vec::new(),
            [leaf] => {
                return vec![Group { leaves: vec![leaf], automaton: Cow::Borrowed(&leaf.automaton) }];
            }
            _ => {}
        }
        let (left, right) = leaves.split_at(leaves.len() / 2);
        let (mut groups, more) = (self.add_up(left), self.add_up(right));
        let mut more = more.into_iter();
        if self.tries > 0
            && let (Some(first), Some(other)) = (groups.first_mut(), more.next())
        {
            let sum = first.automaton.len() + other.automaton.len();
            match self.both(&first.automaton, &other.automaton, sum + sum / 8) {
                Ok(both) => {
                    first.automaton = Cow::Owned(both);
                    first.leaves.extend(other.leaves);
                }
                Err(excess) => {
                    self.tries = self.tries.saturating_sub(excess.made);
                    groups.push(other);
                }
            }
        }
        groups.extend(more);
        groups
    }

    /// The first of some groups that are small together, as one, and the others.
    fn gather<'g, 'l, 'p>(
        &mut self,
        groups: &'g [Group<'l, 'p>],
    ) -> (Option<Cow<'g, Automaton>>, Vec<&'g Group<'l, 'p>>) {
        let mut together: Option<Cow<'g, Automaton>> = None;
        let mut rest = Vec::new();
        for group in groups {
            let Some(known) = &together else {
                together = Some(Cow::Borrowed(group.automaton.as_ref()));
                continue;
            };
            if rest.len() >= MISSES {
                rest.push(group);
                continue;
            }
            match self.both(known, &group.automaton, SMALL_STATES) {
                Ok(more) => together = Some(Cow::Owned(more)),
                Err(_) => rest.push(group),
            }
        }
        (together, rest)
    }

    /// Both at once, of which every state counts: each of the first one's is walked again.
    fn whole(&mut self, a: &Automaton, b: &Automaton) -> Result<Automaton, Excess> {
        let before = self.budget;
        let merged = self.both(a, b, self.limits.max_dfa_states);
        if let Ok(merged) = &merged {
            self.budget = before.saturating_sub(merged.len());
        }
        merged
    }
}
