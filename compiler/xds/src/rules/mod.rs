//! The rules about what patches of EnvoyFilters find in what proxies are sent, one file each.

mod idle_patch;

use meshc_diagnostics::{Diagnostic, Rule};
use meshc_effective::model::EffectiveMesh;

pub use idle_patch::IDLE_PATCH;

/// All rules of this crate, by code.
pub const RULES: &[&Rule] = &[&IDLE_PATCH];

/// All findings about a mesh.
pub fn check(mesh: &EffectiveMesh) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    idle_patch::check(mesh, &mut found);
    found
}
