//! A Git revision or the index, read from the objects without a checkout.

use std::collections::HashMap;
use std::path::{Component, Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use gix::ObjectId;
use gix::bstr::{BStr, ByteSlice as _};
use gix::objs::tree::EntryKind;
use rayon::prelude::*;

use crate::gather::{self, Bytes, Content, Found};
use crate::lookup;
use crate::problem::{LoadProblem, ProblemKind, SourceError};
use crate::set::{SourceFile, SourceSet};
use crate::worktree::{MESH_FILE, relative};
use crate::{FileId, Limits};

mod history;
mod index;
mod loose;
mod states;
mod tree;

pub(crate) use history::history;
pub(crate) use states::states;

/// What a file's bytes are read from.
type Blob = ObjectId;

/// Files that were read, by Git's names of what they hold: another tree that has the same need not read it again.
#[derive(Default)]
pub(crate) struct Known(HashMap<Blob, SourceFile>);

/// A repository as seen from a directory.
pub(crate) struct View {
    repo: gix::Repository,
    /// The directory within the repository, without `.` and `..`; empty at its root and in bare ones.
    prefix: PathBuf,
    /// The root of the worktree; none in bare repositories.
    root: Option<PathBuf>,
}

/// Reads paths of a revision, or its tree around the directory.
pub(crate) fn load_rev(
    directory: &Path,
    rev: &str,
    paths: &[PathBuf],
    limits: &Limits,
    known: &mut Known,
) -> Result<(SourceSet, Vec<LoadProblem>), SourceError> {
    let view = View::open(directory)?;
    let commit = view.commit(rev)?;
    let root = view.tree_of(commit, rev)?;
    let walk = tree::Walk::new(&view.repo, root, limits);
    let mut found = Vec::new();
    for (at, given) in view.starts(paths, |path| walk.has_file(path))? {
        let exists = walk.find(&at, given.is_some(), |path| view.name(path, &at, given), &mut found)?;
        if !exists && let Some(given) = given {
            return Err(SourceError::Missing { path: given.to_owned(), rev: Some(rev.to_owned()) });
        }
    }
    view.finish(found, &format!("`{rev}`"), paths, limits, known)
}

/// Reads paths of the index, or its tree around the directory.
pub(crate) fn load_staged(
    directory: &Path,
    paths: &[PathBuf],
    limits: &Limits,
    known: &mut Known,
) -> Result<(SourceSet, Vec<LoadProblem>), SourceError> {
    let view = View::open(directory)?;
    let index = index::Staged::open(&view.repo)?;
    let mut found = Vec::new();
    for (at, given) in view.starts(paths, |path| index.has_file(path))? {
        let exists =
            index.find(&at, given.is_some(), |path| view.name(path, &at, given), limits, &mut found)?;
        if !exists && let Some(given) = given {
            return Err(SourceError::Missing { path: given.to_owned(), rev: Some("the index".to_owned()) });
        }
    }
    view.finish(found, "the index", paths, limits, known)
}

/// The commit that a revision names, as forty hexadecimal digits.
pub(crate) fn resolve(directory: &Path, rev: &str) -> Result<String, SourceError> {
    Ok(View::open(directory)?.commit(rev)?.to_string())
}

/// The name of the whole tree of a revision, as hexadecimal digits.
pub(crate) fn tree_id(directory: &Path, rev: &str) -> Result<String, SourceError> {
    let view = View::open(directory)?;
    let commit = view.commit(rev)?;
    Ok(view.tree_of(commit, rev)?.to_string())
}

/// Whether there is no commit yet.
pub(crate) fn is_unborn(directory: &Path) -> bool {
    View::open(directory).is_ok_and(|view| view.repo.head().is_ok_and(|head| head.is_unborn()))
}

/// The nearest file called `name` in a revision (`None`: the index), upward from what holds all paths, else from the
/// directory.
pub(crate) fn find_up(
    directory: &Path,
    rev: Option<&str>,
    paths: &[PathBuf],
    name: &str,
) -> Result<Option<SourceFile>, SourceError> {
    let view = View::open(directory)?;
    let version = view.version(rev)?;
    let mut holders = Vec::new();
    for path in paths {
        holders.push(PathBuf::from(view.within(path)?));
    }
    let common = holders.into_iter().reduce(|common, other| {
        common.ancestors().find(|ancestor| other.starts_with(ancestor)).unwrap_or(Path::new("")).to_owned()
    });
    let starts = common.into_iter().chain([view.prefix.clone()]);
    for start in starts {
        for ancestor in start.ancestors() {
            let path = slashes(&ancestor.join(name));
            if version.blob(&path)?.is_some() {
                return view.file(&version, &path);
            }
        }
    }
    Ok(None)
}

/// One file of a revision (`None`: the index).
pub(crate) fn read_file(
    directory: &Path,
    rev: Option<&str>,
    path: &Path,
) -> Result<Option<SourceFile>, SourceError> {
    let view = View::open(directory)?;
    let version = view.version(rev)?;
    let within = view.within(path)?;
    view.file(&version, &within)
}

/// The directory within the repository, and every file of a revision (`None`: the index) with its bytes. Submodules
/// and symbolic links are left out.
pub(crate) fn all_files(
    directory: &Path,
    rev: Option<&str>,
    limit: u64,
) -> Result<(PathBuf, Vec<(String, Vec<u8>)>), SourceError> {
    let view = View::open(directory)?;
    let blobs = match view.version(rev)? {
        Version::Rev(walk) => walk.all_blobs()?,
        Version::Index(index) => index.all_blobs()?,
    };
    let mut total = 0;
    let mut files = Vec::with_capacity(blobs.len());
    for (path, blob) in blobs {
        let failed = |message: String| SourceError::Git { what: format!("`{path}`"), message };
        let mut object = view.repo.find_object(blob).map_err(|error| failed(error.to_string()))?;
        total += object.data.len() as u64;
        if total > limit {
            return Err(SourceError::TooMuch { limit: format!("{} MiB", limit >> 20) });
        }
        files.push((path, std::mem::take(&mut object.data)));
    }
    Ok((view.prefix, files))
}

/// A version of the repository's files.
enum Version<'r> {
    Rev(tree::Walk<'r>),
    Index(index::Staged<'r>),
}

impl Version<'_> {
    fn blob(&self, path: &str) -> Result<Option<Blob>, SourceError> {
        match self {
            Self::Rev(walk) => walk.blob(path),
            Self::Index(index) => Ok(index.blob(path)),
        }
    }
}

// === impl View ===

impl View {
    fn open(directory: &Path) -> Result<Self, SourceError> {
        let absent = |message: String| SourceError::NoRepository { directory: directory.to_owned(), message };
        let repo = gix::discover(directory).map_err(|error| absent(error.to_string()))?;
        let canonical = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let here = canonical(directory);
        let root = repo.workdir().map(canonical);
        let prefix = root.as_deref().and_then(|root| here.strip_prefix(root).ok()).map(Path::to_owned);
        Ok(Self { repo, prefix: prefix.unwrap_or_default(), root })
    }

    fn commit(&self, rev: &str) -> Result<ObjectId, SourceError> {
        let unknown = |message: String| SourceError::UnknownRev { rev: rev.to_owned(), message };
        let id = self.repo.rev_parse_single(BStr::new(rev)).map_err(|error| unknown(error.to_string()))?;
        let object = id.object().map_err(|error| unknown(error.to_string()))?;
        object.peel_to_commit().map(|commit| commit.id).map_err(|error| unknown(error.to_string()))
    }

    fn version(&self, rev: Option<&str>) -> Result<Version<'_>, SourceError> {
        Ok(match rev {
            Some(rev) => {
                let root = self.tree_of(self.commit(rev)?, rev)?;
                Version::Rev(tree::Walk::new(&self.repo, root, &Limits::default()))
            }
            None => Version::Index(index::Staged::open(&self.repo)?),
        })
    }

    /// A file of a version by its path in the repository.
    fn file(&self, version: &Version<'_>, path: &str) -> Result<Option<SourceFile>, SourceError> {
        let Some(blob) = version.blob(path)? else { return Ok(None) };
        let bytes = read(&self.repo, blob, &Limits::default());
        lookup::file(relative(&self.prefix, Path::new(path)), bytes)
    }

    fn tree_of(&self, commit: ObjectId, rev: &str) -> Result<ObjectId, SourceError> {
        let failed = |message: String| SourceError::Git { what: format!("`{rev}`"), message };
        let commit = self.repo.find_commit(commit).map_err(|error| failed(error.to_string()))?;
        commit.tree_id().map(gix::Id::detach).map_err(|error| failed(error.to_string()))
    }

    /// The paths in the repository to read, each with what the user gave for it.
    fn starts<'p>(
        &self,
        paths: &'p [PathBuf],
        has_file: impl Fn(&str) -> bool,
    ) -> Result<Vec<(String, Option<&'p Path>)>, SourceError> {
        if paths.is_empty() {
            let marked =
                self.prefix.ancestors().find(|ancestor| has_file(&slashes(&ancestor.join(MESH_FILE))));
            return Ok(vec![(marked.map(slashes).unwrap_or_default(), None)]);
        }
        paths.iter().map(|path| Ok((self.within(path)?, Some(path.as_path())))).collect()
    }

    /// A path that the user gave as a path in the repository.
    fn within(&self, path: &Path) -> Result<String, SourceError> {
        let outside = || SourceError::Outside { path: path.to_owned() };
        let below = if path.is_absolute() {
            let root = self.root.as_deref().ok_or_else(outside)?;
            path.strip_prefix(root).map_err(|_| outside())?.to_owned()
        } else {
            self.prefix.join(path)
        };
        let mut parts = Vec::new();
        for component in below.components() {
            match component {
                Component::Normal(part) => parts.push(part.to_string_lossy().into_owned()),
                Component::ParentDir => {
                    parts.pop().ok_or_else(outside)?;
                }
                Component::CurDir => {}
                Component::RootDir | Component::Prefix(_) => return Err(outside()),
            }
        }
        Ok(parts.join("/"))
    }

    /// How the user names a path in the repository that was found at or below `start`.
    fn name(&self, path: &str, start: &str, given: Option<&Path>) -> String {
        let below = path.strip_prefix(start).unwrap_or(path).trim_start_matches('/');
        match given {
            Some(given) if below.is_empty() => crate::worktree::display(given),
            Some(given) if given != Path::new(".") => crate::worktree::display(&given.join(below)),
            Some(_) => below.to_owned(),
            None => relative(&self.prefix, Path::new(path)),
        }
    }

    fn finish(
        &self,
        found: Vec<Found<Blob>>,
        tree: &str,
        paths: &[PathBuf],
        limits: &Limits,
        known: &mut Known,
    ) -> Result<(SourceSet, Vec<LoadProblem>), SourceError> {
        let files = gather::arrange(found, limits)?;
        if files.is_empty() {
            let names: Vec<_> = paths.iter().map(|path| format!("`{}`", path.display())).collect();
            let place =
                if names.is_empty() { tree.to_owned() } else { format!("{} of {tree}", names.join(", ")) };
            return Err(SourceError::Empty { place });
        }
        let blobs: Vec<Option<Blob>> = files.iter().map(|file| file.content.as_ref().ok().copied()).collect();
        let total = AtomicU64::new(0);
        let shared = self.repo.clone().into_sync();
        let of_file = |repo: &mut gix::Repository, file: Found<Blob>| {
            let content = file.content.and_then(|blob| match known.0.get(&blob) {
                Some(known) => Ok(Content::Known(known.clone())),
                None => read(repo, blob, limits).map(Content::Bytes),
            });
            let bytes = content.as_ref().map_or(0, Content::bytes) as u64;
            if total.fetch_add(bytes, Ordering::Relaxed) + bytes > limits.total_bytes {
                return Err(limits.too_many_bytes());
            }
            Ok((file.name, content))
        };
        let read: Result<Vec<_>, SourceError> =
            files.into_par_iter().map_init(|| shared.to_thread_local(), of_file).collect();
        let (sources, problems) = gather::assemble(read?, limits)?;
        let lost: Vec<FileId> = problems.iter().map(|problem| problem.file).collect();
        let read = sources.iter().zip(blobs).filter(|((id, _), _)| lost.binary_search(id).is_err());
        known.0.extend(read.filter_map(|((_, file), blob)| Some((blob?, file.clone()))));
        Ok((sources, problems))
    }
}

/// The bytes of a file.
fn read(repo: &gix::Repository, blob: Blob, limits: &Limits) -> Bytes {
    if let Some(read) = loose::read(repo.objects.store_ref().path(), blob, limits) {
        return read;
    }
    let unreadable = |message: String| ProblemKind::Unreadable(message);
    let header = repo.find_header(blob).map_err(|error| unreadable(error.to_string()))?;
    if header.size() > limits.file_bytes {
        return Err(ProblemKind::TooLarge { bytes: header.size(), limit: limits.file_bytes });
    }
    let mut object = repo.find_object(blob).map_err(|error| unreadable(error.to_string()))?;
    Ok(std::mem::take(&mut object.data))
}

fn slashes(path: &Path) -> String {
    crate::worktree::display(path)
}

/// A name in the tree as text; bytes that are no UTF-8 are shown as such.
fn lossy(name: &BStr) -> String {
    name.to_str_lossy().into_owned()
}

/// Whether a kind of entry is a file.
fn is_blob(kind: EntryKind) -> bool {
    matches!(kind, EntryKind::Blob | EntryKind::BlobExecutable)
}
