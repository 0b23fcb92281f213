//! Which bytes a command reads: the worktree, the Git index, a revision, standard input.
//! Gives a [`SourceSet`]: files in one fixed order, their digests, and what could not be read.
#![forbid(unsafe_code)]

mod set;
mod span;

pub use set::{SourceFile, SourceSet};
pub use span::{FileId, Position, Span};
