//! MC0102 wrong-type: a value of another type than its field's.

meshc_diagnostics::declare_rule! {
    /// ## What it does
    /// Reports a value of another type than its field's: text for a number, one value for a list.
    ///
    /// ## What happens to traffic
    /// The resource is refused as a whole.
    ///
    /// ## Example
    /// ```yaml
    /// labels:
    ///   version: 1.0
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// labels:
    ///   version: "1.0"
    /// ```
    ///
    /// ## Fix safety
    /// Quotes are offered where a string is expected and a number or Boolean is written.
    pub WRONG_TYPE = "MC0102", "wrong-type", Error, Document,
    "A value of another type than its field's",
    []
}
