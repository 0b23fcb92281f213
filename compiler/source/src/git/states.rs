//! The files that each commit along first parents changed.

use std::collections::BTreeMap;
use std::path::Path;

use gix::ObjectId;
use gix::objs::tree::EntryKind;

use super::tree::MAX_DEPTH;
use super::{View, is_blob, lossy};
use crate::gather;
use crate::problem::SourceError;
use crate::states::{Change, State};
use crate::worktree::relative;

/// How much of the objects that were unpacked is kept, in bytes: trees are looked at again and again.
const CACHE: usize = 16 << 20;

/// A file or a directory, by what it holds.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Entry {
    id: ObjectId,
    is_tree: bool,
}

/// See [`crate::states::states`].
pub(crate) fn states(directory: &Path, rev: &str, visit: &mut dyn FnMut(State)) -> Result<bool, SourceError> {
    let mut view = View::open(directory)?;
    view.repo.object_cache_size_if_unset(CACHE);
    let (commits, is_whole) = view.line(rev)?;
    let (mut before, mut latest) = (None, i64::MIN);
    for (tree, seconds) in commits.into_iter().rev() {
        latest = latest.max(seconds);
        let mut changes = Vec::new();
        view.compare(before, Some(tree), "", 0, &mut changes)?;
        visit(State { seconds: latest, changes });
        before = Some(tree);
    }
    Ok(is_whole)
}

impl View {
    /// The trees and times of the commits from `rev` backwards, and whether the first commit of all is among them.
    fn line(&self, rev: &str) -> Result<(Vec<(ObjectId, i64)>, bool), SourceError> {
        let mut next = Some(self.commit(rev)?);
        let mut commits = Vec::new();
        while let Some(id) = next {
            let failed = |message: String| SourceError::Git { what: format!("commit `{id}`"), message };
            let commit = match self.repo.find_commit(id) {
                Ok(commit) => commit,
                // What is before the first commits of a shallow clone is not there.
                Err(_) if !commits.is_empty() && self.repo.is_shallow().unwrap_or(false) => {
                    return Ok((commits, false));
                }
                Err(error) => return Err(failed(error.to_string())),
            };
            let tree = commit.tree_id().map_err(|error| failed(error.to_string()))?.detach();
            let time = commit.time().map_err(|error| failed(error.to_string()))?;
            commits.push((tree, time.seconds));
            next = commit.parent_ids().next().map(gix::Id::detach);
        }
        Ok((commits, true))
    }

    /// Adds what differs between two directories; of equal ones nothing is read.
    fn compare(
        &self,
        before: Option<ObjectId>,
        after: Option<ObjectId>,
        path: &str,
        depth: usize,
        changes: &mut Vec<Change>,
    ) -> Result<(), SourceError> {
        if before == after || depth > MAX_DEPTH {
            return Ok(());
        }
        let (mut old, new) = (self.entries(before, path)?, self.entries(after, path)?);
        let mut names: BTreeMap<String, (Option<Entry>, Option<Entry>)> = BTreeMap::new();
        for (name, entry) in new {
            names.insert(name.clone(), (old.remove(&name), Some(entry)));
        }
        names.extend(old.into_iter().map(|(name, entry)| (name, (Some(entry), None))));
        for (name, (old, new)) in names {
            if old == new {
                continue;
            }
            let below = if path.is_empty() { name.clone() } else { format!("{path}/{name}") };
            let tree = |entry: Option<Entry>| entry.filter(|entry| entry.is_tree).map(|entry| entry.id);
            let file = |entry: Option<Entry>| entry.filter(|entry| !entry.is_tree).map(|entry| entry.id);
            self.compare(tree(old), tree(new), &below, depth + 1, changes)?;
            if gather::is_read(&name) && file(old) != file(new) {
                let text = file(new).map(|blob| self.bytes(blob, &below)).transpose()?;
                changes.push(Change { path: relative(&self.prefix, Path::new(&below)), text });
            }
        }
        Ok(())
    }

    fn bytes(&self, blob: ObjectId, path: &str) -> Result<Vec<u8>, SourceError> {
        let failed = |message: String| SourceError::Git { what: format!("`{path}`"), message };
        let mut object = self.repo.find_object(blob).map_err(|error| failed(error.to_string()))?;
        Ok(std::mem::take(&mut object.data))
    }

    /// The files and directories of a directory, without hidden ones.
    fn entries(&self, tree: Option<ObjectId>, path: &str) -> Result<BTreeMap<String, Entry>, SourceError> {
        let Some(tree) = tree else { return Ok(BTreeMap::new()) };
        let failed = |message: String| SourceError::Git { what: format!("the directory `{path}`"), message };
        let tree = self.repo.find_tree(tree).map_err(|error| failed(error.to_string()))?;
        let mut entries = BTreeMap::new();
        for entry in tree.iter() {
            let entry = entry.map_err(|error| failed(error.to_string()))?;
            let (name, kind) = (lossy(entry.filename()), entry.mode().kind());
            let is_tree = kind == EntryKind::Tree;
            if !name.starts_with('.') && (is_tree || is_blob(kind)) {
                entries.insert(name, Entry { id: entry.object_id(), is_tree });
            }
        }
        Ok(entries)
    }
}
