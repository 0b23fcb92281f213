//! A policy that selects a gateway of the Gateway API by labels.

use meshc_diagnostics::{Diagnostic, declare_rule};

use super::policies::Policy;
use crate::rules::context::Context;

declare_rule! {
    /// ## What it does
    /// Finds AuthorizationPolicies, RequestAuthentications, Telemetry resources and WasmPlugins whose selector the pods of
    /// a Gateway of the Gateway API have.
    ///
    /// ## What happens to traffic
    /// The policy does not hold for that gateway: Istio attaches policies to it by `targetRefs` alone.
    ///
    /// ## Example
    /// ```yaml
    /// selector:
    ///   matchLabels: {gateway.networking.k8s.io/gateway-name: edge}
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// targetRefs:
    ///   - {group: gateway.networking.k8s.io, kind: Gateway, name: edge}
    /// ```
    ///
    /// ## Covers
    /// IST0166.
    pub GATEWAY_SELECTOR = "MC1608", "gateway-selector", Warning, Mesh,
    "A policy that selects a gateway of the Gateway API by labels",
    ["IST0166"]
}

/// The label that Istio gives the pods of a Gateway.
const GATEWAY_NAME: &str = "gateway.networking.k8s.io/gateway-name";

/// One resource.
pub(super) fn check(context: &Context<'_>, policy: &Policy, found: &mut Vec<Diagnostic>) {
    let kinds = ["AuthorizationPolicy", "RequestAuthentication", "Telemetry", "WasmPlugin"];
    if policy.attached || !policy.has_selector || !kinds.contains(&policy.kind) {
        return;
    }
    let mut pods = context.pods.selected(Some(&policy.namespace), &policy.labels);
    let Some(gateway) = pods.find_map(|pod| pod.labels.get(GATEWAY_NAME)) else { return };
    let message = format!(
        "the selector takes the pods of Gateway `{gateway}` of the Gateway API, for which only `targetRefs` count: the \
         policy does not hold there"
    );
    found.push(
        policy
            .finding(&GATEWAY_SELECTOR, policy.labels_span.unwrap_or(policy.name_span), message)
            .alias("IST0166")
            .help(format!(
                "use `targetRefs: [{{group: gateway.networking.k8s.io, kind: Gateway, name: {gateway}}}]`"
            )),
    );
}
