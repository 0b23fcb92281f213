//! A Gateway or ListenerSet that Istio does not accept.

use meshc_diagnostics::{Diagnostic, declare_rule};

use super::super::context::Context;
use super::{finding, problem};

declare_rule! {
    /// ## What it does
    /// Finds Gateways of the Gateway API with addresses that Istio cannot use or with parameters of a kind that it
    /// cannot read, and ListenerSets that their Gateway does not allow (`allowedListeners`). In a cluster the condition
    /// `Accepted` of the object's status says so. That none of the listeners is valid is said of each listener.
    ///
    /// ## What happens to traffic
    /// A Gateway none of whose addresses can be used has no proxies, and the listeners of a ListenerSet that is not
    /// allowed are not opened: connections are refused. Parameters that cannot be read leave the defaults.
    ///
    /// ## Example
    /// ```yaml
    /// kind: ListenerSet
    /// metadata: {name: shop, namespace: shop}
    /// spec:
    ///   parentRef: {name: edge, namespace: ops}
    /// ```
    ///
    /// ## Use instead
    /// In the Gateway:
    /// ```yaml
    /// spec:
    ///   allowedListeners:
    ///     namespaces: {from: All}
    /// ```
    pub GATEWAY_NOT_ACCEPTED = "MC1334", "gateway-not-accepted", Error, Mesh,
    "A Gateway or ListenerSet of the Gateway API that Istio does not accept",
    []
}

/// Every Gateway and ListenerSet.
pub(super) fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    for status in &context.mesh.statuses {
        let Some(problem) = problem(&status.conditions, "Accepted") else { continue };
        if problem.reason == "ListenersNotValid" {
            continue;
        }
        let message = format!("{} ({})", problem.message, problem.reason);
        found.push(finding(&GATEWAY_NOT_ACCEPTED, &status.meta, problem, message));
    }
}
