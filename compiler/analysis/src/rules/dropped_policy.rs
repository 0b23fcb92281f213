//! A traffic policy that an older DestinationRule of the same host outdoes.

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_resources::Object;
use meshc_resources::istio::DestinationRule;

use super::context::Context;

declare_rule! {
    /// ## What it does
    /// Finds DestinationRules with a `trafficPolicy` for a host for which an older one of the same namespace has a
    /// policy too. (Subsets of one name are `MC1306`.)
    ///
    /// ## What happens to traffic
    /// Istio merges the DestinationRules of a host: the oldest policy holds, and nothing of the others.
    ///
    /// ## Example
    /// Two DestinationRules for `reviews`, one with `loadBalancer`, one with `connectionPool`.
    ///
    /// ## Use instead
    /// One DestinationRule for each host.
    pub DROPPED_POLICY = "MC1007", "dropped-policy", Warning, Mesh,
    "A traffic policy that an older DestinationRule of the same host outdoes",
    []
}

/// Every group of DestinationRules that Istio merges.
pub(super) fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    for merged in context.mesh.destination_rules.iter().filter(|rule| rule.from.len() > 1) {
        let objects: Vec<&Object<DestinationRule>> = merged
            .from
            .iter()
            .filter_map(|meta| {
                context.resources.destination_rules.iter().find(|object| object.name_span() == meta.span)
            })
            .collect();
        let mut with_policy =
            objects.iter().filter_map(|object| Some((object, object.spec.traffic_policy.as_ref()?)));
        let Some((first, holds)) = with_policy.next() else { continue };
        for (object, policy) in with_policy {
            let message = format!(
                "DestinationRule `{}/{}` has a policy for `{}` already: this one has no effect",
                first.namespace(),
                first.name(),
                merged.host.value
            );
            found.push(
                object
                    .finding(&DROPPED_POLICY, policy.span, message)
                    .label(holds.span, "this one holds")
                    .help("put the policies of both into one DestinationRule"),
            );
        }
    }
}
