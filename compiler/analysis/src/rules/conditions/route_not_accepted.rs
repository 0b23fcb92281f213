//! A route that its parent does not take.

use meshc_diagnostics::{Diagnostic, declare_rule};

use super::super::context::Context;
use super::{finding, problem};

declare_rule! {
    /// ## What it does
    /// Finds routes of the Gateway API that a parent does not take: no listener has the port that the reference names,
    /// none has one of the route's hostnames, or none takes routes of its namespace or kind (`allowedRoutes`). Of
    /// several listeners that one reference leads to, one that takes the route is enough. In a cluster the condition
    /// `Accepted` of the route's status says so. Parents that do not exist are MC1621's.
    ///
    /// ## What happens to traffic
    /// The parent does not know the route: its requests go to other routes, or get 404.
    ///
    /// ## Example
    /// ```yaml
    /// kind: Gateway
    /// metadata: {name: edge, namespace: ops}
    /// spec:
    ///   listeners:
    ///   - {name: http, port: 80, protocol: HTTP}
    /// ---
    /// kind: HTTPRoute
    /// metadata: {name: shop, namespace: shop}
    /// spec:
    ///   parentRefs:
    ///   - {name: edge, namespace: ops}
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    ///   listeners:
    ///   - name: http
    ///     port: 80
    ///     protocol: HTTP
    ///     allowedRoutes: {namespaces: {from: All}}
    /// ```
    pub ROUTE_NOT_ACCEPTED = "MC1330", "route-not-accepted", Error, Mesh,
    "A route of the Gateway API that its parent does not take",
    []
}

/// Every reference of every route.
pub(super) fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    for status in &context.mesh.statuses {
        for parent in &status.parents {
            let Some(problem) = problem(&parent.conditions, "Accepted") else { continue };
            if problem.absent.is_some() {
                // Parents that are not there are found by name.
                continue;
            }
            let message = format!(
                "{} does not take this route ({}): {}",
                parent.parent, problem.reason, problem.message
            );
            found.push(finding(&ROUTE_NOT_ACCEPTED, &status.meta, problem, message));
        }
    }
}
