//! MC0101 unknown-field: a field that the kind does not have.

meshc_diagnostics::declare_rule! {
    /// ## What it does
    /// Reports a field that the resource's kind does not have.
    ///
    /// ## What happens to traffic
    /// An API server refuses the resource; one that only prunes unknown fields drops it silently, and the rest
    /// applies without it.
    ///
    /// ## Example
    /// ```yaml
    /// spec:
    ///   http:
    ///   - rout:
    ///     - destination: {host: reviews}
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// spec:
    ///   http:
    ///   - route:
    ///     - destination: {host: reviews}
    /// ```
    ///
    /// ## Fix safety
    /// Offered where one known field is near enough that it must be meant. Check the result: the value now
    /// counts.
    pub UNKNOWN_FIELD = "MC0101", "unknown-field", Error, Document,
    "A field that the kind does not have",
    []
}
