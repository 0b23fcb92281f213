//! What each state of a branch changed, oldest first: from it the age of everything in a file can be told.

use std::path::Path;

use crate::git;
use crate::problem::SourceError;

/// What a commit made of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// As the file is named from the directory.
    pub path: String,
    /// Its bytes after the commit; none where it is gone.
    pub text: Option<Vec<u8>>,
}

/// A state of a branch, by what changed since the one before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// When it was committed, in seconds since 1970; never before the state that it follows.
    pub seconds: i64,
    /// In the order of their paths: those files that a tree is read from.
    pub changes: Vec<Change>,
}

/// Shows each state along first parents until `rev`, oldest first. Tells whether the history is whole: that of a shallow
/// clone begins with all files at once. Each file is read once for each commit that changed it.
pub fn states(directory: &Path, rev: &str, visit: &mut dyn FnMut(State)) -> Result<bool, SourceError> {
    git::states(directory, rev, visit)
}
