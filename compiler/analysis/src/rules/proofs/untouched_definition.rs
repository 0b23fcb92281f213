//! A DestinationRule that no request touches.

use std::collections::BTreeSet;

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_source::Span;

use super::World;

declare_rule! {
    /// ## What it does
    /// Finds DestinationRules whose host some proxy knows, and to whose destinations no route that any request takes, and
    /// no connection, leads. It is a proof for all requests of all proxies of the tree; where it cannot be told whether a
    /// route is taken, nothing is said.
    ///
    /// ## What happens to traffic
    /// None meets its settings.
    ///
    /// ## Example
    /// A DestinationRule for `reviews-old`, and a VirtualService that sends everything for `reviews-old` to `reviews`.
    ///
    /// ## Use instead
    /// The settings at the host that requests are sent to, or none.
    pub UNTOUCHED_DEFINITION = "MC1652", "untouched-definition", Info, Routes,
    "A DestinationRule that no request touches",
    []
}

/// Every DestinationRule; gives the spans of the subsets of those that are found.
pub(super) fn check(world: &World<'_, '_>, found: &mut Vec<Diagnostic>) -> BTreeSet<Span> {
    let mut told = BTreeSet::new();
    for object in &world.resources.destination_rules {
        let subsets: Vec<Span> = object.spec.subsets.iter().map(|subset| subset.span).collect();
        let own = object.name_span();
        let all = subsets.iter().copied().chain([own]);
        let present = all.clone().any(|span| world.survey.present.contains(&span));
        if !present || all.clone().any(|span| world.survey.touched.contains(&span)) {
            continue;
        }
        let host = object.spec.host.as_ref().map_or("", |host| host.value.as_str());
        let span = object.spec.host.as_ref().map_or(own, |host| host.span);
        let message = format!(
            "no request of any proxy is sent to `{host}` as it is defined here: no route leads there"
        );
        let finding = object.finding(&UNTOUCHED_DEFINITION, span, message);
        found.push(finding.help("remove it, or send requests there"));
        told.extend(subsets);
    }
    told
}
