//! MC3002 unknown-path: a path of the settings that is not there.

meshc_diagnostics::declare_rule! {
    /// ## What it does
    /// Finds paths in `meshc.yaml` that lead to nothing: of a view, a snapshot, a chart, a file of values. They count
    /// from the directory of `meshc.yaml`.
    ///
    /// ## What happens to traffic
    /// Nothing; but what the path should name is not read, so other findings may be wrong or missing.
    ///
    /// ## Example
    /// ```yaml
    /// views:
    ///   prod: {paths: [overlays/production]}    # the directory is overlays/prod
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// views:
    ///   prod: {paths: [overlays/prod]}
    /// ```
    pub UNKNOWN_PATH = "MC3002", "unknown-path", Error, Document,
    "A path of meshc.yaml that is not there",
    []
}
