//! A group that is spelt like one of a mesh's.

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_syntax::Node;

declare_rule! {
    /// ## What it does
    /// Finds documents of one of Istio's or the Gateway API's kinds whose `apiVersion` has a group that is spelt nearly
    /// like the kind's own.
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
    "A group that is spelt like one of a mesh's",
    []
}

/// The finding for the document `root`, whose kind is one of the group that was meant.
pub(crate) fn check(root: &Node, api_version: &str, kind: &str, meant: &str) -> Diagnostic {
    let span = root.get("apiVersion").map_or(root.span, |node| node.span);
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    let message =
        format!("there is no API group `{group}` with the kind {kind}: the API server refuses the document");
    Diagnostic::new(&UNKNOWN_GROUP, span, message).help(format!("did you mean `{meant}`?")).replace(
        format!("Replace with `{meant}/{version}`"),
        span,
        format!("{meant}/{version}"),
    )
}
