//! MC0017 document-too-long: a document that is too long.

meshc_diagnostics::declare_rule! {
    /// ## What it does
    /// Reports a document of more than 64 MiB.
    ///
    /// ## What happens to traffic
    /// meshc does not read the document; an API server would refuse it for its size.
    pub DOCUMENT_TOO_LONG = "MC0017", "document-too-long", Error, Document,
    "A document that is too long",
    []
}
