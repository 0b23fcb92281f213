//! A selector that selects everything.

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_source::Span;
use meshc_syntax::de::Spanned;

use super::sidecar_listener::says_nothing;
use crate::Object;
use crate::istio::{Sidecar, WorkloadSelector};

declare_rule! {
    /// ## What it does
    /// Finds selectors without labels: of policies, Sidecars and DestinationRules.
    ///
    /// ## What happens to traffic
    /// The resource holds for every workload of its namespace, or of the whole mesh in the root namespace, as if there
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
        found.push(finding(object, selector.span, "matchLabels"));
    }
}

/// A Sidecar's selector, whose labels are called otherwise.
pub(crate) fn sidecar(object: &Object<Sidecar>, found: &mut Vec<Diagnostic>) {
    // One that says nothing is refused for that.
    let selector = object.spec.workload_selector.as_ref().filter(|_| !says_nothing(&object.spec));
    if let Some(selector) = selector.filter(|selector| selector.labels.is_empty()) {
        found.push(finding(object, selector.span, "labels"));
    }
}

fn finding<T>(object: &Object<T>, span: Span, labels: &str) -> Diagnostic {
    let message =
        format!("this selector has no labels: the {} holds for every workload in scope", object.kind);
    object
        .finding(&EMPTY_SELECTOR, span, message)
        .help(format!("add `{labels}`, or leave the selector out if all workloads are meant"))
}
