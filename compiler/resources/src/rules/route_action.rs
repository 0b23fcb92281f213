//! A route that does nothing, or two things at once.

use meshc_diagnostics::{Diagnostic, declare_rule};

use crate::Object;
use crate::istio::{HttpRoute, VirtualService};

declare_rule! {
    /// ## What it does
    /// Finds an HTTP route that does not say what to do with a request, or says two things that exclude each
    /// other: `route`, `redirect`, `directResponse` and `delegate`.
    ///
    /// ## What happens to traffic
    /// Istio's webhook refuses the VirtualService; without the webhook a route without an action is dropped, and
    /// of two actions one wins silently.
    ///
    /// ## Example
    /// ```yaml
    /// http:
    ///   - route:
    ///       - destination: {host: reviews}
    ///     redirect: {uri: /}
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// http:
    ///   - redirect: {uri: /}
    /// ```
    ///
    /// ## Covers
    /// IST0106 (what Istio's webhook refuses).
    pub ROUTE_ACTION = "MC0207", "route-action", Error, Document,
    "A route with no action, or with two",
    ["IST0106"]
}

/// Each route has one action; a redirect or direct response excludes what only makes sense for a forwarded request.
pub(crate) fn check(object: &Object<VirtualService>, found: &mut Vec<Diagnostic>) {
    for route in &object.spec.http {
        let mut actions = actions(route);
        if route.delegate.is_some() && !object.spec.hosts.is_empty() {
            // Istio looks for the delegate alone, whatever is answered beside it.
            actions.retain(|action| *action != "a direct response");
        }
        match actions.as_slice() {
            [] => found.push(object.finding(
                &ROUTE_ACTION,
                route.span,
                "this route has no destination, redirect, direct response or delegate: Istio refuses it",
            )),
            [_] => {}
            several => found.push(object.finding(
                &ROUTE_ACTION,
                route.span,
                format!(
                    "this route has {}: Istio refuses it, a request can only meet one",
                    several.join(" and ")
                ),
            )),
        }
    }
}

fn actions(route: &HttpRoute) -> Vec<&'static str> {
    let all = [
        (!route.route.is_empty(), "destinations"),
        (route.redirect.is_some(), "a redirect"),
        (route.direct_response.is_some(), "a direct response"),
        (route.delegate.is_some(), "a delegate"),
    ];
    all.into_iter().filter(|(there, _)| *there).map(|(_, name)| name).collect()
}
