//! Collects the fields and all conditions on them before a space is built: atoms
//! depend on every condition that will ever be asked about.

use std::collections::BTreeMap;

use crate::automaton::Allowance;
use crate::block::Block;
use crate::diagram::{Diagram, Set};
use crate::language::{Expression, Pattern};
use crate::space::{FieldSpace, Space, Values};
use crate::{Error, FieldAtoms, Language, Limits};

/// A field of one builder and of the space that it builds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FieldId(pub(crate) u32);

/// A condition of one builder and of the space that it builds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConditionId(u32);

/// What a field is called and what it can be.
#[derive(Debug, Clone)]
pub struct Field {
    name: String,
    universe: Language,
    optional: bool,
    preferred: Vec<String>,
}

impl Field {
    /// A field that every request has. The universe holds the strings that can occur:
    /// witnesses are taken from it. Only valid UTF-8 counts.
    pub fn required(name: impl Into<String>, universe: Language) -> Self {
        Self { name: name.into(), universe, optional: false, preferred: Vec::new() }
    }

    /// A field that a request may lack.
    pub fn optional(name: impl Into<String>, universe: Language) -> Self {
        Self { optional: true, ..Self::required(name, universe) }
    }

    /// Values that witnesses have wherever they may, the first one rather than the
    /// second, and so on. (An optional field is absent wherever it may be.)
    #[must_use]
    pub fn prefer<T: Into<String>>(mut self, values: impl IntoIterator<Item = T>) -> Self {
        self.preferred.extend(values.into_iter().map(Into::into));
        self
    }
}

enum Kind {
    Text(Field),
    Flag(String),
}

/// Collects fields and conditions. Fields come first in the diagram in the order in
/// which they are declared: the one that tells most sets apart should be the first.
pub struct SpaceBuilder {
    limits: Limits,
    fields: Vec<Kind>,
    conditions: Vec<(FieldId, Language)>,
    numbers: BTreeMap<(FieldId, Language), ConditionId>,
}

impl SpaceBuilder {
    /// A builder without fields.
    pub fn new(limits: Limits) -> Self {
        Self { limits, fields: Vec::new(), conditions: Vec::new(), numbers: BTreeMap::new() }
    }

    /// Declares a field with strings as values.
    pub fn field(&mut self, field: Field) -> FieldId {
        self.declare(Kind::Text(field))
    }

    /// Declares something that is true or false for a request and of which nothing
    /// more is known, such as the outcome of a draw.
    pub fn flag(&mut self, name: impl Into<String>) -> FieldId {
        self.declare(Kind::Flag(name.into()))
    }

    fn declare(&mut self, kind: Kind) -> FieldId {
        self.fields.push(kind);
        FieldId(self.fields.len() as u32 - 1)
    }

    /// Declares the condition that a field is present with a value in the language.
    /// Equal conditions are one. On a flag it says nothing: see [`Space::flag`].
    pub fn condition(&mut self, field: FieldId, language: Language) -> ConditionId {
        let next = ConditionId(self.conditions.len() as u32);
        let number = *self.numbers.entry((field, language.clone())).or_insert(next);
        if number == next {
            self.conditions.push((field, language));
        }
        number
    }

    /// Builds the space; a pattern or a field that is too hard ends it.
    pub fn build(self) -> Result<Space, Error> {
        self.finish(false)
    }

    /// Builds the space and makes an unknown of each pattern that is too hard: a flag
    /// of which nothing is assumed (the same for the same pattern on the same field).
    /// What then is empty, equal or part of something else is so whatever the pattern
    /// means; of anything else see [`Space::unknowns_of`].
    pub fn build_with_unknowns(self) -> Result<Space, Error> {
        self.finish(true)
    }

