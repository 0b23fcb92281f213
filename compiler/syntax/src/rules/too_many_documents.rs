//! MC0008 too-many-documents: a file with too many documents.

meshc_diagnostics::declare_rule! {
    /// ## What it does
    /// Reports a file with more documents than meshc reads: a hundred thousand.
    ///
    /// ## What happens to traffic
    /// What the file configures is missing from everything that meshc says.
    ///
    /// ## Use instead
    /// Split the file.
    pub TOO_MANY_DOCUMENTS = "MC0008", "too-many-documents", Error, Document,
    "A file with too many documents",
    []
}
