//! MC0009 scalar-too-long: a value that is too long.

meshc_diagnostics::declare_rule! {
    /// ## What it does
    /// Reports a single value of more than 8 MiB.
    ///
    /// ## What happens to traffic
    /// meshc does not read the document; an API server would refuse it for its size.
    pub SCALAR_TOO_LONG = "MC0009", "scalar-too-long", Error, Document,
    "A value that is too long",
    []
}
