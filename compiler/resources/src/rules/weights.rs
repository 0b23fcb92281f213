//! Weights that do not split traffic.

use meshc_diagnostics::{Diagnostic, Severity, declare_rule};

use crate::Object;
use crate::istio::VirtualService;

declare_rule! {
    /// ## What it does
    /// Finds weights below zero, and several destinations whose weights add up to zero. Weights need not add up to
    /// 100: a destination gets its weight's share of the sum.
    ///
    /// ## What happens to traffic
    /// Istio's webhook refuses the VirtualService; nothing of it takes effect.
    ///
    /// ## Example
    /// ```yaml
    /// route:
    ///   - destination: {host: reviews, subset: v1}
    ///   - destination: {host: reviews, subset: v2}
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
    /// IST0106 (what Istio's webhook refuses).
    pub WEIGHTS = "MC0209", "weights", Error, Document,
    "Weights below zero, or that add up to zero",
    ["KIA1104", "IST0106"]
}

/// No weight is negative; of several, one is above zero.
pub(crate) fn check(object: &Object<VirtualService>, found: &mut Vec<Diagnostic>) {
    for route in &object.spec.http {
        let mut sum: i64 = 0;
        for part in &route.route {
            let Some(weight) = &part.weight else { continue };
            sum += i64::from(weight.value);
            if weight.value < 0 {
                let message =
                    format!("the weight {} is below zero: Istio refuses the VirtualService", weight.value);
                found.push(object.finding(&WEIGHTS, weight.span, message).help("use 0 for no traffic"));
            }
        }
        let (Some(first), true) = (route.route.first(), route.route.len() > 1) else { continue };
        if sum == 0 {
            let message =
                "the weights of these destinations add up to zero: Istio refuses the VirtualService";
            let last = route.route.last().unwrap_or(first);
            found.push(
                object
                    .finding(&WEIGHTS, first.span.join(last.span), message)
                    .help("give each destination a `weight`; a share is a weight divided by their sum"),
            );
        } else if sum > i64::from(u32::MAX) {
            let message = format!("the weights add up to {sum}: Envoy refuses a sum above {}", u32::MAX);
            found.push(object.finding(&WEIGHTS, first.span, message).severity(Severity::Warning));
        }
    }
}
