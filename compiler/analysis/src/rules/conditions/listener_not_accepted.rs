//! A listener that Istio cannot program.

use meshc_diagnostics::{Diagnostic, declare_rule};

use super::super::context::Context;
use super::finding;

declare_rule! {
    /// ## What it does
    /// Finds listeners of the Gateway API with a protocol that Istio does not know, with the port of another listener
    /// of the same Gateway that speaks something else, with `allowedRoutes.kinds` that cannot attach to their protocol, or with a
    /// certificate that the Gateway may not use. In a cluster the conditions of the listener's status say so. That a
    /// Secret exists is not asked: secrets are seldom kept with the configuration.
    ///
    /// ## What happens to traffic
    /// Of listeners that conflict the first one serves, the other does not. Without a certificate connections are
    /// refused at the handshake; a protocol that is not known opens no port.
    ///
    /// ## Example
    /// ```yaml
    /// listeners:
    /// - {name: web, port: 80, protocol: http}
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// listeners:
    /// - {name: web, port: 80, protocol: HTTP}
    /// ```
    pub LISTENER_NOT_ACCEPTED = "MC1333", "listener-not-accepted", Error, Mesh,
    "A listener of the Gateway API that Istio cannot program",
    []
}

/// Every listener; of the conditions that say the same, the first.
pub(super) fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    for status in &context.mesh.statuses {
        for listener in &status.listeners {
            let mut told = Vec::new();
            for condition in &listener.conditions {
                // `Programmed` follows from what the others say.
                let Some(problem) = condition.problem.as_ref().filter(|_| condition.kind != "Programmed")
                else {
                    continue;
                };
                // Two alike on one Gateway are found as such.
                let repeated = problem.reason == "HostnameConflict" && status.meta.kind == "Gateway";
                if repeated || told.contains(&&problem.message) {
                    continue;
                }
                told.push(&problem.message);
                let message =
                    format!("listener `{}` ({}): {}", listener.name, problem.reason, problem.message);
                found.push(finding(&LISTENER_NOT_ACCEPTED, &status.meta, problem, message));
            }
        }
    }
}
