//! MC0107 invalid-value: a value that the field cannot take.

meshc_diagnostics::declare_rule! {
    /// ## What it does
    /// Reports a value of the right type that the field cannot take, such as two alternatives at once.
    ///
    /// ## What happens to traffic
    /// The resource is refused as a whole.
    ///
    /// ## Example
    /// ```yaml
    /// uri:
    ///   exact: /a
    ///   prefix: /b
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// uri:
    ///   prefix: /b
    /// ```
    pub INVALID_VALUE = "MC0107", "invalid-value", Error, Document,
    "A value that the field cannot take",
    []
}
