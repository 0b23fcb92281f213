//! The rules about what proxies are sent, one file each: what patches of EnvoyFilters find in it, and what is left out of
//! it.

mod idle_patch;
mod left_out;

use meshc_diagnostics::{Diagnostic, Rule};
use meshc_effective::model::EffectiveMesh;

pub use idle_patch::IDLE_PATCH;
pub use left_out::{LEFT_OUT, left_out};

/// All rules of this crate, by code.
pub const RULES: &[&Rule] = &[&IDLE_PATCH, &LEFT_OUT];

/// All findings about a mesh.
pub fn check(mesh: &EffectiveMesh) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    idle_patch::check(mesh, &mut found);
    found
}
