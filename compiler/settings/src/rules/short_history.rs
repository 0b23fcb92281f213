//! MC0396 short-history: the ages of resources are to be read from a history that is not there.

meshc_diagnostics::declare_rule! {
    /// ## What it does
    /// Finds a `creationOrder: git` in `meshc.yaml` of a tree without a Git history, or of a shallow clone, whose history
    /// begins with most resources at once.
    ///
    /// ## What happens to traffic
    /// Of two resources that Istio orders by age, those without a known age count as equally old, and the first by name
    /// decides: a full clone may give another answer.
    ///
    /// ## Example
    /// `git clone --depth 1`, as most CI systems do, and
    /// ```yaml
    /// creationOrder: git
    /// ```
    ///
    /// ## Use instead
    /// A full clone (`git fetch --unshallow`, `fetch-depth: 0`), or `creationOrder: name`.
    pub SHORT_HISTORY = "MC0396", "short-history", Warning, Document,
    "The ages of resources are to be read from a history that is not there",
    []
}
