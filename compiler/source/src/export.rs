//! A tree of Git as files, for programs that read nothing else.

use std::fs;
use std::path::{Path, PathBuf};

use crate::problem::SourceError;
use crate::{Selection, Tree, git};

/// Most bytes that are written.
const LIMIT: u64 = 256 << 20;

/// Where the tree's version lies as files, seen from the selection's directory: of the worktree, there; of a revision
/// or the index, in `to`, where all its files are written.
pub fn export(selection: &Selection, to: &Path) -> Result<PathBuf, SourceError> {
    let directory = selection.directory.as_path();
    let (prefix, files) = match &selection.tree {
        Tree::Worktree { .. } | Tree::Stdin => return Ok(directory.to_owned()),
        Tree::Rev { rev, .. } => git::all_files(directory, Some(rev), LIMIT)?,
        Tree::Staged { .. } => git::all_files(directory, None, LIMIT)?,
    };
    for (path, bytes) in files {
        // Git makes no such names; objects that were made by hand may have them.
        if path.split('/').any(|part| matches!(part, "" | "." | ".." | ".git")) {
            continue;
        }
        let at = to.join(&path);
        let written = at.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(&at, bytes));
        written.map_err(|error| SourceError::Export { path: at, message: error.to_string() })?;
    }
    let inside = to.join(prefix);
    fs::create_dir_all(&inside)
        .map_err(|error| SourceError::Export { path: inside.clone(), message: error.to_string() })?;
    Ok(inside)
}
