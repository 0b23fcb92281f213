//! Reduced ordered binary decision diagrams with complemented edges: every Boolean
//! function has exactly one reference, so equality and emptiness are comparisons.

use rustc_hash::FxHasher;
use std::hash::Hasher;
use std::ops::Not;

use crate::{Error, Limits};

/// A set of requests of one [`crate::Space`]: equal sets are equal values.
///
/// The complement is `!set`. A set means nothing in another space.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Set(u32);

impl Set {
    /// Every request.
    pub const ALL: Self = Self(0);
    /// No request.
    pub const EMPTY: Self = Self(1);

    /// Whether no request is in the set.
    pub fn is_empty(self) -> bool {
        self == Self::EMPTY
    }

    /// Whether every request is in the set.
    pub fn is_all(self) -> bool {
        self == Self::ALL
    }

    fn node(self) -> usize {
        (self.0 >> 1) as usize
    }

    fn is_complement(self) -> bool {
        self.0 & 1 == 1
    }

    /// Complemented if `yes`.
    fn flip(self, yes: bool) -> Self {
        Self(self.0 ^ u32::from(yes))
    }
}

impl Not for Set {
    type Output = Self;

    fn not(self) -> Self {
        self.flip(true)
    }
}

/// A decision. `high` is never a complement, which makes the form unique.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Node {
    variable: u32,
    low: Set,
    high: Set,
}

/// All nodes, each function once.
pub(crate) struct Diagram {
    nodes: Vec<Node>,
    /// Open addressing over the numbers of the nodes; 0, the terminal, marks free slots.
    table: Vec<u32>,
    /// Results of conjunctions; a newer one replaces an older one in its slot.
    cache: Vec<(Set, Set, Set)>,
    max_nodes: usize,
    /// Nodes of conjunctions that may still be worked out, found or not.
    steps_left: usize,
    max_steps: usize,
    /// What a conjunction has still to do and what it has: kept for the next one. (It
    /// does not recurse, because there may be more variables than a stack has room for.)
    steps: Vec<Step>,
    results: Vec<Set>,
}

enum Step {
    Conjoin(Set, Set),
    /// Makes the node of the last two results, which is the conjunction of two sets.
    Join(u32, Set, Set),
}

const FREE: u32 = 0;
const NO_RESULT: (Set, Set, Set) = (Set::ALL, Set::ALL, Set::ALL);
const FIRST_SLOTS: usize = 1 << 12;
/// The cache stops growing here (12 MB).
const MAX_CACHE: usize = 1 << 20;

