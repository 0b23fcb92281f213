//! What can go wrong while loading: with one file (the others are read), or altogether.

use std::path::PathBuf;

use crate::FileId;

/// A file that is in the set but without its text, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadProblem {
    /// The file, whose text is empty.
    pub file: FileId,
    /// Why.
    pub kind: ProblemKind,
}

/// Why a file has no text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProblemKind {
    /// It cannot be opened: the system's words.
    Unreadable(String),
    /// It is larger than the limit.
    TooLarge {
        /// Its size in bytes.
        bytes: u64,
        /// The limit in bytes.
        limit: u64,
    },
    /// It is not UTF-8 text: what it is instead.
    NotText(String),
    /// Its content is kept by Git LFS.
    LfsPointer,
    /// It is a submodule of the revision.
    Submodule,
    /// It is the `templates` directory of a Helm chart, whose files are not YAML yet.
    HelmTemplates {
        /// How many files.
        files: usize,
    },
    /// It has merge conflicts in the index.
    Conflict,
}

impl std::fmt::Display for ProblemKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unreadable(why) | Self::NotText(why) => f.write_str(why),
            Self::TooLarge { bytes, limit } => write!(f, "it has {bytes} bytes, more than {limit}"),
            Self::LfsPointer => f.write_str("it is a Git LFS pointer"),
            Self::Submodule => f.write_str("it is a Git submodule"),
            Self::HelmTemplates { files } => write!(f, "it has {files} Helm templates"),
            Self::Conflict => f.write_str("it has merge conflicts"),
        }
    }
}

/// Why nothing can be read at all. Commands end with status 2.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// A path that was asked for is not there.
    #[error("`{}` does not exist{}", path.display(), within(rev.as_deref()))]
    Missing {
        /// As given.
        path: PathBuf,
        /// The revision, if one was asked for.
        rev: Option<String>,
    },
    /// The paths hold no file that meshc reads.
    #[error("no YAML in {place}: meshc reads `.yaml`, `.yml` and `.json` files that Git does not ignore")]
    Empty {
        /// Where it looked.
        place: String,
    },
    /// Git was asked for outside of a repository.
    #[error("`{}` is not in a Git repository: {message}", directory.display())]
    NoRepository {
        /// Where it looked, upward from here.
        directory: PathBuf,
        /// Git's words.
        message: String,
    },
    /// The revision is not there.
    #[error("`{rev}` is no revision of this repository: {message}")]
    UnknownRev {
        /// As given.
        rev: String,
        /// Git's words.
        message: String,
    },
    /// The repository is damaged or incomplete.
    #[error("cannot read {what} from the Git repository: {message}")]
    Git {
        /// What was read.
        what: String,
        /// Git's words.
        message: String,
    },
    /// A path leads out of the repository.
    #[error("`{}` is outside of the Git repository", path.display())]
    Outside {
        /// As given.
        path: PathBuf,
    },
    /// More than the limits allow.
    #[error(
        "the tree has more than {limit}: name the directories of the mesh, or list others in `.gitignore`"
    )]
    TooMuch {
        /// The limit, with its unit.
        limit: String,
    },
    /// A file that the tree depends on cannot be read.
    #[error("cannot read `{}`: {why}", path.display())]
    Damaged {
        /// As a user names it.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// A tree of Git cannot be written out for another program.
    #[error("cannot write `{}`: {message}", path.display())]
    Export {
        /// Where to.
        path: PathBuf,
        /// The system's words.
        message: String,
    },
    /// Standard input failed.
    #[error("cannot read standard input: {0}")]
    Stdin(#[source] std::io::Error),
}

fn within(rev: Option<&str>) -> String {
    rev.map(|rev| format!(" in `{rev}`")).unwrap_or_default()
}
