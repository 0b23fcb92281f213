//! Bounds on the size of what is built, so that a hard pattern ends in
//! [`crate::Error::TooLarge`] and never in a hang.

use crate::automaton::MOST_STATES;

/// The bounds. The defaults let 10,000 routes on one host through and keep a single
/// bad pattern under a second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Limits {
    /// States of one regular expression's own automaton; never more than four million.
    pub max_pattern_states: usize,
    /// States of a field's automaton, which tells all its patterns apart; never more than four million.
    pub max_dfa_states: usize,
    /// States that are made for the expressions of all fields that have more than a few hundred, of all of them together.
    pub max_hard_states: usize,
    /// States that are made for all fields in vain, or because their patterns multiply rather than add up, beyond so many
    /// for each state of their own automata that work is in proportion to what is written.
    pub max_product_states: usize,
    /// Classes of strings that the patterns of a field tell apart.
    pub max_atoms: usize,
    /// Nodes of the decision diagram that all sets of one space share, beyond so many for each condition.
    pub max_diagram_nodes: usize,
    /// Nodes that are worked out for them, whether they are new or not, beyond so many for each condition.
    pub max_diagram_steps: usize,
    /// Variables of the diagram: each field takes as many as the binary logarithm of
    /// the number of its atoms.
    pub max_variables: usize,
}

impl Limits {
    /// Nodes and steps of the diagram for each condition: so many more than conditions take that add up.
    pub(crate) const PER_CONDITION: usize = 100;

    /// The same, with no more states than automata can have.
    pub(crate) fn within_bounds(self) -> Self {
        Self {
            max_pattern_states: self.max_pattern_states.min(MOST_STATES),
            max_dfa_states: self.max_dfa_states.min(MOST_STATES),
            ..self
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_pattern_states: 10_000,
            max_dfa_states: 500_000,
            max_hard_states: 10_000,
            max_product_states: 40_000,
            max_atoms: 200_000,
            max_diagram_nodes: 250_000,
            max_diagram_steps: 500_000,
            max_variables: 16_384,
        }
    }
}
