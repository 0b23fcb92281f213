//! Commits along first parents.

use std::path::Path;

use gix::bstr::ByteSlice as _;

use super::View;
use crate::history::Commit;
use crate::problem::SourceError;

/// See [`crate::history::history`].
pub(crate) fn history(
    directory: &Path,
    rev: &str,
    until: Option<&str>,
    limit: usize,
) -> Result<Vec<Commit>, SourceError> {
    let view = View::open(directory)?;
    let end = until.map(|until| view.commit(until)).transpose()?;
    let mut next = Some(view.commit(rev)?);
    let mut commits = Vec::new();
    while let Some(id) = next
        && Some(id) != end
        && commits.len() < limit
    {
        let failed = |message: String| SourceError::Git { what: format!("commit `{id}`"), message };
        let commit = view.repo.find_commit(id).map_err(|error| failed(error.to_string()))?;
        let message = commit.message().map_err(|error| failed(error.to_string()))?;
        let author = commit.author().map_err(|error| failed(error.to_string()))?;
        next = commit.parent_ids().next().map(gix::Id::detach);
        commits.push(Commit {
            id: id.to_string(),
            title: message.title.to_str_lossy().trim().to_owned(),
            author: author.name.to_str_lossy().into_owned(),
            parent: next.map(|parent| parent.to_string()),
        });
    }
    match until {
        Some(until) if next != end => Err(SourceError::UnknownRev {
            rev: until.to_owned(),
            message: format!("it is none of the last {limit} states before `{rev}`"),
        }),
        _ => Ok(commits),
    }
}
