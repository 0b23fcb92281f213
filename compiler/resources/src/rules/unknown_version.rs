//! A version that is not served.

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_syntax::Node;

declare_rule! {
    /// ## What it does
    /// Finds an `apiVersion` whose group is known and whose version is not served.
    ///
    /// ## What happens to traffic
    /// The API server refuses the document, so nothing of it takes effect.
    ///
    /// ## Example
    /// ```yaml
    /// apiVersion: networking.istio.io/v1alpha1
    /// kind: Gateway
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// apiVersion: networking.istio.io/v1
    /// kind: Gateway
    /// ```
    pub UNKNOWN_VERSION = "MC0203", "unknown-version", Error, Document,
    "An API version that is not served",
    []
}

/// The finding for the document `root`.
pub(crate) fn check(root: &Node, api_version: &str, kind: &str, served: &[&str]) -> Diagnostic {
    let span = root.get("apiVersion").map_or(root.span, |node| node.span);
    let message = format!("{kind} is not served as {api_version}: the API server refuses the document");
    let finding =
        Diagnostic::new(&UNKNOWN_VERSION, span, message).help(format!("served: {}", served.join(", ")));
    // The newest version has the fields of all; what it does not have the next check finds.
    match (served.first(), api_version.split_once('/')) {
        (Some(newest), Some((group, _))) => {
            let meant = format!("{group}/{newest}");
            finding.replace(format!("Replace with `{meant}`"), span, meant)
        }
        _ => finding,
    }
}
