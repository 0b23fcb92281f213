//! Two DestinationRules that one service could follow.

use std::collections::BTreeMap;
use std::sync::Arc;

use meshc_diagnostics::{Diagnostic, Severity, declare_rule};
use meshc_mesh::DestinationRule;
use meshc_mesh::hostname::{is_covered, is_wildcard};

use crate::rules::context::Context;

declare_rule! {
    /// ## What it does
    /// Finds DestinationRules of one namespace of which one is for a host and the other for a wildcard that covers it.
    ///
    /// ## What happens to traffic
    /// Callers follow the rule with the closest host alone: nothing of the wider one holds for the host, its `tls` settings
    /// neither. Rules for the very same host are merged (`MC1007` and `MC1305` tell what is lost).
    ///
    /// ## Example
    /// A DestinationRule for `*.shop.svc.cluster.local` with `connectionPool`, and one for `reviews` with subsets.
    ///
    /// ## Use instead
    /// The wider rule's settings in the closer one too.
    ///
    /// ## Covers
    /// KIA0201 (overlapping hosts).
    pub OVERLAPPING_RULES = "MC1409", "overlapping-rules", Info, Mesh,
    "A DestinationRule that replaces a wider one for its host",
    ["KIA0201"]
}

/// Every rule under each wildcard of its namespace.
pub(super) fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    let mut wide: BTreeMap<&str, Vec<&Arc<DestinationRule>>> = BTreeMap::new();
    for rule in context.mesh.destination_rules.iter().filter(|rule| is_wildcard(&rule.host.value)) {
        wide.entry(rule.meta.namespace.as_str()).or_default().push(rule);
    }
    for rule in context.mesh.destination_rules.iter() {
        let covers = |other: &&&Arc<DestinationRule>| {
            other.meta != rule.meta
                && other.host.value != rule.host.value
                && is_covered(&rule.host.value, &other.host.value)
        };
        let others = wide.get(rule.meta.namespace.as_str()).into_iter().flatten();
        let closest = others.filter(covers).max_by_key(|other| other.host.value.len());
        let Some(other) = closest.filter(|other| other.traffic_policy.is_some()) else { continue };
        let message = format!(
            "for `{}` this rule is followed and nothing of {}, whose host `{}` covers it",
            rule.host.value, other.meta, other.host.value
        );
        found.push(
            super::finding(&OVERLAPPING_RULES, &rule.meta, rule.host.span, message)
                .severity(Severity::Info)
                .label(other.host.span, "the wider host")
                .help("repeat here what is to hold of the wider rule's `trafficPolicy`")
                .alias("KIA0201"),
        );
    }
}
