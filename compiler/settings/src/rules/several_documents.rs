//! MC3004 several-documents: settings behind the first document.

meshc_diagnostics::declare_rule! {
    /// ## What it does
    /// Finds a second document in `meshc.yaml`.
    ///
    /// ## What happens to traffic
    /// Nothing; settings behind the first document have no effect.
    ///
    /// ## Use instead
    /// One document with all settings.
    pub SEVERAL_DOCUMENTS = "MC3004", "several-documents", Error, Document,
    "Settings behind the first document of meshc.yaml",
    []
}
