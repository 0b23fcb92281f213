//! A BackendTLSPolicy that holds for nothing.

use meshc_diagnostics::{Diagnostic, declare_rule};

use super::super::context::Context;
use super::{finding, problem};

declare_rule! {
    /// ## What it does
    /// Finds BackendTLSPolicies whose target does not exist or does not have the port that `sectionName` names, that an
    /// older policy for the same target overrules, or whose certificate authority is of a kind that Istio cannot read.
    /// In a cluster the conditions of the policy's status say so.
    ///
    /// ## What happens to traffic
    /// Without its target, or overruled, the policy does nothing: connections to the backend are as they were, perhaps
    /// in plaintext. With an authority that cannot be read they fail.
    ///
    /// ## Example
    /// ```yaml
    /// kind: BackendTLSPolicy
    /// spec:
    ///   targetRefs:
    ///   - {group: "", kind: Service, name: payments, sectionName: htps}
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// kind: BackendTLSPolicy
    /// spec:
    ///   targetRefs:
    ///   - {group: "", kind: Service, name: payments, sectionName: https}
    /// ```
    pub POLICY_NOT_ACCEPTED = "MC1337", "policy-not-accepted", Error, Mesh,
    "A BackendTLSPolicy that holds for nothing",
    []
}

/// Every target of every policy.
pub(super) fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    for status in context.mesh.statuses.iter().filter(|status| status.meta.kind == "BackendTLSPolicy") {
        let mut told = Vec::new();
        for target in &status.targets {
            let wrong =
                ["Accepted", "ResolvedRefs"].iter().find_map(|kind| problem(&target.conditions, kind));
            let Some(problem) = wrong.filter(|problem| !told.contains(problem)) else { continue };
            told.push(problem);
            let message = format!("{}: {} ({})", target.parent, problem.message, problem.reason);
            found.push(finding(&POLICY_NOT_ACCEPTED, &status.meta, problem, message));
        }
    }
}
