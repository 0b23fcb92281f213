//! How the atoms of one field stand in the diagram: a block of variables that halve
//! the row of atoms until one is left.

use std::ops::Range;

use crate::Error;
use crate::diagram::{Diagram, Set};

/// The variables of a field, and its atoms as numbers from 0.
///
/// Every combination of the variables means an atom (some do not look at the last
/// one), so complements need no care for combinations that mean nothing.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Block {
    pub(crate) first_variable: u32,
    /// How many atoms there are, at least one.
    pub(crate) atoms: u32,
}

impl Block {
    /// How many variables the block has.
    pub(crate) fn variables(self) -> u32 {
        self.atoms.next_power_of_two().trailing_zeros()
    }

    /// The variable after the block.
    pub(crate) fn end(self) -> u32 {
        self.first_variable + self.variables()
    }

    /// Where a range of atoms that a variable decides on is cut.
    pub(crate) fn cut(range: &Range<u32>) -> u32 {
        range.start + (range.end - range.start).div_ceil(2)
    }

    /// The set of all requests whose atom is in one of the ranges, which are ascending
    /// and do not touch.
    pub(crate) fn set(self, diagram: &mut Diagram, ranges: &[Range<u32>]) -> Result<Set, Error> {
        part(diagram, self.first_variable, 0..self.atoms, ranges)
    }

    /// What is left of a set whose decisions begin in this block or later, once the
    /// field's atom is known.
    pub(crate) fn narrow(self, diagram: &Diagram, mut set: Set, atom: u32) -> Set {
        let mut atoms = 0..self.atoms;
        let mut variable = self.first_variable;
        while diagram.variable(set) < self.end() {
            let cut = Self::cut(&atoms);
            let high = atom >= cut;
            if diagram.variable(set) == variable {
                let halves = diagram.halves(set);
                set = if high { halves.1 } else { halves.0 };
            }
            atoms = if high { cut..atoms.end } else { atoms.start..cut };
            variable += 1;
        }
        set
    }
}

/// The atoms in the ranges, of those that the variable and later ones tell apart.
fn part(
    diagram: &mut Diagram,
    variable: u32,
    atoms: Range<u32>,
    ranges: &[Range<u32>],
) -> Result<Set, Error> {
    let from = ranges.partition_point(|range| range.end <= atoms.start);
    let to = ranges.partition_point(|range| range.start < atoms.end);
    let ranges = &ranges[from..to];
    match ranges {
        [] => Ok(Set::EMPTY),
        [range, ..] if range.start <= atoms.start && atoms.end <= range.end => Ok(Set::ALL),
        _ => {
            let cut = Block::cut(&atoms);
            let low = part(diagram, variable + 1, atoms.start..cut, ranges)?;
            let high = part(diagram, variable + 1, cut..atoms.end, ranges)?;
            diagram.decide(variable, low, high)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Limits;

    #[test]
    fn each_atom_is_in_the_sets_that_name_it() -> Result<(), Error> {
        for atoms in 1..20 {
            let mut diagram = Diagram::new(&Limits::default(), 0);
            let block = Block { first_variable: 3, atoms };
            for start in 0..atoms {
                for end in start + 1..=atoms {
                    let range = start..end;
                    let set = block.set(&mut diagram, std::slice::from_ref(&range))?;
                    for atom in 0..atoms {
                        let expected = if range.contains(&atom) { Set::ALL } else { Set::EMPTY };
                        assert_eq!(block.narrow(&diagram, set, atom), expected, "{atom} of {atoms}");
                    }
                }
            }
        }
        Ok(())
    }
}