impl Diagram {
    pub(crate) fn new(limits: &Limits, conditions: usize) -> Self {
        let more = conditions.saturating_mul(Limits::PER_CONDITION);
        let max_steps = limits.max_diagram_steps.saturating_add(more);
        let terminal = Node { variable: u32::MAX, low: Set::ALL, high: Set::ALL };
        Self {
            nodes: vec![terminal],
            table: vec![FREE; FIRST_SLOTS],
            cache: vec![NO_RESULT; FIRST_SLOTS],
            // References are numbers of nodes, doubled.
            max_nodes: limits.max_diagram_nodes.saturating_add(more).min(1 << 30),
            steps_left: max_steps,
            max_steps,
            steps: Vec::new(),
            results: Vec::new(),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.nodes.len()
    }

    pub(crate) fn steps(&self) -> usize {
        self.max_steps - self.steps_left
    }

    /// A place in an order in which the halves of a set stand before it.
    pub(crate) fn age(set: Set) -> usize {
        set.node()
    }

    /// What a set decides on first; `u32::MAX` for all and nothing.
    pub(crate) fn variable(&self, set: Set) -> u32 {
        self.nodes[set.node()].variable
    }

    /// The two halves of a set, without and with its first variable.
    pub(crate) fn halves(&self, set: Set) -> (Set, Set) {
        let node = self.nodes[set.node()];
        (node.low.flip(set.is_complement()), node.high.flip(set.is_complement()))
    }

    /// The halves of a set by a variable that is not after its first one.
    fn cofactors(&self, set: Set, variable: u32) -> (Set, Set) {
        if self.variable(set) == variable { self.halves(set) } else { (set, set) }
    }

    /// The set that is `low` without the variable and `high` with it; both decide on
    /// later variables only.
    pub(crate) fn decide(&mut self, variable: u32, low: Set, high: Set) -> Result<Set, Error> {
        if low == high {
            return Ok(low);
        }
        let complement = high.is_complement();
        let node = Node { variable, low: low.flip(complement), high: high.flip(complement) };
        let mut slot = self.slot(&node);
        loop {
            match self.table[slot] {
                FREE => break,
                found if self.nodes[found as usize] == node => return Ok(Set(found << 1).flip(complement)),
                _ => slot = (slot + 1) & (self.table.len() - 1),
            }
        }
        if self.nodes.len() >= self.max_nodes {
            return Err(Error::TooLarge {
                what: "the combination of all conditions".to_owned(),
                limit: self.max_nodes,
                unit: "diagram nodes",
            });
        }
        let number = self.nodes.len() as u32;
        self.nodes.push(node);
        self.table[slot] = number;
        if self.nodes.len() * 2 > self.table.len() {
            self.grow();
        }
        Ok(Set(number << 1).flip(complement))
    }

    fn slot(&self, node: &Node) -> usize {
        hash(node.variable, node.low, node.high) & (self.table.len() - 1)
    }

    fn grow(&mut self) {
        let slots = self.table.len() * 2;
        self.table = vec![FREE; slots];
        for number in 1..self.nodes.len() {
            let mut slot = self.slot(&self.nodes[number]);
            while self.table[slot] != FREE {
                slot = (slot + 1) & (slots - 1);
            }
            self.table[slot] = number as u32;
        }
        if self.cache.len() < MAX_CACHE {
            let old = std::mem::replace(&mut self.cache, vec![NO_RESULT; slots.min(MAX_CACHE)]);
            for entry in old.into_iter().filter(|&entry| entry != NO_RESULT) {
                let slot = self.cache_slot(entry.0, entry.1);
                self.cache[slot] = entry;
            }
        }
    }

    fn cache_slot(&self, a: Set, b: Set) -> usize {
        hash(0, a, b) & (self.cache.len() - 1)
    }

    /// What is in both sets.
    pub(crate) fn and(&mut self, a: Set, b: Set) -> Result<Set, Error> {
        let mut steps = std::mem::take(&mut self.steps);
        let mut results = std::mem::take(&mut self.results);
        steps.clear();
        results.clear();
        steps.push(Step::Conjoin(a, b));
        while let Some(step) = steps.pop() {
            match step {
                Step::Conjoin(a, b) => {
                    let (a, b) = if a <= b { (a, b) } else { (b, a) };
                    if let Some(known) = self.known(a, b) {
                        results.push(known);
                        continue;
                    }
                    let variable = self.variable(a).min(self.variable(b));
                    let (a_low, a_high) = self.cofactors(a, variable);
                    let (b_low, b_high) = self.cofactors(b, variable);
                    steps.push(Step::Join(variable, a, b));
                    steps.push(Step::Conjoin(a_high, b_high));
                    steps.push(Step::Conjoin(a_low, b_low));
                }
                Step::Join(variable, a, b) => {
                    let high = results.pop().unwrap_or(Set::EMPTY);
                    let low = results.pop().unwrap_or(Set::EMPTY);
                    self.steps_left = self.steps_left.checked_sub(1).ok_or_else(|| Error::TooLarge {
                        what: "the combination of all conditions".to_owned(),
                        limit: self.max_steps,
                        unit: "diagram steps",
                    })?;
                    let both = self.decide(variable, low, high)?;
                    let slot = self.cache_slot(a, b);
                    self.cache[slot] = (a, b, both);
                    results.push(both);
                }
            }
        }
        let both = results.pop().unwrap_or(Set::EMPTY);
        self.steps = steps;
        self.results = results;
        Ok(both)
    }

    /// The conjunction of two ordered sets if it takes no work.
    fn known(&self, a: Set, b: Set) -> Option<Set> {
        if a == Set::EMPTY || b == Set::EMPTY || a == !b {
            return Some(Set::EMPTY);
        }
        if a == Set::ALL || a == b {
            return Some(b);
        }
        let entry = self.cache[self.cache_slot(a, b)];
        (entry.0 == a && entry.1 == b).then_some(entry.2)
    }

    pub(crate) fn or(&mut self, a: Set, b: Set) -> Result<Set, Error> {
        Ok(!self.and(!a, !b)?)
    }
}

fn hash(variable: u32, a: Set, b: Set) -> usize {
    let mut hasher = FxHasher::default();
    hasher.write_u64(u64::from(a.0) << 32 | u64::from(b.0));
    hasher.write_u32(variable);
    hasher.finish() as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variable(diagram: &mut Diagram, number: u32) -> Set {
        diagram.decide(number, Set::EMPTY, Set::ALL).expect("small")
    }

    #[test]
    fn equal_functions_are_equal_references() -> Result<(), Error> {
        let mut diagram = Diagram::new(&Limits::default(), 0);
        let (a, b, c) = (variable(&mut diagram, 0), variable(&mut diagram, 1), variable(&mut diagram, 2));
        let b_or_c = diagram.or(b, c)?;
        let left = diagram.and(a, b_or_c)?;
        let (ab, ac) = (diagram.and(a, b)?, diagram.and(a, c)?);
        assert_eq!(left, diagram.or(ab, ac)?);
        assert_eq!(diagram.and(left, !left)?, Set::EMPTY);
        assert_eq!(diagram.or(left, !left)?, Set::ALL);
        assert_eq!(!!left, left);
        Ok(())
    }

    #[test]
    fn the_bound_on_nodes_holds() {
        let mut diagram = Diagram::new(&Limits { max_diagram_nodes: 3, ..Limits::default() }, 0);
        let (a, b) = (variable(&mut diagram, 0), variable(&mut diagram, 1));
        let error = diagram.and(a, b).expect_err("a third node");
        assert_eq!(
            error.to_string(),
            "the combination of all conditions is too hard to analyse: it needs more than 3 diagram nodes"
        );
    }

    #[test]
    fn tables_grow_without_losing_a_node() -> Result<(), Error> {
        let mut diagram = Diagram::new(&Limits::default(), 0);
        let variables: Vec<Set> = (0..200).map(|number| variable(&mut diagram, number)).collect();
        let mut products = Vec::new();
        for pair in variables.windows(2) {
            for &third in &variables {
                let both = diagram.and(pair[0], pair[1])?;
                products.push((pair[0], pair[1], third, diagram.and(both, third)?));
            }
        }
        assert!(diagram.len() > FIRST_SLOTS);
        for (a, b, c, product) in products {
            let both = diagram.and(b, c)?;
            assert_eq!(diagram.and(a, both)?, product);
        }
        Ok(())
    }
}
