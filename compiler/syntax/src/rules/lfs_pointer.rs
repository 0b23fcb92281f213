//! MC0013 lfs-pointer: a Git LFS pointer in place of a file.

meshc_diagnostics::declare_rule! {
    /// ## What it does
    /// Reports a file whose content is kept by Git LFS, where the tree has only the pointer to it.
    ///
    /// ## What happens to traffic
    /// What the file configures is missing from everything that meshc says.
    ///
    /// ## Use instead
    /// Run `git lfs pull`, or keep YAML out of LFS: it compresses well and needs its history.
    pub LFS_POINTER = "MC0013", "lfs-pointer", Error, Document,
    "A Git LFS pointer in place of a file",
    []
}
