//! Two WorkloadGroups with the same labels.

use std::collections::BTreeMap;

use meshc_diagnostics::{Diagnostic, declare_rule};

use crate::rules::context::Context;

declare_rule! {
    /// ## What it does
    /// Finds WorkloadGroups of one namespace whose `metadata.labels` are the same.
    ///
    /// ## What happens to traffic
    /// Whatever selects the machines of one group selects those of the other: Services and policies cannot tell them apart.
    ///
    /// ## Example
    /// Two WorkloadGroups with `metadata: {labels: {app: database}}`.
    ///
    /// ## Use instead
    /// A label that tells them apart, `version` for instance.
    ///
    /// ## Covers
    /// KIA1702.
    pub TWIN_GROUPS = "MC1124", "twin-groups", Warning, Mesh,
    "Two WorkloadGroups with the same labels",
    ["KIA1702"]
}

/// Every WorkloadGroup with metadata.
pub(super) fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    let mut groups: BTreeMap<(&str, BTreeMap<&str, &str>), Vec<_>> = BTreeMap::new();
    for object in &context.resources.workload_groups {
        let Some(metadata) = &object.spec.metadata else { continue };
        let labels =
            metadata.labels.iter().map(|(key, value)| (key.value.as_str(), value.value.as_str())).collect();
        groups.entry((object.namespace(), labels)).or_default().push((object, metadata.span));
    }
    for twins in groups.values().filter(|twins| twins.len() > 1) {
        for (index, (object, span)) in twins.iter().enumerate() {
            let other = twins.iter().enumerate().find(|(at, _)| *at != index).map(|(_, other)| other);
            let Some((other, of_other)) = other else { continue };
            let message = format!(
                "WorkloadGroup `{}` has the same labels: Services and policies cannot tell their machines apart",
                other.name()
            );
            found.push(
                object
                    .finding(&TWIN_GROUPS, *span, message)
                    .label(*of_other, "the same labels")
                    .help("add a label that tells them apart")
                    .alias("KIA1702"),
            );
        }
    }
}
