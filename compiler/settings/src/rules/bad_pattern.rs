//! MC3003 bad-pattern: a pattern of paths that cannot be read.

meshc_diagnostics::declare_rule! {
    /// ## What it does
    /// Finds patterns of paths in `meshc.yaml` that are malformed, such as a bracket that is not closed.
    ///
    /// ## What happens to traffic
    /// Nothing; the pattern matches no path.
    ///
    /// ## Example
    /// ```yaml
    /// overrides:
    ///   - {paths: ["legacy/[a-"], levels: {MC1001: info}}
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// overrides:
    ///   - {paths: ["legacy/[a-z]*"], levels: {MC1001: info}}
    /// ```
    pub BAD_PATTERN = "MC3003", "bad-pattern", Error, Document,
    "A pattern of paths that cannot be read",
    []
}
