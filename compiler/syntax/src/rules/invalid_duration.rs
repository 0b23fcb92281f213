//! MC0105 invalid-duration: a text that is no duration.

meshc_diagnostics::declare_rule! {
    /// ## What it does
    /// Reports a text that is no duration.
    ///
    /// ## What happens to traffic
    /// The resource is refused as a whole.
    ///
    /// ## Example
    /// ```yaml
    /// timeout: 5
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// timeout: 5s
    /// ```
    pub INVALID_DURATION = "MC0105", "invalid-duration", Error, Document,
    "A text that is no duration",
    []
}
