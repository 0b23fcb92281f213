//! A route of the Gateway API whose backends have no weight.

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_source::Span;
use meshc_syntax::de::Spanned;

use crate::rules::context::Context;

declare_rule! {
    /// ## What it does
    /// Finds rules of HTTPRoutes and GRPCRoutes whose `backendRefs` all have the weight 0.
    ///
    /// ## What happens to traffic
    /// No backend gets any request: they get 500.
    ///
    /// ## Example
    /// ```yaml
    /// backendRefs:
    ///   - {name: reviews, port: 9080, weight: 0}
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// backendRefs:
    ///   - {name: reviews, port: 9080, weight: 1}
    /// ```
    pub NO_WEIGHT = "MC1572", "no-weight", Warning, Mesh,
    "A route of the Gateway API whose backends have no weight",
    []
}

/// Every rule with backends.
pub(super) fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    const MESSAGE: &str = "no backend of this rule has a weight above 0: requests get 500";
    for object in &context.resources.http_routes {
        for rule in object.spec.rules.iter().flatten() {
            let weights = rule.backend_refs.iter().map(|backend| backend.weight.as_ref());
            if let Some(span) = all_zero(weights) {
                found.push(object.finding(&NO_WEIGHT, span, MESSAGE));
            }
        }
    }
    for object in &context.resources.grpc_routes {
        for rule in &object.spec.rules {
            let weights = rule.backend_refs.iter().map(|backend| backend.weight.as_ref());
            if let Some(span) = all_zero(weights) {
                found.push(object.finding(&NO_WEIGHT, span, MESSAGE));
            }
        }
    }
}

/// Where the first weight stands, if all are zero.
fn all_zero<'a>(weights: impl Iterator<Item = Option<&'a Spanned<i32>>>) -> Option<Span> {
    let mut first = None;
    for weight in weights {
        let zero = weight.filter(|weight| weight.value == 0)?;
        first = first.or(Some(zero.span));
    }
    first
}
