//! MC1953 unusable-policy: a policy that cannot be asked.

meshc_diagnostics::declare_rule! {
    /// ## What it does
    /// Finds policies with an expression that is none, or that asks for what only a cluster has: parameters, and who may
    /// do what.
    ///
    /// ## What happens to traffic
    /// Nothing; but the policy is asked of nobody. A cluster refuses a policy whose expression does not compile.
    ///
    /// ## Example
    /// ```yaml
    /// validations:
    ///   - expression: object.spec.hosts.all(h, h != '*'    # a parenthesis is missing
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// validations:
    ///   - expression: object.spec.hosts.all(h, h != '*')
    /// ```
    pub UNUSABLE_POLICY = "MC1953", "unusable-policy", Warning, Mesh,
    "A policy that cannot be asked",
    []
}
