//! Two subsets of the same workloads.

use std::collections::BTreeMap;

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_resources::istio::Subset;
use meshc_syntax::de::Spanned;

use crate::rules::context::Context;

declare_rule! {
    /// ## What it does
    /// Finds subsets of one DestinationRule with equal labels.
    ///
    /// ## What happens to traffic
    /// They are the same workloads: shares between them change nothing but the subset's settings.
    ///
    /// ## Example
    /// ```yaml
    /// subsets:
    ///   - {name: v1, labels: {version: v1}}
    ///   - {name: v2, labels: {version: v1}}
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// subsets:
    ///   - {name: v1, labels: {version: v1}}
    ///   - {name: v2, labels: {version: v2}}
    /// ```
    pub TWIN_SUBSETS = "MC1561", "twin-subsets", Info, Mesh,
    "Two subsets of the same workloads",
    []
}

/// Every pair of one rule; the second is named.
pub(super) fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    for object in &context.resources.destination_rules {
        let mut first: BTreeMap<BTreeMap<&str, &str>, &Spanned<Subset>> = BTreeMap::new();
        for subset in object.spec.subsets.iter().filter(|subset| !subset.labels.is_empty()) {
            let labels = subset.labels.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
            let other = *first.entry(labels).or_insert(subset);
            let name =
                |subset: &Subset| subset.name.as_ref().map(|name| name.value.clone()).unwrap_or_default();
            if other.span == subset.span || name(other) == name(subset) {
                continue;
            }
            let (Some((key, _)), Some((_, value))) = (subset.labels.first(), subset.labels.last()) else {
                continue;
            };
            let message = format!(
                "subset `{}` has the labels of `{}`: they are the same workloads",
                name(subset),
                name(other)
            );
            found.push(
                object
                    .finding(&TWIN_SUBSETS, key.span.join(value.span), message)
                    .label(other.span, "the other subset"),
            );
        }
    }
}
