//! MC0005 not-text: a file that is not UTF-8 text.

meshc_diagnostics::declare_rule! {
    /// ## What it does
    /// Reports a file that is not UTF-8 text: a binary file with a YAML file's name, or another encoding.
    ///
    /// ## What happens to traffic
    /// Nothing reads the file: what it configures does not exist.
    ///
    /// ## Use instead
    /// Save the file as UTF-8, or remove it.
    pub NOT_TEXT = "MC0005", "not-text", Error, Document,
    "A file that is not UTF-8 text",
    []
}
