//! Timeouts that Istio refuses.

use meshc_diagnostics::{Diagnostic, declare_rule};

use crate::Object;
use crate::istio::VirtualService;
use crate::names;
use crate::rules::webhook::Refusals;

declare_rule! {
    /// ## What it does
    /// Finds timeouts of routes finer than a millisecond.
    ///
    /// ## What happens to traffic
    /// Istio's webhook refuses the VirtualService; nothing of it takes effect.
    ///
    /// ## Example
    /// ```yaml
    /// timeout: 1.0005s
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// timeout: 1s
    /// ```
    ///
    /// ## Covers
    /// IST0106 (what Istio's webhook refuses).
    pub ROUTE_DURATION = "MC0262", "route-duration", Error, Document,
    "A timeout that Istio refuses",
    ["IST0106"]
}

/// Whole milliseconds, at least one.
pub(crate) fn check(object: &Object<VirtualService>, found: &mut Vec<Diagnostic>) {
    let mut refusals = Refusals { object, rule: &ROUTE_DURATION, found };
    for timeout in object.spec.http.iter().filter_map(|route| route.timeout.as_ref()) {
        refusals.maybe(timeout.span, names::duration(timeout.value));
    }
}
