//! A selector that selects everything.

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_syntax::de::Spanned;

use crate::Object;
use crate::istio::WorkloadSelector;

declare_rule! {
    /// ## What it does
    /// Finds a policy's `selector` without labels.
    ///
    /// ## What happens to traffic
    /// The policy holds for every workload of its namespace, or of the whole mesh in the root namespace, as if there
    /// were no selector at all. Istio's webhook warns.
    ///
    /// ## Example
    /// ```yaml
    /// spec:
    ///   selector: {}
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// spec:
    ///   selector:
    ///     matchLabels: {app: reviews}
    /// ```
    ///
    /// ## Covers
    /// IST0133 (what Istio's webhook warns of).
    pub EMPTY_SELECTOR = "MC0400", "empty-selector", Warning, Document,
    "A selector without labels",
    ["IST0133"]
}

/// A selector that is there has labels.
pub(crate) fn check<T>(
    object: &Object<T>,
    selector: Option<&Spanned<WorkloadSelector>>,
    found: &mut Vec<Diagnostic>,
) {
    if let Some(selector) = selector.filter(|selector| selector.match_labels.is_empty()) {
        let message = "this selector has no labels: the policy holds for every workload in scope";
        found.push(
            object
                .finding(&EMPTY_SELECTOR, selector.span, message)
                .help("add `matchLabels`, or leave `selector` out if all workloads are meant"),
        );
    }
}
