//! One request of a set, the one that costs a reader least: few fields, preferred
//! values, short strings.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::ops::Range;

use rustc_hash::FxHashSet;

use crate::block::Block;
use crate::space::{FieldSpace, Request, Space, Value, Values};
use crate::{FieldId, Set};

/// What a field costs that could be absent.
const PRESENT: u32 = 10_000;
/// What a value costs that is not one of the preferred; its length comes on top.
const NOT_PREFERRED: u32 = 100;
/// What a flag costs that is true.
const TRUE: u32 = 50;

/// What each atom of each field costs.
pub(crate) struct Costs {
    fields: Vec<FieldCosts>,
    /// What the fields from each on cost at least.
    rest: Vec<u64>,
}

struct FieldCosts {
    /// Each atom's cost.
    costs: Vec<u32>,
    /// The preferred value, for the atoms that have one.
    preferred: Vec<Option<u32>>,
    /// The cheapest atom of each range that the block's variables can cut out; the
    /// whole is 1, the halves of `i` are `2i` and `2i + 1`.
    cheapest: Vec<u32>,
}

impl FieldCosts {
    fn new(field: &FieldSpace) -> Self {
        let atoms = field.block.atoms as usize;
        let mut preferred_of = vec![None; atoms];
        let costs: Vec<u32> = match &field.values {
            Values::Flag => vec![0, TRUE],
            Values::Text { atoms, optional, preferred } => {
                let shift = u32::from(*optional);
                for (rank, text) in (0u32..).zip(preferred) {
                    if let Some(atom) = atoms.classify(text) {
                        preferred_of[atom + shift as usize].get_or_insert(rank);
                    }
                }
                (0..field.block.atoms)
                    .map(|atom| match (atom.checked_sub(shift), preferred_of[atom as usize]) {
                        (None, _) => 0,
                        (Some(_), Some(rank)) => rank.min(NOT_PREFERRED) + shift * PRESENT,
                        (Some(atom), None) => {
                            let text = atoms.cost(atom).unwrap_or(u32::MAX);
                            text.saturating_add(NOT_PREFERRED + shift * PRESENT)
                        }
                    })
                    .collect()
            }
        };
        let mut cheapest = vec![0; 2 << field.block.variables()];
        fill(&mut cheapest, &costs, 1, 0..field.block.atoms);
        Self { costs, preferred: preferred_of, cheapest }
    }

    fn cost(&self, atom: u32) -> u64 {
        u64::from(self.costs[atom as usize])
    }

    fn value(&self, field: &FieldSpace, atom: u32) -> Value {
        match &field.values {
            Values::Flag => Value::Flag(atom == 1),
            Values::Text { atoms, optional, preferred } => {
                if *optional && atom == 0 {
                    return Value::Absent;
                }
                let text = match self.preferred[atom as usize] {
                    Some(rank) => preferred.get(rank as usize).cloned(),
                    None => atoms.witness((atom - u32::from(*optional)) as usize),
                };
                text.map_or(Value::Absent, Value::Text)
            }
        }
    }
}

fn fill(cheapest: &mut [u32], costs: &[u32], place: usize, atoms: Range<u32>) -> u32 {
    let best = if atoms.len() == 1 {
        atoms.start
    } else {
        let cut = Block::cut(&atoms);
        let low = fill(cheapest, costs, place * 2, atoms.start..cut);
        let high = fill(cheapest, costs, place * 2 + 1, cut..atoms.end);
        if costs[high as usize] < costs[low as usize] { high } else { low }
    };
    cheapest[place] = best;
    best
}

impl Costs {
    fn new(space: &Space) -> Self {
        let fields: Vec<FieldCosts> = space.fields.iter().map(FieldCosts::new).collect();
        let mut rest = vec![0; fields.len() + 1];
        for (number, field) in fields.iter().enumerate().rev() {
            rest[number] = rest[number + 1] + field.cost(field.cheapest[1]);
        }
        Self { fields, rest }
    }
}

/// A request of which the atoms of the first fields are chosen, and part of the next.
struct Partial {
    set: Set,
    /// Which field is being decided, how far, and the atoms still possible.
    field: usize,
    variable: u32,
    place: usize,
    atoms: Range<u32>,
    /// What the chosen atoms cost.
    spent: u64,
    /// The last choice in the list of choices, counted from 1; 0 for none.
    choice: usize,
}

/// The search for the cheapest request: best bound first.
struct Search<'s> {
    space: &'s Space,
    costs: &'s Costs,
    open: BinaryHeap<Reverse<(u64, Reverse<usize>, usize)>>,
    partials: Vec<Partial>,
    /// An atom, and the choice for the field before.
    choices: Vec<(u32, usize)>,
}

impl Search<'_> {
    fn push(&mut self, partial: Partial) {
        let bound = match self.costs.fields.get(partial.field) {
            None => partial.spent,
            Some(field) => {
                let here = field.cost(field.cheapest[partial.place]);
                partial.spent + here + self.costs.rest[partial.field + 1]
            }
        };
        self.open.push(Reverse((bound, Reverse(partial.field), self.partials.len())));
        self.partials.push(partial);
    }

    /// Begins with a field whose predecessors are chosen.
    fn begin(&mut self, field: usize, set: Set, spent: u64, choice: usize) {
        let (variable, atoms) = match self.space.fields.get(field) {
            Some(field) => (field.block.first_variable, 0..field.block.atoms),
            None => (u32::MAX, 0..0),
        };
        self.push(Partial { set, field, variable, place: 1, atoms, spent, choice });
    }

    fn run(&mut self) -> Option<usize> {
        let mut done = FxHashSet::default();
        while let Some(Reverse((_, _, number))) = self.open.pop() {
            let Partial { set, field, variable, place, ref atoms, spent, choice } = self.partials[number];
            let Some(block) = self.space.fields.get(field).map(|field| field.block) else {
                return Some(choice);
            };
            let atoms = atoms.clone();
            if !done.insert((set, field, place)) {
                continue;
            }
            let decides_on = self.space.diagram.variable(set);
            if decides_on >= block.end() {
                let costs = &self.costs.fields[field];
                let atom = costs.cheapest[place];
                self.choices.push((atom, choice));
                self.begin(field + 1, set, spent + costs.cost(atom), self.choices.len());
                continue;
            }
            let (low, high) =
                if decides_on == variable { self.space.diagram.halves(set) } else { (set, set) };
            let cut = Block::cut(&atoms);
            let halves = [(low, 2 * place, atoms.start..cut), (high, 2 * place + 1, cut..atoms.end)];
            for (set, place, atoms) in halves {
                if !set.is_empty() {
                    self.push(Partial { set, field, variable: variable + 1, place, atoms, spent, choice });
                }
            }
        }
        None
    }
}

impl Space {
    /// A request of the set; `None` if there is none. Of all requests it is one with
    /// the fewest optional fields, preferred values and short readable strings. The
    /// same set always gives the same request. Flags that stand for something unknown
    /// have a value too.
    pub fn witness(&self, set: Set) -> Option<Request> {
        if set.is_empty() {
            return None;
        }
        let costs = self.costs.get_or_init(|| Costs::new(self));
        let mut search =
            Search { space: self, costs, open: BinaryHeap::new(), partials: Vec::new(), choices: Vec::new() };
        search.begin(0, set, 0, 0);
        let mut choice = search.run()?;
        let mut request = Request::new();
        for (number, field) in self.fields.iter().enumerate().rev() {
            let (atom, before) = search.choices[choice - 1];
            request.insert(FieldId(number as u32), costs.fields[number].value(field, atom));
            choice = before;
        }
        Some(request)
    }
}
