//! Two trees side by side: what both have is read once, and compiled once where the second follows from the first by
//! edits whose consequences are known.

use meshc_effective::model::EffectiveMesh;
use meshc_source::SourceSet;
use meshc_syntax::Limits;

use super::workspace::Workspace;
use super::{Failure, Selected};

/// One of two trees that are compared.
#[derive(Debug)]
pub(crate) struct Compared {
    /// Its files.
    pub(crate) sources: SourceSet,
    /// What its proxies do.
    pub(crate) mesh: EffectiveMesh,
}

impl Compared {
    /// Reads and compiles two trees, as other commands that look at one do: what only one of them has was added or taken away,
    /// and the other is empty then.
    pub(crate) fn both(one: &Selected, other: &Selected) -> Result<(Self, Self), Failure> {
        let (one, other) = Workspace::read_both(one, other)?;
        if !meshc_effective::may_follow(&one.sources, &other.sources, &Limits::default()) {
            let (one, other) = rayon::join(|| Self::of(one), || Self::of(other));
            return Ok((one?, other?));
        }
        let mut first = one.only_tree()?;
        first.keep();
        let one = Self { mesh: first.compile_to_look()?, sources: first.sources.clone() };
        let second = other.only_tree_after(&mut Some(first))?;
        let other = Self { mesh: second.compile_to_look()?, sources: second.sources.clone() };
        // What compared trees are made from is not taken apart while someone waits.
        std::mem::forget(second);
        Ok((one, other))
    }

    fn of(workspace: Workspace) -> Result<Self, Failure> {
        let tree = workspace.only_tree()?;
        let (mesh, sources) = (tree.compile_to_look()?, tree.sources.clone());
        std::mem::forget(tree);
        Ok(Self { sources, mesh })
    }
}
