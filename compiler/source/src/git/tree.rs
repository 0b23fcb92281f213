//! The files of a tree object, directories in the order of their names.

use gix::ObjectId;
use gix::objs::tree::EntryKind;

use super::{Blob, is_blob, lossy};
use crate::Limits;
use crate::gather::{self, Found};
use crate::problem::{ProblemKind, SourceError};

/// Levels of directories, and links that lead to links: more than anyone has, fewer than the stack.
pub(super) const MAX_DEPTH: usize = 128;

/// Walks the tree of one revision.
pub(super) struct Walk<'r> {
    repo: &'r gix::Repository,
    root: ObjectId,
    limits: Limits,
}

/// An entry of a tree.
#[derive(Clone, Copy)]
struct Entry {
    id: ObjectId,
    kind: EntryKind,
}

/// Where an entry is: by the links that led there, and without them.
#[derive(Clone, Copy)]
struct Place<'p> {
    path: &'p str,
    real: &'p str,
    depth: usize,
}

/// What a walk adds to.
struct Sink<'f, N> {
    name: N,
    found: &'f mut Vec<Found<Blob>>,
}

// === impl Walk ===

impl<'r> Walk<'r> {
    pub(super) fn new(repo: &'r gix::Repository, root: ObjectId, limits: &Limits) -> Self {
        Self { repo, root, limits: *limits }
    }

    pub(super) fn has_file(&self, path: &str) -> bool {
        self.lookup(path).is_ok_and(|entry| entry.is_some_and(|entry| is_blob(entry.kind)))
    }

    /// The file at a path.
    pub(super) fn blob(&self, path: &str) -> Result<Option<Blob>, SourceError> {
        Ok(self.lookup(path)?.filter(|entry| is_blob(entry.kind)).map(|entry| entry.id))
    }

    /// Every file with its path.
    pub(super) fn all_blobs(&self) -> Result<Vec<(String, Blob)>, SourceError> {
        let mut blobs = Vec::new();
        self.collect(self.root, "", 0, &mut blobs)?;
        Ok(blobs)
    }

    fn collect(
        &self,
        id: ObjectId,
        path: &str,
        depth: usize,
        blobs: &mut Vec<(String, Blob)>,
    ) -> Result<(), SourceError> {
        let failed = |message: String| SourceError::Git { what: format!("the directory `{path}`"), message };
        let tree = self.repo.find_tree(id).map_err(|error| failed(error.to_string()))?;
        for entry in tree.iter() {
            let entry = entry.map_err(|error| failed(error.to_string()))?;
            let name = lossy(entry.filename());
            let below = if path.is_empty() { name } else { format!("{path}/{name}") };
            match entry.mode().kind() {
                EntryKind::Tree if depth < MAX_DEPTH => {
                    self.collect(entry.object_id(), &below, depth + 1, blobs)?;
                }
                EntryKind::Blob | EntryKind::BlobExecutable => blobs.push((below, entry.object_id())),
                _ => {}
            }
        }
        Ok(())
    }

    /// Adds the file or the files of the directory at a path; false: there is no such path.
    pub(super) fn find(
        &self,
        path: &str,
        named: bool,
        name: impl Fn(&str) -> String,
        found: &mut Vec<Found<Blob>>,
    ) -> Result<bool, SourceError> {
        let Some(entry) = self.lookup(path)? else {
            return Ok(false);
        };
        let mut sink = Sink { name, found };
        // A directory that is named is not a file that is named.
        let named = named && entry.kind != EntryKind::Tree;
        self.visit(entry, Place { path, real: path, depth: 0 }, named, &mut sink)?;
        Ok(true)
    }

    fn lookup(&self, path: &str) -> Result<Option<Entry>, SourceError> {
        if path.is_empty() {
            return Ok(Some(Entry { id: self.root, kind: EntryKind::Tree }));
        }
        let failed = |message: String| SourceError::Git { what: format!("`{path}`"), message };
        let root = self.repo.find_tree(self.root).map_err(|error| failed(error.to_string()))?;
        let entry = root.lookup_entry_by_path(path).map_err(|error| failed(error.to_string()))?;
        Ok(entry.map(|entry| Entry { id: entry.object_id(), kind: entry.mode().kind() }))
    }

