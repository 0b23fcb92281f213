//! MC0004 file-too-large: a file that is larger than meshc reads.

meshc_diagnostics::declare_rule! {
    /// ## What it does
    /// Reports a file that is larger than meshc reads (16 MiB unless told otherwise). Files of that size are
    /// archives or data that strayed into the tree; an API server takes at most 3 MiB a resource.
    ///
    /// ## What happens to traffic
    /// What it configures is missing from everything that meshc says.
    ///
    /// ## Use instead
    /// Split the file, or keep meshc from reading it: list it in `.gitignore` or `.ignore`.
    pub FILE_TOO_LARGE = "MC0004", "file-too-large", Error, Document,
    "A file that is larger than meshc reads",
    []
}
