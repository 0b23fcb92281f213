//! A Sidecar for pods that have none.

use meshc_diagnostics::{Diagnostic, declare_rule};

use crate::rules::context::Context;

declare_rule! {
    /// ## What it does
    /// Finds Sidecars of namespaces in the ambient mesh, and those that select pods of it.
    ///
    /// ## What happens to traffic
    /// Nothing: a Sidecar configures sidecars, and those pods have none.
    ///
    /// ## Example
    /// A Sidecar in a namespace with `istio.io/dataplane-mode: ambient`.
    ///
    /// ## Use instead
    /// `exportTo` of Services and ServiceEntries, to say who sees what.
    ///
    /// ## Covers
    /// IST0167.
    pub AMBIENT_SIDECAR = "MC1424", "ambient-sidecar", Warning, Mesh,
    "A Sidecar for pods that have none",
    ["IST0167"]
}

/// Every Sidecar.
pub(super) fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    for object in &context.resources.sidecars {
        let labels = object.spec.workload_selector.as_ref().map(|selector| &selector.labels);
        let selector: std::collections::BTreeMap<String, String> =
            labels.into_iter().flatten().map(|(k, v)| (k.value.clone(), v.value.clone())).collect();
        let message = if selector.is_empty() {
            if !context.is_ambient_namespace(object.namespace()) {
                continue;
            }
            "pods of this namespace are in the ambient mesh and have no sidecar: the Sidecar has no effect"
                .to_owned()
        } else {
            let mut pods = context.pods.selected(Some(object.namespace()), &selector);
            let Some(pod) = pods.find(|pod| context.is_ambient(pod)) else { continue };
            format!(
                "pod `{}` is in the ambient mesh and has no sidecar: the Sidecar has no effect on it",
                pod.name
            )
        };
        found.push(
            object
                .finding(&AMBIENT_SIDECAR, object.name_span(), message)
                .help("remove it, or take the pods out of the ambient mesh")
                .alias("IST0167"),
        );
    }
}
