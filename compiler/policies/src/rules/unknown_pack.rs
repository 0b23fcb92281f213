//! MC1952 unknown-pack: `policies` of meshc.yaml names what is no pack.

meshc_diagnostics::declare_rule! {
    /// ## What it does
    /// Finds entries of `policies` in `meshc.yaml` that are neither the name of a bundled pack nor a path to a directory
    /// or file with policies. Paths count from the directory of `meshc.yaml` and hold a slash.
    ///
    /// ## What happens to traffic
    /// Nothing; but what the pack asks is asked of nobody.
    ///
    /// ## Example
    /// ```yaml
    /// policies: [strict-securty]
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// policies: [strict-security]
    /// ```
    pub UNKNOWN_PACK = "MC1952", "unknown-pack", Error, Document,
    "A pack of policies that is not there",
    []
}
