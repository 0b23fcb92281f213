//! A kind of a mesh under a group that does not have it.

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_syntax::Node;

declare_rule! {
    /// ## What it does
    /// Finds documents of one of Istio's or the Gateway API's kinds whose `apiVersion` has a group that is spelt nearly
    /// like the kind's own, another group of theirs, or none.
    ///
    /// ## What happens to traffic
    /// The API server refuses the document, so nothing of it takes effect.
    ///
    /// ## Example
    /// ```yaml
    /// apiVersion: network.istio.io/v1
    /// kind: VirtualService
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// apiVersion: networking.istio.io/v1
    /// kind: VirtualService
    /// ```
    ///
    /// ## Fix safety
    /// The fix writes the kind's own group; the version stays.
    pub UNKNOWN_GROUP = "MC1700", "unknown-group", Error, Document,
    "A kind of a mesh under a group that does not have it",
    []
}

/// The finding for the document `root`, whose kind is one of the group that was meant.
pub(crate) fn check(root: &Node, api_version: &str, kind: &str, meant: &str) -> Diagnostic {
    let span = root.get("apiVersion").map_or(root.span, |node| node.span);
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    let group = if group.is_empty() {
        "Kubernetes's core group".to_owned()
    } else {
        format!("the API group `{group}`")
    };
    let message = format!("{group} has no kind {kind}: the API server refuses the document");
    Diagnostic::new(&UNKNOWN_GROUP, span, message).help(format!("did you mean `{meant}`?")).replace(
        format!("Replace with `{meant}/{version}`"),
        span,
        format!("{meant}/{version}"),
    )
}
