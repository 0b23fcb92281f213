//! MC0106 missing-field: a field that must be there and is not.

meshc_diagnostics::declare_rule! {
    /// ## What it does
    /// Reports a mapping that lacks a field which must be there.
    ///
    /// ## What happens to traffic
    /// The resource is refused as a whole.
    ///
    /// ## Example
    /// ```yaml
    /// route:
    /// - destination: {subset: v1}
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// route:
    /// - destination: {host: reviews, subset: v1}
    /// ```
    pub MISSING_FIELD = "MC0106", "missing-field", Error, Document,
    "A field that must be there and is not",
    []
}
