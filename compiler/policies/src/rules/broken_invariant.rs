//! MC1951 broken-invariant: an Invariant of a pack that does not hold of the mesh.

meshc_diagnostics::declare_rule! {
    /// ## What it does
    /// Holds the Invariants of the packs that `meshc.yaml` switches on against the whole mesh: each is proved for all
    /// requests, or refuted with one. Invariants of the tree itself are told by `meshc test`.
    ///
    /// ## What happens to traffic
    /// The request that the finding shows goes where it must not, or without what it must have.
    ///
    /// ## Example
    /// ```yaml
    /// # meshc.yaml
    /// policies: [multi-tenancy]    # the Gateway's route to istiod breaks `control-plane-is-inside`
    /// ```
    ///
    /// ## Use instead
    /// A route that keeps the promise; or, where the promise is not one of yours, `levels` of `meshc.yaml` with the name
    /// of the Invariant.
    pub BROKEN_INVARIANT = "MC1951", "broken-invariant", Error, Routes,
    "An Invariant of a pack that does not hold of the mesh",
    []
}
