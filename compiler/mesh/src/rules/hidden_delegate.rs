//! A delegate that the root may not see.

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_resources::Object;
use meshc_resources::istio::VirtualService;
use meshc_source::Span;

declare_rule! {
    /// ## What it does
    /// Finds routes that delegate to a VirtualService whose `exportTo` leaves out the namespace of the root.
    ///
    /// ## What happens to traffic
    /// Istio leaves the route out: its requests go to the next route that matches, or get 404.
    ///
    /// ## Example
    /// A root in namespace `edge`, and the delegate in namespace `shop` with `exportTo: ["."]`.
    ///
    /// ## Use instead
    /// `exportTo: ["edge"]` in the delegate.
    pub HIDDEN_DELEGATE = "MC1202", "hidden-delegate", Error, Mesh,
    "A delegate that is not exported to the namespace of its root",
    []
}

/// The finding for the route at `path` of `root`.
pub(crate) fn hidden_delegate(
    root: &Object<VirtualService>,
    span: Span,
    path: &str,
    namespace: &str,
    name: &str,
    delegate: Span,
) -> Diagnostic {
    let of_root = root.namespace();
    let message = format!(
        "VirtualService `{namespace}/{name}` is not exported to namespace `{of_root}`: {path} is left out"
    );
    root.finding(&HIDDEN_DELEGATE, span, message)
        .label(delegate, "the delegate")
        .help(format!("add `{of_root}` to `exportTo` of VirtualService `{namespace}/{name}`"))
}
