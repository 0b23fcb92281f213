//! The diff of the bookshop and its mutants, through the whole compiler.

mod laws;
mod mutants;
mod patches;
mod security;
mod typical;

use super::{Diff, Side, diff};
use crate::testing::World;

/// The diff of two worlds.
pub(super) fn compare(base: &World, head: &World) -> Diff {
    diff(
        Side { name: "base", mesh: &base.mesh, sources: &base.sources },
        Side { name: "head", mesh: &head.mesh, sources: &head.sources },
    )
}
