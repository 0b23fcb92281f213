//! MC0006 too-deep: a document that is nested too deeply.

meshc_diagnostics::declare_rule! {
    /// ## What it does
    /// Reports a document whose values are nested deeper than any resource.
    ///
    /// ## What happens to traffic
    /// meshc does not read the document, and neither do other readers of such a depth.
    pub TOO_DEEP = "MC0006", "too-deep", Error, Document,
    "A document that is nested too deeply",
    []
}
