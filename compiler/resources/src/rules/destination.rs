//! A destination that names no host.

use meshc_diagnostics::{Diagnostic, declare_rule};

use crate::Object;
use crate::istio::VirtualService;

declare_rule! {
    /// ## What it does
    /// Finds a route's destination without a host.
    ///
    /// ## What happens to traffic
    /// Istio's webhook refuses the VirtualService; nothing of it takes effect.
    ///
    /// ## Example
    /// ```yaml
    /// route:
    ///   - destination: {subset: v2}
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// route:
    ///   - destination: {host: reviews, subset: v2}
    /// ```
    ///
    /// ## Covers
    /// IST0106 (what Istio's webhook refuses).
    pub DESTINATION_INCOMPLETE = "MC0208", "destination-incomplete", Error, Document,
    "A destination without a host",
    ["IST0106"]
}

/// Each destination and mirror has a host.
pub(crate) fn check(object: &Object<VirtualService>, found: &mut Vec<Diagnostic>) {
    for route in &object.spec.http {
        for part in &route.route {
            let host = part.destination.as_ref().and_then(|destination| destination.host.as_ref());
            if host.is_none_or(|host| host.is_empty()) {
                let span = part.destination.as_ref().map_or(part.span, |destination| destination.span);
                found.push(object.finding(
                    &DESTINATION_INCOMPLETE,
                    span,
                    "this destination has no host: Istio refuses the VirtualService",
                ));
            }
        }
    }
}
