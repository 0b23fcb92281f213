//! The files of the index: what the next commit would hold.

use gix::bstr::BStr;
use gix::index::entry::{Mode, Stage};

use super::{Blob, lossy, tree};
use crate::Limits;
use crate::gather::{self, Found};
use crate::problem::{ProblemKind, SourceError};

/// The index of a worktree.
pub(super) struct Staged<'r> {
    repo: &'r gix::Repository,
    index: gix::worktree::Index,
}

// === impl Staged ===

impl<'r> Staged<'r> {
    pub(super) fn open(repo: &'r gix::Repository) -> Result<Self, SourceError> {
        let index = repo
            .index_or_empty()
            .map_err(|error| SourceError::Git { what: "the index".to_owned(), message: error.to_string() })?;
        Ok(Self { repo, index })
    }

    pub(super) fn has_file(&self, path: &str) -> bool {
        self.index.entry_by_path_and_stage(BStr::new(path), Stage::Unconflicted).is_some()
    }

    /// The file at a path.
    pub(super) fn blob(&self, path: &str) -> Option<Blob> {
        let entry = self.index.entry_by_path_and_stage(BStr::new(path), Stage::Unconflicted)?;
        matches!(entry.mode, Mode::FILE | Mode::FILE_EXECUTABLE).then_some(entry.id)
    }

    /// Every file with its path.
    pub(super) fn all_blobs(&self) -> Result<Vec<(String, Blob)>, SourceError> {
        let mut blobs = Vec::new();
        for entry in self.index.entries() {
            let path = lossy(entry.path(&self.index));
            if entry.mode == Mode::DIR {
                let directory = path.trim_end_matches('/');
                let walk = tree::Walk::new(self.repo, entry.id, &Limits::default());
                blobs.extend(
                    walk.all_blobs()?.into_iter().map(|(path, id)| (format!("{directory}/{path}"), id)),
                );
            } else if matches!(entry.mode, Mode::FILE | Mode::FILE_EXECUTABLE)
                && entry.stage() == Stage::Unconflicted
            {
                blobs.push((path, entry.id));
            }
        }
        Ok(blobs)
    }

    /// Adds the file or the files of the directory at a path; false: there is no such path.
    pub(super) fn find(
        &self,
        path: &str,
        named: bool,
        name: impl Fn(&str) -> String,
        limits: &Limits,
        found: &mut Vec<Found<Blob>>,
    ) -> Result<bool, SourceError> {
        let below = if path.is_empty() { String::new() } else { format!("{path}/") };
        let mut exists = path.is_empty();
        let mut last = String::new();
        for entry in self.index.entries() {
            let file = lossy(entry.path(&self.index));
            let is_it = file == path;
            if !is_it && !file.starts_with(&below) {
                continue;
            }
            exists = true;
            let rest = file.get(below.len()..).unwrap_or_default();
            let named = named && is_it;
            // A conflict has up to three entries of one path.
            let hidden = !is_it && rest.split('/').any(|part| part.starts_with('.'));
            if hidden || last == file {
                continue;
            }
            last.clone_from(&file);
            if entry.mode == Mode::DIR {
                // A sparse index stands a directory's tree in place of its files.
                let walk = tree::Walk::new(self.repo, entry.id, limits);
                let directory = file.trim_end_matches('/');
                let before = found.len();
                walk.find("", false, |path| name(&format!("{directory}/{path}")), found)?;
                for file in &mut found[before..] {
                    file.identity = format!("{directory}/{}", file.identity);
                }
                continue;
            }
            let mut identity = file.clone();
            let content = if entry.mode == Mode::COMMIT {
                Err(ProblemKind::Submodule)
            } else if !named && !gather::is_read(&file) {
                continue;
            } else if entry.stage() != Stage::Unconflicted {
                Err(ProblemKind::Conflict)
            } else if entry.mode == Mode::SYMLINK {
                self.follow(&file, &entry.id).map(|(blob, real)| {
                    identity = real;
                    blob
                })
            } else {
                Ok(entry.id)
            };
            found.push(Found { name: name(&file), identity, named, content });
            if found.len() > limits.files {
                return Err(SourceError::TooMuch { limit: format!("{} files", limits.files) });
            }
        }
        Ok(exists)
    }

    /// The file that a symbolic link leads to within the index, and its path.
    fn follow(&self, path: &str, link: &gix::oid) -> Result<(Blob, String), ProblemKind> {
        let mut id = link.to_owned();
        let mut at = path.to_owned();
        for _ in 0..40 {
            let data =
                self.repo.find_object(id).map_err(|error| ProblemKind::Unreadable(error.to_string()))?;
            let target = String::from_utf8_lossy(&data.data).into_owned();
            let nowhere =
                || ProblemKind::Unreadable(format!("the symbolic link leads to no file, to `{target}`"));
            at = tree::join(&at, &target).ok_or_else(nowhere)?;
            let entry = self
                .index
                .entry_by_path_and_stage(BStr::new(&at), Stage::Unconflicted)
                .ok_or_else(nowhere)?;
            if entry.mode != Mode::SYMLINK {
                return Ok((entry.id, at));
            }
            id = entry.id;
        }
        Err(ProblemKind::Unreadable("the symbolic link leads in a circle".to_owned()))
    }
}
