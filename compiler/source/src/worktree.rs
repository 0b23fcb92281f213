//! The files on disk.

use std::fs::File;
use std::io::Read as _;
use std::path::{Component, Path, PathBuf};

use ignore::WalkBuilder;
use rayon::prelude::*;

use crate::Limits;
use crate::gather::{self, Bytes, Content, Found};
use crate::problem::{LoadProblem, ProblemKind, SourceError};
use crate::set::SourceSet;

/// The file that marks the root of a mesh.
pub(crate) const MESH_FILE: &str = "meshc.yaml";

/// Reads paths, or the tree around `directory`.
pub(crate) fn load(
    directory: &Path,
    paths: &[PathBuf],
    limits: &Limits,
) -> Result<(SourceSet, Vec<LoadProblem>), SourceError> {
    let mut found = Vec::new();
    if paths.is_empty() {
        let root = default_root(directory);
        walk(&root, limits, &mut found, |file| relative(directory, file))?;
    }
    for path in paths {
        let at = directory.join(path);
        // Not `exists`, which is false too where the way to it may not be read.
        match at.metadata() {
            Ok(metadata) if metadata.is_dir() => {
                walk(&at, limits, &mut found, |file| {
                    let below = file.strip_prefix(&at).unwrap_or(file);
                    display(&if path == Path::new(".") { below.to_owned() } else { path.join(below) })
                })?;
            }
            Ok(_) => found.push(Found {
                name: display(path),
                identity: identity(&at),
                named: true,
                content: Ok(at),
            }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && at.symlink_metadata().is_err() => {
                return Err(SourceError::Missing { path: path.clone(), rev: None });
            }
            Err(error) => found.push(Found {
                name: display(path),
                identity: display(&at),
                named: true,
                content: Err(ProblemKind::Unreadable(words(&error))),
            }),
        }
    }
    let files = gather::arrange(found, limits)?;
    if files.is_empty() {
        return Err(SourceError::Empty { place: place(directory, paths) });
    }
    let read = files
        .into_par_iter()
        .map(|file| {
            let bytes = file.content.and_then(|path| read(&path, limits));
            (file.name, bytes.map(Content::Bytes))
        })
        .collect();
    gather::assemble(read, limits)
}

/// The root of the tree around a directory: the nearest that has a `meshc.yaml`, else the Git root, else
/// the directory itself.
pub(crate) fn default_root(directory: &Path) -> PathBuf {
    let nearest = |name: &str| directory.ancestors().find(|ancestor| ancestor.join(name).exists());
    // `.git` is a file in linked worktrees and submodules.
    nearest(MESH_FILE).or_else(|| nearest(".git")).unwrap_or(directory).to_owned()
}

/// The nearest file called `name`, upward from what holds all paths (not above its repository), else from `directory`.
pub(crate) fn find_up(directory: &Path, paths: &[PathBuf], name: &str) -> Option<PathBuf> {
    let nearest = |from: &Path| {
        from.ancestors().map(|ancestor| ancestor.join(name)).find(|candidate| candidate.is_file())
    };
    let mut holders = paths.iter().map(|path| {
        let at = directory.join(path);
        let at = at.canonicalize().unwrap_or(at);
        if at.is_dir() { at } else { at.parent().map(Path::to_owned).unwrap_or_default() }
    });
    if let Some(first) = holders.next() {
        let holder = holders.fold(first, |common, other| {
            common
                .ancestors()
                .find(|ancestor| other.starts_with(ancestor))
                .unwrap_or(Path::new(""))
                .to_owned()
        });
        let root = holder.ancestors().find(|ancestor| ancestor.join(".git").exists());
        let within = |found: &PathBuf| root.is_none_or(|root| found.starts_with(root));
        if let Some(found) = nearest(&holder).filter(within) {
            return Some(found);
        }
    }
    nearest(directory)
}

/// Adds the files of a directory: hidden ones and those that `.gitignore` or `.ignore` names are left
/// out. What only this machine's Git configuration ignores is read: a tree is the same everywhere.
fn walk(
    root: &Path,
    limits: &Limits,
    found: &mut Vec<Found<PathBuf>>,
    name: impl Fn(&Path) -> String,
) -> Result<(), SourceError> {
    let walker = WalkBuilder::new(root)
        .follow_links(true)
        .require_git(false)
        .git_global(false)
        .git_exclude(false)
        .sort_by_file_name(Ord::cmp)
        .build();
    for entry in walker {
        match entry {
            Ok(entry) => {
                let is_file = entry.file_type().is_some_and(|kind| kind.is_file());
                if !is_file || !gather::is_read(&entry.file_name().to_string_lossy()) {
                    continue;
                }
                let identity = identity(entry.path());
                found.push(Found {
                    name: name(entry.path()),
                    identity,
                    named: false,
                    content: Ok(entry.into_path()),
                });
                if found.len() > limits.files {
                    return Err(SourceError::TooMuch { limit: format!("{} files", limits.files) });
                }
            }
            Err(error) => {
                let (path, message) = describe(&error);
                let path = path.unwrap_or(root);
                // A link that leads nowhere is a lost file only by its name.
                let lost =
                    path.symlink_metadata().is_ok_and(|metadata| metadata.is_symlink()) && !path.exists();
                if lost && !gather::is_read(&path.to_string_lossy()) {
                    continue;
                }
                found.push(Found {
                    name: name(path),
                    identity: display(path),
                    named: false,
                    content: Err(ProblemKind::Unreadable(message)),
                });
            }
        }
    }
    Ok(())
}

/// The path that a walk's error is about, and what happened there.
fn describe(error: &ignore::Error) -> (Option<&Path>, String) {
    match error {
        ignore::Error::WithPath { path, err } => (Some(path), describe(err).1),
        ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => describe(err),
        ignore::Error::Loop { child, .. } => {
            (Some(child), "the symbolic link leads in a circle to a directory above it".to_owned())
        }
        ignore::Error::Io(error) => (None, words(error)),
        other => (None, other.to_string()),
    }
}

fn words(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        std::io::ErrorKind::NotFound => "the symbolic link leads nowhere".to_owned(),
        _ => error.to_string(),
    }
}