    fn finish(self, unknowns_allowed: bool) -> Result<Space, Error> {
        let mut languages: Vec<Vec<&Language>> = vec![Vec::new(); self.fields.len()];
        for (field, language) in &self.conditions {
            languages[field.0 as usize].push(language);
        }
        let mut allowance = Allowance::new(&self.limits);
        let mut diagram = Diagram::new(&self.limits, self.conditions.len());
        let mut fields = Vec::new();
        let mut unknown: Vec<(FieldId, Pattern, Error)> = Vec::new();
        for (number, (kind, languages)) in self.fields.into_iter().zip(languages).enumerate() {
            let (name, values) = match kind {
                Kind::Flag(name) => (name, Values::Flag),
                Kind::Text(field) => {
                    let mut hard = Vec::new();
                    let atoms = FieldAtoms::build_without(
                        &field.universe,
                        languages,
                        &self.limits,
                        &mut allowance,
                        |pattern, error| {
                            hard.push((FieldId(number as u32), pattern.clone(), error.clone()));
                            unknowns_allowed
                        },
                    )?;
                    unknown.extend(hard);
                    if atoms.is_empty() && !field.optional {
                        return Err(Error::EmptyUniverse { field: field.name });
                    }
                    let values = Values::Text {
                        atoms: Box::new(atoms),
                        optional: field.optional,
                        preferred: field.preferred,
                    };
                    (field.name, values)
                }
            };
            add_field(&mut fields, name, values, &self.limits)?;
        }
        let mut unknowns = BTreeMap::new();
        for (field, pattern, error) in unknown {
            if unknowns.contains_key(&(field, pattern.clone())) {
                continue;
            }
            let flag = FieldId(fields.len() as u32);
            let name = format!("{}: {pattern}", fields[field.0 as usize].name);
            add_field(&mut fields, name, Values::Flag, &self.limits)?;
            unknowns.insert((field, pattern), (flag, error));
        }
        let mut builder = Conditions { diagram: &mut diagram, fields: &fields, unknowns: &unknowns };
        let conditions = self
            .conditions
            .iter()
            .map(|(field, language)| {
                let set = builder.set(*field, language)?;
                let present = builder.present(*field)?;
                builder.diagram.and(set, present)
            })
            .collect::<Result<Vec<Set>, Error>>()?;
        let unknowns = unknowns.into_values().collect();
        Space::new(diagram, fields, conditions, unknowns)
    }
}

fn add_field(
    fields: &mut Vec<FieldSpace>,
    name: String,
    values: Values,
    limits: &Limits,
) -> Result<(), Error> {
    let first_variable = fields.last().map_or(0, |field| field.block.end());
    let block = Block { first_variable, atoms: values.len() };
    if block.end() as usize > limits.max_variables {
        let what = format!("the field {name}");
        return Err(Error::TooLarge { what, limit: limits.max_variables, unit: "diagram variables" });
    }
    fields.push(FieldSpace { name, values, block });
    Ok(())
}

/// Patterns that became flags.
type Unknowns = BTreeMap<(FieldId, Pattern), (FieldId, Error)>;

/// Turns languages into sets.
struct Conditions<'s> {
    diagram: &'s mut Diagram,
    fields: &'s [FieldSpace],
    unknowns: &'s Unknowns,
}

impl Conditions<'_> {
    fn present(&mut self, field: FieldId) -> Result<Set, Error> {
        self.fields[field.0 as usize].present(self.diagram)
    }

    /// The set of a language, in which absence means nothing yet.
    fn set(&mut self, field: FieldId, language: &Language) -> Result<Set, Error> {
        let Values::Text { atoms, optional, .. } = &self.fields[field.0 as usize].values else {
            return Ok(Set::ALL);
        };
        match &language.0 {
            Expression::Pattern(pattern) => {
                if let Some((flag, _)) = self.unknowns.get(&(field, pattern.clone())) {
                    return self.fields[flag.0 as usize].present(self.diagram);
                }
                let shift = u32::from(*optional);
                let ranges: Vec<_> = atoms
                    .ranges(pattern)
                    .iter()
                    .map(|range| range.start + shift..range.end + shift)
                    .collect();
                self.fields[field.0 as usize].block.set(self.diagram, &ranges)
            }
            Expression::Union(parts) => parts.iter().try_fold(Set::EMPTY, |sum, part| {
                let part = self.set(field, part)?;
                self.diagram.or(sum, part)
            }),
            Expression::Intersection(parts) => parts.iter().try_fold(Set::ALL, |all, part| {
                let part = self.set(field, part)?;
                self.diagram.and(all, part)
            }),
            Expression::Not(inner) => Ok(!self.set(field, inner)?),
        }
    }
}

impl ConditionId {
    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }
}
