//! A delegate's route whose conditions exclude those of its root.

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_resources::Object;
use meshc_resources::istio::VirtualService;
use meshc_source::Span;

declare_rule! {
    /// ## What it does
    /// Finds routes of a delegate whose conditions do not lie within those of the route that delegates to it, or
    /// of which Istio cannot tell (a regular expression on either side).
    ///
    /// ## What happens to traffic
    /// Istio leaves the delegate's route out: its requests go to the next route that matches, or get 404.
    ///
    /// ## Example
    /// The root matches the prefix `/orders`, the delegate's route matches the prefix `/basket`.
    ///
    /// ## Use instead
    /// In the delegate, a prefix that begins with `/orders`.
    pub CONFLICTING_DELEGATE = "MC1203", "conflicting-delegate", Warning, Mesh,
    "A delegate's route whose conditions are not within those of its root",
    []
}

/// The finding for `http[index]` of the delegate.
pub(crate) fn conflicting_delegate(
    delegate: &Object<VirtualService>,
    span: Span,
    index: usize,
    root: &Object<VirtualService>,
    root_span: Span,
) -> Diagnostic {
    let message = format!(
        "the conditions of http[{index}] are not within those of VirtualService `{}/{}`, which delegates to it: \
         the route is left out there",
        root.namespace(),
        root.name()
    );
    delegate.finding(&CONFLICTING_DELEGATE, span, message).label(root_span, "delegated from here")
}
