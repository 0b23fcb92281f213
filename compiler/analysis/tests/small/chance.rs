//! Chance that is the same in every run: a case is its number.

/// A generator of numbers (`SplitMix64`).
pub(crate) struct Chance(u64);

impl Chance {
    /// The chance of a case.
    pub(crate) fn new(case: u64) -> Self {
        Self(case.wrapping_mul(0x2545_F491_4F6C_DD1D))
    }

    /// A number below a bound.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((mixed ^ (mixed >> 31)) % bound.max(1) as u64) as usize
    }

    /// One of some.
    pub(crate) fn one<'t>(&mut self, of: &[&'t str]) -> &'t str {
        of[self.below(of.len())]
    }
}
