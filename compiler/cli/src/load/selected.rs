//! A tree as the command line names it.

use std::path::PathBuf;

use meshc_source::Selection;

use super::current_directory;
use crate::args::{RevisionArgs, TreeArgs};

/// A tree as the command line names it.
#[derive(Debug, Clone)]
pub(crate) struct Selected {
    pub(super) paths: Vec<PathBuf>,
    pub(super) selection: Selection,
    /// The view to take, of several.
    pub(super) view: Option<String>,
}

// === impl Selected ===

impl Selected {
    /// The paths, in the worktree, the index or a revision.
    pub(crate) fn new(paths: &[PathBuf], revision: &RevisionArgs) -> Self {
        let directory = current_directory();
        let selection = match &revision.rev {
            Some(rev) => Selection::rev(directory, rev.clone(), paths.to_vec()),
            None if revision.staged => Selection::staged(directory, paths.to_vec()),
            None => Selection::worktree(directory, paths.to_vec()),
        };
        Self { paths: paths.to_vec(), selection, view: revision.view.clone() }
    }

    /// What the arguments of most commands name.
    pub(crate) fn of(tree: &TreeArgs) -> Self {
        Self::new(&tree.paths, &tree.revision)
    }

    /// The same paths at another revision.
    pub(crate) fn at(&self, rev: &str) -> Self {
        let selection = Selection::rev(self.selection.directory.clone(), rev, self.paths.clone());
        Self { paths: self.paths.clone(), selection, view: self.view.clone() }
    }

    /// Another path of the same version.
    pub(super) fn only(&self, path: &str) -> Self {
        let directory = self.selection.directory.clone();
        let paths = vec![PathBuf::from(path)];
        let selection = match &self.selection.tree {
            meshc_source::Tree::Rev { rev, .. } => Selection::rev(directory, rev.clone(), paths.clone()),
            meshc_source::Tree::Staged { .. } => Selection::staged(directory, paths.clone()),
            _ => Selection::worktree(directory, paths.clone()),
        };
        Self { paths, selection, view: None }
    }

    /// Git's name of the whole tree of the revision that is read, which says what all of its files are without reading
    /// any; none where no revision is read.
    pub(crate) fn tree_id(&self) -> Option<String> {
        match &self.selection.tree {
            meshc_source::Tree::Rev { rev, .. } => meshc_source::tree_id(&self.selection.directory, rev).ok(),
            _ => None,
        }
    }

    /// Whether both are revisions that are the same in every file, and the same is read of them.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.paths == other.paths
            && self.view == other.view
            && self.tree_id().is_some_and(|id| other.tree_id() == Some(id))
    }

    /// Whether it is `HEAD` of a repository that has no commit yet.
    pub(super) fn is_unborn(&self) -> bool {
        matches!(&self.selection.tree, meshc_source::Tree::Rev { rev, .. } if rev == "HEAD")
            && meshc_source::is_unborn(&self.selection.directory)
    }

    /// Whether the worktree is read, whose files can be written.
    pub(crate) fn is_worktree(&self) -> bool {
        matches!(self.selection.tree, meshc_source::Tree::Worktree { .. })
    }
}
