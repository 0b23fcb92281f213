//! Signatures: which patterns accept the strings that end in a state. Equal sets have
//! equal numbers, and a set shares the set that it extends.

use rustc_hash::FxHashMap;

/// The number of a set of patterns in its pool.
pub(crate) type SignatureId = u32;

/// The string is not in the field's universe: it cannot occur.
pub(crate) const OUTSIDE: SignatureId = 0;
/// The string can occur and no pattern accepts it.
pub(crate) const EMPTY: SignatureId = 1;

#[derive(Clone, PartialEq, Eq, Hash)]
enum Signature {
    Outside,
    Empty,
    /// These patterns, ascending, besides those of the parent.
    Add(SignatureId, Box<[u32]>),
    /// Both sets; they come from automata that have no pattern in common.
    Both(SignatureId, SignatureId),
}

/// All signatures of one field.
pub(crate) struct Signatures {
    sets: Vec<Signature>,
    numbers: FxHashMap<Signature, SignatureId>,
}

impl Signatures {
    pub(crate) fn new() -> Self {
        let sets = vec![Signature::Outside, Signature::Empty];
        let numbers = [(Signature::Outside, OUTSIDE), (Signature::Empty, EMPTY)].into_iter().collect();
        Self { sets, numbers }
    }

    pub(crate) fn len(&self) -> usize {
        self.sets.len()
    }

    /// `parent` and the patterns `added`, which are ascending and not in it.
    pub(crate) fn add(&mut self, parent: SignatureId, added: &[u32]) -> SignatureId {
        if added.is_empty() || parent == OUTSIDE {
            return parent;
        }
        self.intern(Signature::Add(parent, added.into()))
    }

    /// The union; outside if one is.
    pub(crate) fn both(&mut self, a: SignatureId, b: SignatureId) -> SignatureId {
        match (a, b) {
            (OUTSIDE, _) | (_, OUTSIDE) => OUTSIDE,
            (EMPTY, other) | (other, EMPTY) => other,
            _ => self.intern(Signature::Both(a, b)),
        }
    }

    fn intern(&mut self, signature: Signature) -> SignatureId {
        let next = self.sets.len() as SignatureId;
        let number = *self.numbers.entry(signature.clone()).or_insert(next);
        if number == next {
            self.sets.push(signature);
        }
        number
    }

    /// The patterns of a set, in no particular order.
    pub(crate) fn members(&self, set: SignatureId) -> Vec<u32> {
        let mut members = Vec::new();
        let mut open = vec![set];
        while let Some(set) = open.pop() {
            match &self.sets[set as usize] {
                Signature::Outside | Signature::Empty => {}
                Signature::Add(parent, added) => {
                    members.extend_from_slice(added);
                    open.push(*parent);
                }
                Signature::Both(a, b) => open.extend([*b, *a]),
            }
        }
        members
    }
}
