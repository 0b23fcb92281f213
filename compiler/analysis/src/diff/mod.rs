//! The semantic diff: which requests are answered differently by two meshes, and what else is different that no
//! request shows. Text that changed without changing behaviour is no difference, and that is a proof.

mod behaviour;
mod change;
mod clusters;
mod collected;
mod compare;
pub(crate) mod describe;
mod digests;
mod hosts;
mod kind;
mod listeners;
mod markdown;
mod normal;
mod outcome;
mod patches;
mod proxies;
mod regions;
mod render;
pub(crate) mod replay;
mod security;
mod settings;
mod sites;
mod tables;
mod text;
mod words;

use meshc_effective::model::EffectiveMesh;
use meshc_source::SourceSet;

pub(crate) use behaviour::Behaviour;
pub use change::{Affected, Change, Diff, Equal, Lines, Unknown};
pub use kind::{Concern, Kind, Risk};
pub use markdown::{MARKER, render_markdown};
pub use render::curl;
pub use replay::same as same_answer;
pub use text::render_text;

/// One of the two meshes.
#[derive(Debug, Clone, Copy)]
pub struct Side<'a> {
    /// What the user calls it: a revision, or `worktree`.
    pub name: &'a str,
    /// What its proxies do.
    pub mesh: &'a EffectiveMesh,
    /// The files that it was read from.
    pub sources: &'a SourceSet,
}

/// Everything that behaves differently, high risk first. [`Equal::Yes`] is a proof for all requests of all proxies.
pub fn diff(base: Side<'_>, head: Side<'_>) -> Diff {
    compare::compare(base, head)
}

#[cfg(test)]
mod tests;
