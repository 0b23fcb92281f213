//! The finished space: sets of requests and the questions to them.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Not as _;
use std::sync::OnceLock;

use rustc_hash::FxHashSet;

use crate::block::Block;
use crate::diagram::{Diagram, Set};
use crate::witness::Costs;
use crate::{ConditionId, Error, FieldAtoms, FieldId, FirstMatch};

/// What a request has for a field.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Value {
    /// Nothing.
    Absent,
    /// A string.
    Text(String),
    /// The truth of a flag.
    Flag(bool),
}

/// A value for each field. A missing optional field is absent, a missing flag false.
pub type Request = BTreeMap<FieldId, Value>;

/// Where a request is in a space: the atom of each field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Point(Vec<u32>);

/// One field of a space.
pub(crate) struct FieldSpace {
    pub(crate) name: String,
    pub(crate) values: Values,
    pub(crate) block: Block,
}

/// What the atoms of a field mean.
pub(crate) enum Values {
    /// If optional, atom 0 is absence and the strings' atoms come after it.
    Text { atoms: Box<FieldAtoms>, optional: bool, preferred: Vec<String> },
    /// Atom 0 is false and 1 is true.
    Flag,
}

impl Values {
    pub(crate) fn len(&self) -> u32 {
        match self {
            Self::Text { atoms, optional, .. } => atoms.len() as u32 + u32::from(*optional),
            Self::Flag => 2,
        }
    }

    fn atom(&self, value: Option<&Value>) -> Option<u32> {
        match (self, value.unwrap_or(&Value::Absent)) {
            (Self::Text { optional, .. }, Value::Absent) => optional.then_some(0),
            (Self::Text { atoms, optional, .. }, Value::Text(text)) => {
                Some(atoms.classify(text)? as u32 + u32::from(*optional))
            }
            (Self::Flag, Value::Absent) => Some(0),
            (Self::Flag, Value::Flag(flag)) => Some(u32::from(*flag)),
            _ => None,
        }
    }
}

impl FieldSpace {
    /// The requests that have the field; for a flag, those for which it is true.
    pub(crate) fn present(&self, diagram: &mut Diagram) -> Result<Set, Error> {
        let first = match self.values {
            Values::Text { optional, .. } => u32::from(optional),
            Values::Flag => 1,
        };
        let atoms = first..self.block.atoms;
        if atoms.is_empty() { Ok(Set::EMPTY) } else { self.block.set(diagram, &[atoms]) }
    }
}

/// A space of requests, with the conditions of its builder. Two sets of one space are
/// equal exactly if they hold the same requests.
///
/// Operations fail only at the bound on diagram nodes; nodes are never freed, so that
/// sets stay valid.
pub struct Space {
    pub(crate) diagram: Diagram,
    pub(crate) fields: Vec<FieldSpace>,
    conditions: Vec<Set>,
    present: Vec<Set>,
    /// Flags that stand for patterns that were too hard, and why.
    pub(crate) unknowns: Vec<(FieldId, Error)>,
    pub(crate) costs: OnceLock<Costs>,
}

impl Space {
    pub(crate) fn new(
        mut diagram: Diagram,
        fields: Vec<FieldSpace>,
        conditions: Vec<Set>,
        unknowns: Vec<(FieldId, Error)>,
    ) -> Result<Self, Error> {
        let present =
            fields.iter().map(|field| field.present(&mut diagram)).collect::<Result<Vec<Set>, Error>>()?;
        Ok(Self { diagram, fields, conditions, present, unknowns, costs: OnceLock::new() })
    }

    // === sets ===

    /// The requests that fulfil a condition.
    pub fn condition(&self, condition: ConditionId) -> Set {
        self.conditions[condition.index()]
    }

    /// The requests that have a field.
    pub fn present(&self, field: FieldId) -> Set {
        self.present[field.0 as usize]
    }

    /// The requests that lack a field.
    pub fn absent(&self, field: FieldId) -> Set {
        !self.present(field)
    }

    /// The requests for which a flag is true.
    pub fn flag(&self, field: FieldId) -> Set {
        self.present(field)
    }

    /// The requests in both sets.
    pub fn and(&mut self, a: Set, b: Set) -> Result<Set, Error> {
        self.diagram.and(a, b)
    }

    /// The requests in at least one of the sets.
    pub fn or(&mut self, a: Set, b: Set) -> Result<Set, Error> {
        self.diagram.or(a, b)
    }

