//! Sets without what is not to be looked at: a field, or what the patterns mean that were too hard.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::diagram::Diagram;
use crate::{Error, FieldId, Set, Space};

impl Space {
    /// The requests that are in the set with some value of the field in place of
    /// theirs.
    pub fn forget(&mut self, set: Set, field: FieldId) -> Result<Set, Error> {
        let block = self.fields[field.0 as usize].block;
        let mut known = FxHashMap::default();
        // What has the field's variables somewhere in it.
        for set in self.before(set, block.end()) {
            let variable = self.diagram.variable(set);
            let (low, high) = self.diagram.halves(set);
            let [low, high] = [low, high].map(|half| known.get(&half).copied().unwrap_or(half));
            let forgotten = if variable >= block.first_variable {
                self.diagram.or(low, high)?
            } else {
                self.diagram.decide(variable, low, high)?
            };
            known.insert(set, forgotten);
        }
        Ok(known.get(&set).copied().unwrap_or(set))
    }

    /// The requests that are in a set whatever the patterns mean that were too hard to analyse.
    pub fn certain(&mut self, set: Set) -> Result<Set, Error> {
        // Their flags come after all other fields.
        let first = self.fields.len().saturating_sub(self.unknowns.len());
        let Some(first) = self.fields.get(first).map(|field| field.block.first_variable) else {
            return Ok(set);
        };
        let mut certain: FxHashMap<Set, Set> = FxHashMap::default();
        // What depends on flags alone is certain only where it is everything.
        let of = |certain: &FxHashMap<Set, Set>, set: Set| match certain.get(&set) {
            Some(&known) => known,
            None if set.is_all() => Set::ALL,
            None => Set::EMPTY,
        };
        for set in self.before(set, first) {
            let (low, high) = self.diagram.halves(set);
            let (low, high) = (of(&certain, low), of(&certain, high));
            let both = self.diagram.decide(self.diagram.variable(set), low, high)?;
            certain.insert(set, both);
        }
        Ok(of(&certain, set))
    }

    /// A set and all that is behind its decisions, as far as it decides on a variable before this one; halves before
    /// wholes.
    fn before(&self, set: Set, variable: u32) -> Vec<Set> {
        let mut seen = FxHashSet::default();
        let mut order = Vec::new();
        let mut open = vec![set];
        while let Some(set) = open.pop() {
            if self.diagram.variable(set) < variable && seen.insert(set) {
                order.push(set);
                let (low, high) = self.diagram.halves(set);
                open.extend([low, high]);
            }
        }
        order.sort_unstable_by_key(|&set| Diagram::age(set));
        order
    }
}
