//! MC0103 not-implemented: a field that this version does not implement.

meshc_diagnostics::declare_rule! {
    /// ## What it does
    /// Names a field or a value of Istio's API that this version of meshc knows but does not implement.
    ///
    /// ## What happens to traffic
    /// In Istio it has its effect. meshc refuses the tree rather than guess: what it would say or build without
    /// the field could be wrong.
    ///
    /// ## Use instead
    /// Remove the field, or keep the resource out of the tree that meshc reads until a version implements it.
    pub NOT_IMPLEMENTED = "MC0103", "not-implemented", Info, Document,
    "A field that this version does not implement",
    []
}
