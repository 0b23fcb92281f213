//! Two resources of a kind for one workload.

use std::collections::BTreeMap;

use meshc_diagnostics::{Diagnostic, declare_rule};

use super::policies::Policy;
use crate::rules::context::Context;

declare_rule! {
    /// ## What it does
    /// Finds Sidecars, Telemetry resources and PeerAuthentications of one namespace whose selectors several pods' labels
    /// satisfy at once.
    ///
    /// ## What happens to traffic
    /// For such a pod Istio takes one of them, the oldest, and nothing of the others.
    ///
    /// ## Example
    /// A Sidecar for `app: reviews` and one for `version: v1`, and pods with both labels.
    ///
    /// ## Use instead
    /// Selectors that tell the pods apart.
    ///
    /// ## Covers
    /// IST0110 (Sidecar), IST0159 (Telemetry), KIA0003 (Sidecar, PeerAuthentication).
    pub SECOND_SELECTOR = "MC1122", "second-selector", Error, Mesh,
    "Two resources of a kind for one workload",
    ["IST0110", "IST0159", "KIA0003"]
}

/// Those of one kind and namespace with a selector.
pub(super) fn check(context: &Context<'_>, selecting: &[&Policy], found: &mut Vec<Diagnostic>) {
    if selecting.len() < 2 {
        return;
    }
    let mut of_pods: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (index, policy) in selecting.iter().enumerate() {
        for pod in context.pods.selected(Some(&policy.namespace), &policy.labels) {
            if !context.is_ambient(pod) {
                of_pods.entry(pod.name.as_str()).or_default().push(index);
            }
        }
    }
    for (index, policy) in selecting.iter().enumerate() {
        let shared = of_pods.iter().find_map(|(pod, indices)| {
            let other = indices.iter().find(|at| **at != index)?;
            indices.contains(&index).then_some((*pod, *other))
        });
        let Some((pod, other)) = shared.and_then(|(pod, other)| Some((pod, selecting.get(other)?))) else {
            continue;
        };
        let message = format!(
            "{} `{}` selects pod `{pod}` too: Istio takes the older one for it, and nothing of the other",
            other.kind, other.name
        );
        let finding = policy
            .finding(&SECOND_SELECTOR, policy.labels_span.unwrap_or(policy.name_span), message)
            .label(other.labels_span.unwrap_or(other.name_span), "selects it too")
            .help("let the selectors tell the pods apart, or put what both say into one");
        found.push(match policy.kind {
            "Sidecar" => finding.alias("IST0110").alias("KIA0003"),
            "Telemetry" => finding.alias("IST0159"),
            _ => finding.alias("KIA0003"),
        });
    }
}
