//! A route that names what is not there, or what it may not use.

use meshc_diagnostics::{Diagnostic, declare_rule};

use super::super::context::Context;
use super::{finding, problem};

declare_rule! {
    /// ## What it does
    /// Finds routes of the Gateway API with a backend of a kind that Istio does not know, or without a port, and routes
    /// with a filter or a condition that Istio does not know. In a cluster the condition `ResolvedRefs` of the route's
    /// status says so. Services that do not exist, or that a route may not use, are MC1622's.
    ///
    /// ## What happens to traffic
    /// The requests that would go to the backend get 500. A filter or condition that is not known, and a backend
    /// without a port, make Istio leave out the whole route, with all its rules.
    ///
    /// ## Example
    /// ```yaml
    /// kind: HTTPRoute
    /// spec:
    ///   rules:
    ///   - filters:
    ///     - type: ExtensionRef
    ///       extensionRef: {group: limits.example.com, kind: RateLimit, name: slow}
    /// ```
    ///
    /// ## Use instead
    /// A filter that the API itself defines, or an EnvoyFilter.
    pub UNRESOLVED_REFERENCE = "MC1332", "unresolved-reference", Error, Mesh,
    "A route of the Gateway API with a part that Istio does not know",
    []
}

/// Every route, once for all its parents. Services that are not there, or not granted, are found by name.
pub(super) fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    for status in &context.mesh.statuses {
        let mut told = Vec::new();
        for parent in &status.parents {
            let Some(problem) = problem(&parent.conditions, "ResolvedRefs") else { continue };
            if told.contains(&problem) || matches!(problem.reason, "BackendNotFound" | "RefNotPermitted") {
                continue;
            }
            told.push(problem);
            let fails = if problem.reason == "InvalidKind" { ": what would go there gets 500" } else { "" };
            let message = format!("{} ({}){fails}", problem.message, problem.reason);
            found.push(finding(&UNRESOLVED_REFERENCE, &status.meta, problem, message));
        }
    }
}
