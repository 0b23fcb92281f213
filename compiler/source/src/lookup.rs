//! Single files of a tree: the settings that govern it, and what they name.

use std::path::{Path, PathBuf};

use crate::problem::{ProblemKind, SourceError};
use crate::set::SourceFile;
use crate::{Limits, Selection, Tree, git, text, worktree};

/// The nearest file called `name`, upward from where the tree lies: from the directory that holds all its paths up to
/// the root of its repository, else from the current directory. A file that is there but cannot be read is an error.
pub fn find_up(selection: &Selection, name: &str) -> Result<Option<SourceFile>, SourceError> {
    let directory = selection.directory.as_path();
    match &selection.tree {
        Tree::Worktree { paths } => {
            let Some(path) = worktree::find_up(directory, paths, name) else { return Ok(None) };
            let shown = worktree::relative(directory, &path);
            let bytes = std::fs::read(&path).map_err(|error| ProblemKind::Unreadable(error.to_string()));
            file(shown, bytes)
        }
        Tree::Stdin => {
            let Some(path) = worktree::find_up(directory, &[], name) else { return Ok(None) };
            let shown = worktree::relative(directory, &path);
            let bytes = std::fs::read(&path).map_err(|error| ProblemKind::Unreadable(error.to_string()));
            file(shown, bytes)
        }
        Tree::Rev { rev, paths } => git::find_up(directory, Some(rev), paths, name),
        Tree::Staged { paths } => git::find_up(directory, None, paths, name),
    }
}

/// One file of the tree's version (worktree, index, revision), by its path from the selection's directory; none where
/// there is no such file.
pub fn read_file(selection: &Selection, path: &Path) -> Result<Option<SourceFile>, SourceError> {
    let directory = selection.directory.as_path();
    match &selection.tree {
        Tree::Worktree { .. } | Tree::Stdin => {
            let at = directory.join(path);
            if !at.is_file() {
                return Ok(None);
            }
            let limits = Limits::default();
            file(worktree::display(path), worktree::read(&at, &limits))
        }
        Tree::Rev { rev, .. } => git::read_file(directory, Some(rev), path),
        Tree::Staged { .. } => git::read_file(directory, None, path),
    }
}

/// A file's bytes as a file of a set.
pub(crate) fn file(
    name: String,
    bytes: Result<Vec<u8>, ProblemKind>,
) -> Result<Option<SourceFile>, SourceError> {
    match bytes.and_then(text::decode) {
        Ok(text) => Ok(Some(SourceFile::new(name, text))),
        Err(problem) => Err(SourceError::Damaged { path: PathBuf::from(name), why: problem.to_string() }),
    }
}
