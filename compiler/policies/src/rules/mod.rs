//! The rules that policies speak through: `MC195x`. One file a rule, with its page.

mod broken_invariant;
mod broken_policy;
mod unknown_pack;
mod unusable_policy;

use meshc_diagnostics::Rule;

pub use broken_invariant::BROKEN_INVARIANT;
pub use broken_policy::BROKEN_POLICY;
pub use unknown_pack::UNKNOWN_PACK;
pub use unusable_policy::UNUSABLE_POLICY;

/// All of them, by code.
pub static RULES: &[&Rule] = &[&BROKEN_POLICY, &BROKEN_INVARIANT, &UNKNOWN_PACK, &UNUSABLE_POLICY];
