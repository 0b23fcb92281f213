//! Which bytes a command reads: the worktree, the Git index, a revision, standard input.
//! Gives a [`SourceSet`]: files in one fixed order, their digests, and what could not be read.
#![forbid(unsafe_code)]

mod export;
mod gather;
mod git;
mod history;
mod lookup;
mod problem;
mod selection;
mod set;
mod span;
mod states;
mod stdin;
mod text;
mod worktree;

use std::path::Path;

pub use export::export;
pub use history::{Commit, history};
pub use lookup::{find_up, read_file};
pub use problem::{LoadProblem, ProblemKind, SourceError};
pub use selection::{Limits, Selection, Tree};
pub use set::{SourceFile, SourceSet};
pub use span::{FileId, Position, Span};
pub use states::{Change, State, states};

/// The files of a tree, and what could not be read of it.
pub type Loaded = Result<(SourceSet, Vec<LoadProblem>), SourceError>;

/// Reads a tree: all files that belong to it in the order of their names, and a problem for each that
/// is there but cannot be read. A tree without any file is an error.
pub fn load(selection: &Selection, limits: &Limits) -> Loaded {
    load_beside(selection, limits, &mut git::Known::default())
}

/// Reads two trees that are compared. What Git has of both is read once.
pub fn load_both(one: &Selection, other: &Selection, limits: &Limits) -> (Loaded, Loaded) {
    let mut known = git::Known::default();
    let one = load_beside(one, limits, &mut known);
    (one, load_beside(other, limits, &mut known))
}

fn load_beside(selection: &Selection, limits: &Limits, known: &mut git::Known) -> Loaded {
    let directory = selection.directory.as_path();
    match &selection.tree {
        Tree::Worktree { paths } => worktree::load(directory, paths, limits),
        Tree::Rev { rev, paths } => git::load_rev(directory, rev, paths, limits, known),
        Tree::Staged { paths } => git::load_staged(directory, paths, limits, known),
        Tree::Stdin => stdin::load(limits),
    }
}

/// The commit that a revision (a branch, a tag, `HEAD~1`, a hash) names, as hexadecimal digits.
pub fn resolve(directory: &Path, rev: &str) -> Result<String, SourceError> {
    git::resolve(directory, rev)
}

/// The name of the whole tree of a revision, as hexadecimal digits: two revisions with one name are the same in every
/// file.
pub fn tree_id(directory: &Path, rev: &str) -> Result<String, SourceError> {
    git::tree_id(directory, rev)
}

/// Whether the repository around a directory has no commit yet.
pub fn is_unborn(directory: &Path) -> bool {
    git::is_unborn(directory)
}
