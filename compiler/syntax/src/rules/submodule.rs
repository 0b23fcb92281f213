//! MC0014 submodule: a Git submodule, which is not followed.

meshc_diagnostics::declare_rule! {
    /// ## What it does
    /// Points out a Git submodule within the tree of a revision. meshc reads one repository's objects and does
    /// not follow submodules; in a worktree, where their files are checked out, it reads them as any others.
    ///
    /// ## What happens to traffic
    /// What the submodule configures is missing from everything that meshc says about that revision.
    pub SUBMODULE = "MC0014", "submodule", Warning, Document,
    "A Git submodule, which is not followed",
    []
}
