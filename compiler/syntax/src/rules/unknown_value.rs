//! MC0104 unknown-value: a value that the field does not take.

meshc_diagnostics::declare_rule! {
    /// ## What it does
    /// Reports a value that is none of those that the field takes.
    ///
    /// ## What happens to traffic
    /// The resource is refused as a whole.
    ///
    /// ## Example
    /// ```yaml
    /// tls:
    ///   mode: simple
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// tls:
    ///   mode: SIMPLE
    /// ```
    ///
    /// ## Fix safety
    /// Offered where one of the values is near enough that it must be meant.
    pub UNKNOWN_VALUE = "MC0104", "unknown-value", Error, Document,
    "A value that the field does not take",
    []
}
