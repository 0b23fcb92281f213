//! MC0011 invalid-key: a key that is no text.

meshc_diagnostics::declare_rule! {
    /// ## What it does
    /// Reports a key that is no text: a mapping, a list, or nothing. Most often braces that were meant as text.
    ///
    /// ## What happens to traffic
    /// The resource cannot be turned to JSON: an API server refuses it.
    ///
    /// ## Example
    /// ```yaml
    /// subset: {{version}}
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// subset: "{{version}}"
    /// ```
    pub INVALID_KEY = "MC0011", "invalid-key", Error, Document,
    "A key that is no text",
    []
}