    fn visit<N: Fn(&str) -> String>(
        &self,
        entry: Entry,
        place: Place<'_>,
        named: bool,
        sink: &mut Sink<'_, N>,
    ) -> Result<(), SourceError> {
        let Place { path, real, depth } = place;
        let file_name = path.rsplit('/').next().unwrap_or(path);
        let content = match entry.kind {
            EntryKind::Tree if depth < MAX_DEPTH => return self.directory(entry.id, place, sink),
            EntryKind::Tree => {
                Err(ProblemKind::Unreadable("the directories are nested too deeply".to_owned()))
            }
            EntryKind::Link => match self.follow(entry.id, real) {
                Ok((target, real))
                    if target.kind == EntryKind::Tree || named || gather::is_read(file_name) =>
                {
                    return self.visit(target, Place { path, real: &real, depth: depth + 1 }, named, sink);
                }
                Ok(_) => return Ok(()),
                // What a link that leads elsewhere would be read as, only its name tells.
                Err(_) if !named && !gather::is_read(file_name) => return Ok(()),
                Err(problem) => Err(problem),
            },
            EntryKind::Commit => Err(ProblemKind::Submodule),
            EntryKind::Blob | EntryKind::BlobExecutable if named || gather::is_read(file_name) => {
                Ok(entry.id)
            }
            EntryKind::Blob | EntryKind::BlobExecutable => return Ok(()),
        };
        sink.found.push(Found { name: (sink.name)(path), identity: real.to_owned(), named, content });
        if sink.found.len() > self.limits.files {
            return Err(SourceError::TooMuch { limit: format!("{} files", self.limits.files) });
        }
        Ok(())
    }

    fn directory<N: Fn(&str) -> String>(
        &self,
        id: ObjectId,
        place: Place<'_>,
        sink: &mut Sink<'_, N>,
    ) -> Result<(), SourceError> {
        let Place { path, real, depth } = place;
        let failed = |message: String| SourceError::Git { what: format!("the directory `{path}`"), message };
        let tree = self.repo.find_tree(id).map_err(|error| failed(error.to_string()))?;
        for entry in tree.iter() {
            let entry = entry.map_err(|error| failed(error.to_string()))?;
            let name = lossy(entry.filename());
            // Hidden, as on disk.
            if name.starts_with('.') {
                continue;
            }
            let below = |directory: &str| match directory {
                "" => name.clone(),
                directory => format!("{directory}/{name}"),
            };
            let entry = Entry { id: entry.object_id(), kind: entry.mode().kind() };
            let place = Place { path: &below(path), real: &below(real), depth: depth + 1 };
            self.visit(entry, place, false, sink)?;
        }
        Ok(())
    }

    /// Where a symbolic link leads within the tree: the entry and its path.
    fn follow(&self, link: ObjectId, path: &str) -> Result<(Entry, String), ProblemKind> {
        let mut id = link;
        let mut at = path.to_owned();
        for _ in 0..40 {
            let data =
                self.repo.find_object(id).map_err(|error| ProblemKind::Unreadable(error.to_string()))?;
            let target = String::from_utf8_lossy(&data.data).into_owned();
            let outside =
                || ProblemKind::Unreadable(format!("the symbolic link leads out of the tree, to `{target}`"));
            at = join(&at, &target).ok_or_else(outside)?;
            if path.starts_with(&format!("{at}/")) || at.is_empty() {
                let circle = "the symbolic link leads in a circle to a directory above it";
                return Err(ProblemKind::Unreadable(circle.to_owned()));
            }
            match self.lookup(&at) {
                Ok(Some(entry)) if entry.kind == EntryKind::Link => id = entry.id,
                Ok(Some(entry)) => return Ok((entry, at)),
                _ => {
                    return Err(ProblemKind::Unreadable(format!(
                        "the symbolic link leads nowhere, to `{target}`"
                    )));
                }
            }
        }
        Err(ProblemKind::Unreadable("the symbolic link leads in a circle".to_owned()))
    }
}

/// The path that a link at `link` means by `target`; none outside of the tree.
pub(super) fn join(link: &str, target: &str) -> Option<String> {
    if target.starts_with('/') {
        return None;
    }
    let mut parts: Vec<&str> = link.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}
