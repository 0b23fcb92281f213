//! Changes of a mesh, one at a time.

mod doors;
mod routes;
mod security;
mod services;

use meshc_analysis::Kind;

use crate::dice::Dice;
use crate::model::Model;

/// A changed mesh.
pub(crate) struct Mutant {
    pub(crate) name: &'static str,
    pub(crate) model: Model,
    /// The kinds without a witness that it may show.
    pub(crate) quiet: &'static [Kind],
    /// One that it must show.
    pub(crate) must: Option<Kind>,
}

/// Its name, what it does, the kinds without a witness that it may show, one that it must show.
type Mutator = (&'static str, fn(&mut Model, &mut Dice) -> Option<()>, &'static [Kind], Option<Kind>);

/// Every way to change a mesh, by subject.
const SUBJECTS: [&[Mutator]; 4] = [routes::ALL, services::ALL, security::ALL, doors::ALL];

/// How many ways there are.
pub(crate) fn ways() -> usize {
    SUBJECTS.iter().map(|subject| subject.len()).sum()
}

/// A mutant by one of the ways; none where the mesh has nothing of the sort.
pub(crate) fn mutate(model: &Model, way: usize, dice: &mut Dice) -> Option<Mutant> {
    let &(name, change, quiet, must) = SUBJECTS.iter().copied().flatten().nth(way % ways())?;
    let mut mutant = model.clone();
    change(&mut mutant, dice)?;
    // What came out as it was is no mutant that must show something.
    let must = must.filter(|_| mutant != *model);
    Some(Mutant { name, model: mutant, quiet, must })
}