/// How often a file is read again that changes while it is read.
const READINGS: usize = 3;

/// The bytes of a file at one moment: one that changes meanwhile is read again, a few times.
pub(crate) fn read(path: &Path, limits: &Limits) -> Bytes {
    let state = || path.metadata().ok().map(|metadata| (metadata.len(), metadata.modified().ok()));
    for _ in 0..READINGS {
        let before = state();
        let bytes = read_once(path, limits);
        if before == state() {
            return bytes;
        }
    }
    Err(ProblemKind::Unreadable("it changes while it is read".to_owned()))
}

fn read_once(path: &Path, limits: &Limits) -> Bytes {
    let unreadable = |error: std::io::Error| ProblemKind::Unreadable(words(&error));
    let file = File::open(path).map_err(unreadable)?;
    let metadata = file.metadata().map_err(unreadable)?;
    if metadata.len() > limits.file_bytes {
        return Err(ProblemKind::TooLarge { bytes: metadata.len(), limit: limits.file_bytes });
    }
    // A pipe or a growing file has no honest size: one byte past the limit tells.
    let mut bytes = Vec::with_capacity(metadata.len() as usize);
    file.take(limits.file_bytes + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > limits.file_bytes {
        return Err(ProblemKind::TooLarge { bytes: bytes.len() as u64, limit: limits.file_bytes });
    }
    Ok(bytes)
}

/// One text for a file however it is named.
fn identity(path: &Path) -> String {
    display(&path.canonicalize().unwrap_or_else(|_| path.to_owned()))
}

/// A path with `/` between its parts.
pub(crate) fn display(path: &Path) -> String {
    let text = path.to_string_lossy();
    if std::path::MAIN_SEPARATOR == '/' {
        text.into_owned()
    } else {
        text.replace(std::path::MAIN_SEPARATOR, "/")
    }
}

/// `file` as seen from `directory`; with `..` where it lies above.
pub(crate) fn relative(directory: &Path, file: &Path) -> String {
    let (from, to): (Vec<Component<'_>>, Vec<Component<'_>>) =
        (directory.components().collect(), file.components().collect());
    let common = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let up = std::iter::repeat_n(Component::ParentDir, from.len() - common);
    display(&up.chain(to[common..].iter().copied()).collect::<PathBuf>())
}

/// Where was looked, for messages.
pub(crate) fn place(directory: &Path, paths: &[PathBuf]) -> String {
    if paths.is_empty() {
        return format!("`{}`", default_root(directory).display());
    }
    let names: Vec<_> = paths.iter().map(|path| format!("`{}`", path.display())).collect();
    names.join(", ")
}
