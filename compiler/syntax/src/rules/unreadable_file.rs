//! MC0003 unreadable-file: a file that cannot be opened.

meshc_diagnostics::declare_rule! {
    /// ## What it does
    /// Reports a file or directory that cannot be opened: no permission, a symbolic link that leads nowhere or in
    /// a circle, a failing disk.
    ///
    /// ## What happens to traffic
    /// What it configures is missing from everything that meshc says.
    pub UNREADABLE_FILE = "MC0003", "unreadable-file", Error, Document,
    "A file that cannot be opened",
    []
}
