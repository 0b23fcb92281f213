//! MC3001 unknown-rule: a level for a rule that does not exist.

meshc_diagnostics::declare_rule! {
    /// ## What it does
    /// Finds levels in `meshc.yaml` for rules that do not exist. A rule is named by its code (`MC1001`), its name
    /// (`unknown-host`), or by a code of Istio or Kiali, which means every rule that covers it.
    ///
    /// ## What happens to traffic
    /// Nothing; the level has no effect.
    ///
    /// ## Example
    /// ```yaml
    /// levels: {unkown-host: warning}
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// levels: {unknown-host: warning}
    /// ```
    pub UNKNOWN_RULE = "MC3001", "unknown-rule", Error, Document,
    "A level for a rule that does not exist",
    []
}
