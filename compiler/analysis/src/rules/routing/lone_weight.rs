//! A share of requests that nobody else shares.

use meshc_diagnostics::{Diagnostic, declare_rule};

use super::routes;
use crate::rules::context::Context;

declare_rule! {
    /// ## What it does
    /// Finds routes whose only destination has a weight other than 100.
    ///
    /// ## What happens to traffic
    /// All requests go there: weights are shares of their sum.
    ///
    /// ## Example
    /// ```yaml
    /// route:
    ///   - destination: {host: reviews, subset: v1}
    ///     weight: 90
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// route:
    ///   - destination: {host: reviews, subset: v1}
    ///     weight: 90
    ///   - destination: {host: reviews, subset: v2}
    ///     weight: 10
    /// ```
    ///
    /// ## Covers
    /// KIA1104.
    pub LONE_WEIGHT = "MC1405", "lone-weight", Warning, Mesh,
    "A share of requests that nobody else shares",
    ["KIA1104"]
}

/// Every route with one destination.
pub(super) fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    for route in routes::all(&context.resources.virtual_services) {
        let [only] = route.parts.as_slice() else { continue };
        let Some(weight) = only.weight.filter(|weight| weight.value > 0 && weight.value < 100) else {
            continue;
        };
        let message = format!(
            "{}.route[0] has weight {} and no neighbour: all requests go there, not {} %",
            route.path, weight.value, weight.value
        );
        found.push(
            route
                .object
                .finding(&LONE_WEIGHT, weight.span, message)
                .help("add the destination of the other requests, or remove the weight")
                .alias("KIA1104"),
        );
    }
}
