//! MC0018 line-too-long: a line that is too long.

meshc_diagnostics::declare_rule! {
    /// ## What it does
    /// Reports a line of more than 4 MiB.
    ///
    /// ## What happens to traffic
    /// meshc does not read the document; an API server would refuse it for its size.
    pub LINE_TOO_LONG = "MC0018", "line-too-long", Error, Document,
    "A line that is too long",
    []
}
