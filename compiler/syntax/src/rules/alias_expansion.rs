//! MC0010 alias-expansion: aliases that expand without measure.

meshc_diagnostics::declare_rule! {
    /// ## What it does
    /// Reports a document whose aliases expand to more than a hundred thousand values, such as the "billion
    /// laughs": a few lines of aliases of aliases that fill a reader's memory.
    ///
    /// ## What happens to traffic
    /// meshc does not read the document; an API server refuses it too.
    ///
    /// ## Example
    /// ```yaml
    /// a: &a [x, x, x, x, x, x, x, x, x]
    /// b: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a]
    /// c: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b]
    /// ```
    pub ALIAS_EXPANSION = "MC0010", "alias-expansion", Error, Document,
    "Aliases that expand without measure",
    []
}
