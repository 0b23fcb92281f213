//! An outbound traffic policy that does not say what it is.

use meshc_diagnostics::{Diagnostic, declare_rule};

use crate::rules::context::Context;

declare_rule! {
    /// ## What it does
    /// Finds Sidecars with an `outboundTrafficPolicy` without `mode`.
    ///
    /// ## What happens to traffic
    /// Istio reads it as `REGISTRY_ONLY`: requests to hosts that nothing declares get 502, whatever the mesh's own policy is.
    ///
    /// ## Example
    /// ```yaml
    /// outboundTrafficPolicy: {}
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// outboundTrafficPolicy: {mode: REGISTRY_ONLY}
    /// ```
    ///
    /// ## Covers
    /// KIA1007. Kiali reads protobuf's default value and complains about `REGISTRY_ONLY` too; here only where no mode is
    /// written.
    pub EMPTY_MODE = "MC1423", "empty-mode", Info, Mesh,
    "An outbound traffic policy that does not say what it is",
    ["KIA1007"]
}

/// Every Sidecar.
pub(super) fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    for object in &context.resources.sidecars {
        let Some(policy) =
            object.spec.outbound_traffic_policy.as_ref().filter(|policy| policy.mode.is_none())
        else {
            continue;
        };
        let message = "the policy has no mode, which means `REGISTRY_ONLY`: requests to hosts that nothing declares get 502";
        found.push(
            object
                .finding(&EMPTY_MODE, policy.span, message)
                .help("write `mode: REGISTRY_ONLY` or `mode: ALLOW_ANY`")
                .alias("KIA1007"),
        );
    }
}
