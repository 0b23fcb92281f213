//! A Sidecar of the root namespace with a selector.

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_mesh::ROOT_NAMESPACE;

use crate::rules::context::Context;

declare_rule! {
    /// ## What it does
    /// Finds Sidecars of the root namespace (`istio-system`) with a `workloadSelector`.
    ///
    /// ## What happens to traffic
    /// A Sidecar of the root namespace is the default of all namespaces only without a selector: with one it holds for pods of
    /// `istio-system` alone.
    ///
    /// ## Example
    /// ```yaml
    /// metadata: {name: default, namespace: istio-system}
    /// spec:
    ///   workloadSelector: {labels: {app: reviews}}
    /// ```
    ///
    /// ## Use instead
    /// The same without `workloadSelector`, or in the namespace of the pods.
    ///
    /// ## Covers
    /// KIA1006.
    pub ROOT_SELECTOR = "MC1422", "root-selector", Warning, Mesh,
    "A Sidecar of the root namespace with a selector",
    ["KIA1006"]
}

/// Every Sidecar of the root namespace.
pub(super) fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    for object in context.resources.sidecars.iter().filter(|object| object.namespace() == ROOT_NAMESPACE) {
        let Some(selector) = object.spec.workload_selector.as_ref().filter(|s| !s.labels.is_empty()) else {
            continue;
        };
        let message =
            "with a selector a Sidecar of the root namespace holds for pods of that namespace alone";
        found.push(
            object
                .finding(&ROOT_SELECTOR, selector.span, message)
                .help("remove the selector, or move the Sidecar to the namespace of the pods")
                .alias("KIA1006"),
        );
    }
}
