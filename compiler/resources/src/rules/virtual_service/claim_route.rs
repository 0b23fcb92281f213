//! Routes by claims in the mesh.

use meshc_diagnostics::{Diagnostic, declare_rule};

use crate::Object;
use crate::istio::VirtualService;
use crate::names;
use crate::rules::webhook::Refusals;

declare_rule! {
    /// ## What it does
    /// Finds conditions on claims of tokens (`@request.auth.claims`) in a VirtualService that is for the mesh too: only
    /// gateways route by them.
    ///
    /// ## What happens to traffic
    /// Istio's webhook refuses the VirtualService; nothing of it takes effect.
    ///
    /// ## Example
    /// ```yaml
    /// hosts: [reviews]
    /// http:
    ///   - match:
    ///       - headers: {"@request.auth.claims.group": {exact: admin}}
    ///     route: [{destination: {host: reviews}}]
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// hosts: [reviews.example.com]
    /// gateways: [edge]
    /// http:
    ///   - match:
    ///       - headers: {"@request.auth.claims.group": {exact: admin}}
    ///     route: [{destination: {host: reviews}}]
    /// ```
    ///
    /// ## Covers
    /// IST0106 (what Istio's webhook refuses).
    pub CLAIM_ROUTE = "MC0264", "claim-route", Error, Document,
    "A route by claims of tokens outside of gateways",
    ["IST0106"]
}

/// Claims are for gateways.
pub(crate) fn check(object: &Object<VirtualService>, found: &mut Vec<Diagnostic>) {
    if super::is_for_gateways(object) {
        return;
    }
    let mut refusals = Refusals { object, rule: &CLAIM_ROUTE, found };
    for condition in object.spec.http.iter().flat_map(|route| &route.matches) {
        for name in condition.headers.keys().chain(condition.without_headers.keys()) {
            if names::is_claim(name) {
                refusals
                    .at(name.span, "only gateways route by claims of tokens, and this is for the mesh too");
            }
        }
    }
}
