//! The commits behind a revision, newest first, along first parents: the states that a branch has had.

use std::path::Path;

use crate::git;
use crate::problem::SourceError;

/// A commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit {
    /// Its hash, in hexadecimal digits.
    pub id: String,
    /// The first line of its message.
    pub title: String,
    /// Who wrote it.
    pub author: String,
    /// The first parent's hash; none of the first commit.
    pub parent: Option<String>,
}

impl Commit {
    /// The hash as people abbreviate it.
    pub fn short(&self) -> &str {
        self.id.get(..10).unwrap_or(&self.id)
    }
}

/// The commits from `rev` backwards until (and without) `until`, at most `limit`. With an `until` that is not found on
/// the way, it is an error: the two are not states of one branch.
pub fn history(
    directory: &Path,
    rev: &str,
    until: Option<&str>,
    limit: usize,
) -> Result<Vec<Commit>, SourceError> {
    git::history(directory, rev, until, limit)
}
