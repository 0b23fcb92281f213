//! What a command is asked to read, and how much.

use std::path::{Path, PathBuf};

use crate::SourceError;

/// Which tree, seen from which directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection {
    /// The tree.
    pub tree: Tree,
    /// The current directory: paths count from it, and files are named relative to it.
    pub directory: PathBuf,
}

/// A tree of files. Without paths it is the tree around the current directory: from the nearest
/// `meshc.yaml` upward, else the Git root, else the directory itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tree {
    /// Files and directories as they are on disk.
    Worktree {
        /// Read together.
        paths: Vec<PathBuf>,
    },
    /// A Git revision, without a checkout.
    Rev {
        /// A branch, a tag, `HEAD~1`, a hash.
        rev: String,
        /// Within the revision.
        paths: Vec<PathBuf>,
    },
    /// The Git index: what the next commit would hold.
    Staged {
        /// Within the index.
        paths: Vec<PathBuf>,
    },
    /// Standard input, as one file named `-`.
    Stdin,
}

/// How much is read. Past the limit of a file the file is a problem; past the others the load fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one file.
    pub file_bytes: u64,
    /// Number of files.
    pub files: usize,
    /// Bytes of all files together.
    pub total_bytes: u64,
}

// === impl Selection ===

impl Selection {
    /// Paths on disk, seen from `directory`; one `-` alone is standard input.
    pub fn worktree(directory: impl Into<PathBuf>, paths: Vec<PathBuf>) -> Self {
        let tree = match paths.as_slice() {
            [path] if path == Path::new("-") => Tree::Stdin,
            _ => Tree::Worktree { paths },
        };
        Self { tree, directory: directory.into() }
    }

    /// Paths of a revision, seen from `directory`.
    pub fn rev(directory: impl Into<PathBuf>, rev: impl Into<String>, paths: Vec<PathBuf>) -> Self {
        Self { tree: Tree::Rev { rev: rev.into(), paths }, directory: directory.into() }
    }

    /// Paths of the index, seen from `directory`.
    pub fn staged(directory: impl Into<PathBuf>, paths: Vec<PathBuf>) -> Self {
        Self { tree: Tree::Staged { paths }, directory: directory.into() }
    }
}

// === impl Limits ===

impl Limits {
    pub(crate) fn too_many_bytes(&self) -> SourceError {
        SourceError::TooMuch { limit: format!("{} MiB", self.total_bytes >> 20) }
    }
}

impl Default for Limits {
    fn default() -> Self {
        // An API server takes 3 MiB a resource; the largest meshes are some hundred MiB of YAML.
        Self { file_bytes: 16 << 20, files: 200_000, total_bytes: 2 << 30 }
    }
}
