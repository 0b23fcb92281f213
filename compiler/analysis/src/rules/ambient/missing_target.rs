//! A policy for a waypoint that is attached to nothing.

use meshc_diagnostics::{Diagnostic, declare_rule};

use super::layer::Policy;
use crate::rules::context::Context;

declare_rule! {
    /// ## What it does
    /// Finds AuthorizationPolicies, RequestAuthentications, WasmPlugins and Telemetry resources about requests in namespaces
    /// of the ambient mesh without `targetRefs`.
    ///
    /// ## What happens to traffic
    /// A waypoint takes policies by `targetRefs` alone and passes over selectors: the policy has no effect on what goes
    /// through it.
    ///
    /// ## Example
    /// ```yaml
    /// selector:
    ///   matchLabels: {app: reviews}
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// targetRefs:
    ///   - {group: "", kind: Service, name: reviews}
    /// ```
    ///
    /// ## Covers
    /// KIA0110 (AuthorizationPolicy), KIA1115 (RequestAuthentication), KIA1116 (WasmPlugin), KIA1117 (Telemetry).
    pub MISSING_TARGET = "MC1631", "missing-target", Warning, Mesh,
    "A policy for a waypoint that is attached to nothing",
    ["KIA0110", "KIA1115", "KIA1116", "KIA1117"]
}

/// One policy.
pub(super) fn check(_: &Context<'_>, policy: &Policy<'_>, found: &mut Vec<Diagnostic>) {
    if !policy.targets.is_empty() {
        return;
    }
    let alias = match policy.kind {
        "AuthorizationPolicy" => "KIA0110",
        "RequestAuthentication" => "KIA1115",
        "WasmPlugin" => "KIA1116",
        _ => "KIA1117",
    };
    let message =
        format!("the {} is about requests and has no `targetRefs`: a waypoint passes over it", policy.kind);
    found.push(
        policy
            .finding(&MISSING_TARGET, message)
            .help("attach it with `targetRefs` to the Service, or to the waypoint\'s Gateway")
            .alias(alias),
    );
}
