//! MC1950 broken-policy: an object that a policy of the organisation refuses.

meshc_diagnostics::declare_rule! {
    /// ## What it does
    /// Asks the policies of the packs that `meshc.yaml` switches on, and those of the tree itself that a
    /// ValidatingAdmissionPolicyBinding puts in force, about every object, as the API server does when one is made. The
    /// message names the policy and its pack; `meshc policies list` tells what each asks and why.
    ///
    /// The level is that of the binding: `Deny` is an error, `Warn` a warning, `Audit` worth knowing. `levels` of
    /// `meshc.yaml` takes the name of a policy too.
    ///
    /// ## What happens to traffic
    /// What the policy says. Where the same file is in force in the cluster, the object is refused, and traffic goes as
    /// it went before.
    ///
    /// ## Example
    /// ```yaml
    /// # meshc.yaml
    /// policies: [strict-security]
    /// ---
    /// apiVersion: security.istio.io/v1
    /// kind: PeerAuthentication
    /// metadata: {name: default, namespace: shop}
    /// spec: {mtls: {mode: PERMISSIVE}}    # policy `mtls-is-strict` of pack `strict-security`
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// spec: {mtls: {mode: STRICT}}
    /// ```
    pub BROKEN_POLICY = "MC1950", "broken-policy", Error, Mesh,
    "An object that a policy of the organisation refuses",
    []
}
