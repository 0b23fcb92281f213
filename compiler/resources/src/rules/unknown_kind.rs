//! A kind that its API group does not have.

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_syntax::Node;

declare_rule! {
    /// ## What it does
    /// Finds a `kind` that the API group in `apiVersion` does not have.
    ///
    /// ## What happens to traffic
    /// The API server refuses the document, so nothing of it takes effect.
    ///
    /// ## Example
    /// ```yaml
    /// apiVersion: networking.istio.io/v1
    /// kind: VirtualServce
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// apiVersion: networking.istio.io/v1
    /// kind: VirtualService
    /// ```
    ///
    /// ## Fix safety
    /// The kind that is spelt most alike is put in its place.
    pub UNKNOWN_KIND = "MC0202", "unknown-kind", Error, Document,
    "A kind that the API group does not have",
    []
}

/// The finding for the document `root`.
pub(crate) fn check(root: &Node, api_version: &str, kind: &str, meant: Option<&str>) -> Diagnostic {
    let span = root.get("kind").map_or(root.span, |node| node.span);
    let message = format!("{api_version} has no kind {kind:?}: the API server refuses the document");
    let finding = Diagnostic::new(&UNKNOWN_KIND, span, message);
    match meant {
        Some(meant) => finding.help(format!("did you mean `{meant}`?")).replace(
            format!("Replace with `{meant}`"),
            span,
            meant,
        ),
        None => finding.help("look the kind up in the documentation of the API group"),
    }
}
