//! "The first match wins": what each of an ordered list of sets keeps, and who hides
//! those that keep nothing.

use crate::{Error, Set, Space};

/// The outcome for one ordered list.
#[derive(Debug, Clone)]
pub struct FirstMatch {
    sets: Vec<Set>,
    reach: Vec<Set>,
    /// At each place: what the sets before it match together. One more than sets.
    before: Vec<Set>,
}

impl FirstMatch {
    pub(crate) fn new(space: &mut Space, sets: &[Set]) -> Result<Self, Error> {
        let mut before = vec![Set::EMPTY];
        let mut reach = Vec::with_capacity(sets.len());
        let mut seen = Set::EMPTY;
        for &set in sets {
            reach.push(space.difference(set, seen)?);
            seen = space.or(seen, set)?;
            before.push(seen);
        }
        Ok(Self { sets: sets.to_vec(), reach, before })
    }

    /// The requests that the set at this place gets: its own without all before it.
    pub fn reach(&self, index: usize) -> Set {
        self.reach[index]
    }

    /// The requests that no set matches.
    pub fn unmatched(&self) -> Set {
        !self.before[self.sets.len()]
    }

    /// The places of earlier sets that together match all of this one; none of them
    /// can be left out. They are those that get its requests: of several covers it is
    /// the one that is complete first. Empty if the set gets requests, or has none.
    pub fn hidden_by(&self, space: &mut Space, index: usize) -> Result<Vec<usize>, Error> {
        if !self.reach[index].is_empty() {
            return Ok(Vec::new());
        }
        let mut cover = Vec::new();
        let mut left = self.sets[index];
        let mut bound = index;
        while !left.is_empty() {
            // The first place by which all that is left has been matched.
            let (mut low, mut high) = (0, bound);
            while low < high {
                let middle = low.midpoint(high);
                if space.implies(left, self.before[middle + 1])? {
                    high = middle;
                } else {
                    low = middle + 1;
                }
            }
            cover.push(low);
            left = space.difference(left, self.sets[low])?;
            bound = low;
        }
        cover.reverse();
        self.irredundant(space, self.sets[index], &cover)
    }

    /// Drops the members of a cover that the others make needless, the last ones first.
    fn irredundant(&self, space: &mut Space, set: Set, cover: &[usize]) -> Result<Vec<usize>, Error> {
        // At each place of the cover: what the members before it match.
        let mut sums = vec![Set::EMPTY];
        for &member in cover {
            sums.push(space.or(sums[sums.len() - 1], self.sets[member])?);
        }
        let mut kept = Vec::new();
        let mut kept_sum = Set::EMPTY;
        for (place, &member) in cover.iter().enumerate().rev() {
            let others = space.or(sums[place], kept_sum)?;
            if !space.implies(set, others)? {
                kept.push(member);
                kept_sum = space.or(kept_sum, self.sets[member])?;
            }
        }
        kept.reverse();
        Ok(kept)
    }
}
