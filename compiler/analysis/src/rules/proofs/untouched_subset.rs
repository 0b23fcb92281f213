//! A subset that no request touches.

use std::collections::BTreeSet;

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_source::Span;

use super::World;

declare_rule! {
    /// ## What it does
    /// Finds subsets of DestinationRules to which no route that any request takes leads: none names them, those that do
    /// are never taken, or have a weight of 0. It is a proof for all requests of all proxies of the tree.
    ///
    /// ## What happens to traffic
    /// None meets the subset's settings. A version may be waiting for its first requests; then all is well.
    ///
    /// ## Example
    /// ```yaml
    /// subsets:
    ///   - {name: v1, labels: {version: v1}}
    ///   - {name: v2, labels: {version: v2}}    # no VirtualService names it
    /// ```
    ///
    /// ## Use instead
    /// The subsets that routes name.
    pub UNTOUCHED_SUBSET = "MC1651", "untouched-subset", Info, Routes,
    "A subset that no request touches",
    []
}

/// Every subset but those of DestinationRules of which nothing is touched.
pub(super) fn check(world: &World<'_, '_>, told: &BTreeSet<Span>, found: &mut Vec<Diagnostic>) {
    for object in &world.resources.destination_rules {
        for subset in &object.spec.subsets {
            if told.contains(&subset.span) || !world.survey.is_untouched(subset.span) {
                continue;
            }
            let name = subset.name.as_ref();
            let span = name.map_or(subset.span, |name| name.span);
            let name = name.map_or("", |name| name.value.as_str());
            let message =
                format!("no request of any proxy is sent to the subset `{name}`: no route leads there");
            found.push(
                object.finding(&UNTOUCHED_SUBSET, span, message).help("name it in a route, or remove it"),
            );
        }
    }
}
