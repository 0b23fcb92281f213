//! Weights that do not add up to 100.

use meshc_diagnostics::{Diagnostic, declare_rule};

use crate::rules::context::Context;

declare_rule! {
    /// ## What it does
    /// Finds HTTP routes to several destinations whose weights do not add up to 100.
    ///
    /// ## What happens to traffic
    /// A weight is a share of their sum, no percentage: with 90 and 20 the first destination gets 82 % of the requests.
    ///
    /// ## Example
    /// ```yaml
    /// route:
    ///   - {destination: {host: reviews, subset: v1}, weight: 90}
    ///   - {destination: {host: reviews, subset: v2}, weight: 20}
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// route:
    ///   - {destination: {host: reviews, subset: v1}, weight: 80}
    ///   - {destination: {host: reviews, subset: v2}, weight: 20}
    /// ```
    pub WEIGHT_SUM = "MC1553", "weight-sum", Info, Mesh,
    "Weights that do not add up to 100",
    []
}

/// Every route to several destinations.
pub(super) fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    for object in &context.resources.virtual_services {
        for (number, route) in object.spec.http.iter().enumerate() {
            let weights: Vec<_> = route.route.iter().filter_map(|part| part.weight.as_ref()).collect();
            let sum: i64 = weights.iter().map(|weight| i64::from(weight.value)).sum();
            let (Some(first), Some(last)) = (weights.first(), weights.last()) else { continue };
            if route.route.len() < 2
                || sum <= 0
                || sum == 100
                || weights.iter().any(|weight| weight.value < 0)
            {
                continue;
            }
            let shares = route.route.iter().map(|part| {
                let weight = part.weight.as_ref().map_or(0, |weight| i64::from(weight.value));
                format!("{} %", (weight * 100 + sum / 2) / sum)
            });
            let shares = shares.collect::<Vec<_>>().join(", ");
            let message =
                format!("http[{number}]: the weights add up to {sum}, not 100: the shares are {shares}");
            found.push(object.finding(&WEIGHT_SUM, first.span.join(last.span), message));
        }
    }
}
