//! A subset without labels.

use meshc_diagnostics::{Diagnostic, declare_rule};

use crate::rules::context::Context;

declare_rule! {
    /// ## What it does
    /// Finds subsets of DestinationRules that have no labels.
    ///
    /// ## What happens to traffic
    /// The subset is every endpoint of the host. That serves a traffic policy of its own, and nothing else.
    ///
    /// ## Example
    /// ```yaml
    /// subsets:
    ///   - name: v1
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// subsets:
    ///   - name: v1
    ///     labels: {version: v1}
    /// ```
    ///
    /// ## Covers
    /// KIA0209. A subset that has a `trafficPolicy` in place of labels is left alone.
    pub UNLABELLED_SUBSET = "MC1411", "unlabelled-subset", Warning, Mesh,
    "A subset without labels",
    ["KIA0209"]
}

/// Every subset.
pub(super) fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    for object in &context.resources.destination_rules {
        for subset in &object.spec.subsets {
            if !subset.labels.is_empty() || subset.traffic_policy.is_some() {
                continue;
            }
            let name = subset.name.as_ref().map_or("", |name| name.value.as_str());
            let span = subset.name.as_ref().map_or(subset.span, |name| name.span);
            let message = format!("subset `{name}` has no labels: it is every endpoint of the host");
            found.push(
                object
                    .finding(&UNLABELLED_SUBSET, span, message)
                    .help("add the labels of the version that it is to be")
                    .alias("KIA0209"),
            );
        }
    }
}