    /// The requests in `a` that are not in `b`.
    pub fn difference(&mut self, a: Set, b: Set) -> Result<Set, Error> {
        self.diagram.and(a, !b)
    }

    /// The requests in all of the sets.
    pub fn all_of(&mut self, sets: impl IntoIterator<Item = Set>) -> Result<Set, Error> {
        let mut sets: Vec<Set> = sets.into_iter().collect();
        // Upwards from the last variables nothing has to be built twice.
        sets.sort_by_key(|&set| Reverse(self.diagram.variable(set)));
        sets.into_iter().try_fold(Set::ALL, |all, set| self.and(all, set))
    }

    /// The requests in at least one of the sets.
    pub fn any_of(&mut self, sets: impl IntoIterator<Item = Set>) -> Result<Set, Error> {
        Ok(!self.all_of(sets.into_iter().map(Set::not))?)
    }

    // === questions ===

    /// Whether every request of `a` is in `b`.
    pub fn implies(&mut self, a: Set, b: Set) -> Result<bool, Error> {
        Ok(self.difference(a, b)?.is_empty())
    }

    /// Whether some request is in both sets.
    pub fn intersects(&mut self, a: Set, b: Set) -> Result<bool, Error> {
        Ok(!self.and(a, b)?.is_empty())
    }

    /// The fields that the set depends on, in their order.
    pub fn support(&self, set: Set) -> Vec<FieldId> {
        let mut fields = BTreeSet::new();
        let mut seen = FxHashSet::default();
        let mut open = vec![set];
        while let Some(set) = open.pop() {
            if set.is_all() || set.is_empty() || !seen.insert(set.max(!set)) {
                continue;
            }
            let variable = self.diagram.variable(set);
            let field = self.fields.partition_point(|field| field.block.end() <= variable);
            fields.insert(FieldId(field as u32));
            let (low, high) = self.diagram.halves(set);
            open.extend([low, high]);
        }
        fields.into_iter().collect()
    }

    /// Why it is not known which requests are in the set: the patterns too hard to
    /// analyse that it depends on. Empty if everything is known.
    pub fn unknowns_of(&self, set: Set) -> Vec<&Error> {
        if self.unknowns.is_empty() {
            return Vec::new();
        }
        let support = self.support(set);
        let is_of = |flag: &FieldId| support.binary_search(flag).is_ok();
        self.unknowns.iter().filter(|(flag, _)| is_of(flag)).map(|(_, error)| error).collect()
    }

    /// All patterns that were too hard to analyse.
    pub fn unknowns(&self) -> impl Iterator<Item = &Error> {
        self.unknowns.iter().map(|(_, error)| error)
    }

    /// What each of some sets keeps if the first that matches wins.
    pub fn first_match(&mut self, sets: &[Set]) -> Result<FirstMatch, Error> {
        FirstMatch::new(self, sets)
    }

    // === requests ===

    /// The name of a field.
    pub fn name(&self, field: FieldId) -> &str {
        &self.fields[field.0 as usize].name
    }

    /// The atoms of a field with strings as values.
    pub fn atoms(&self, field: FieldId) -> Option<&FieldAtoms> {
        match &self.fields[field.0 as usize].values {
            Values::Text { atoms, .. } => Some(atoms),
            Values::Flag => None,
        }
    }

    /// Where a request is; `None` if one of its values cannot occur.
    pub fn locate(&self, request: &Request) -> Option<Point> {
        (0u32..)
            .zip(&self.fields)
            .map(|(number, field)| field.values.atom(request.get(&FieldId(number))))
            .collect::<Option<Vec<u32>>>()
            .map(Point)
    }

    /// Whether the request at a point is in the set.
    pub fn contains(&self, set: Set, point: &Point) -> bool {
        let left = self
            .fields
            .iter()
            .zip(&point.0)
            .fold(set, |set, (field, &atom)| field.block.narrow(&self.diagram, set, atom));
        left.is_all()
    }

    /// How many diagram nodes there are, for those who watch the cost.
    pub fn diagram_nodes(&self) -> usize {
        self.diagram.len()
    }

    /// How many states of automata were made for all fields, in vain or not.
    pub fn states_made(&self) -> usize {
        let made = |field: &FieldSpace| match &field.values {
            Values::Text { atoms, .. } => atoms.states_made(),
            Values::Flag => 0,
        };
        self.fields.iter().map(made).sum()
    }

    /// How many nodes were worked out for them, new ones or not.
    pub fn diagram_steps(&self) -> usize {
        self.diagram.steps()
    }
}
