//! MC0007 too-many-values: a document with too many values.

meshc_diagnostics::declare_rule! {
    /// ## What it does
    /// Reports a document with more values than meshc reads: two million.
    ///
    /// ## What happens to traffic
    /// meshc does not read the document; an API server would refuse it for its size.
    pub TOO_MANY_VALUES = "MC0007", "too-many-values", Error, Document,
    "A document with too many values",
    []
}
