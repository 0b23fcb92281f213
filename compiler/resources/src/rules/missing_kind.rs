//! A document of a mesh without its kind or version.

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_syntax::Node;

use crate::kind::{is_of_a_mesh, other_group};

declare_rule! {
    /// ## What it does
    /// Finds documents with an `apiVersion` of Istio's or the Gateway API's and no `kind`, and documents with a kind of
    /// theirs, `metadata` and `spec`, and no `apiVersion`. (Of other YAML without a kind it is not known what it is.)
    ///
    /// ## What happens to traffic
    /// The API server refuses the document, so nothing of it takes effect.
    ///
    /// ## Example
    /// ```yaml
    /// apiVersion: networking.istio.io/v1
    /// metadata: {name: reviews}
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// apiVersion: networking.istio.io/v1
    /// kind: VirtualService
    /// metadata: {name: reviews}
    /// ```
    pub MISSING_KIND = "MC0420", "missing-kind", Error, Document,
    "A document of a mesh without its kind or version",
    []
}

/// The finding for a document that lacks one of both, if it is a mesh's.
pub(crate) fn check(root: &Node) -> Option<Diagnostic> {
    let text = |key: &str| root.get(key).filter(|node| !node.is_null());
    match (text("apiVersion"), text("kind")) {
        (Some(version), None) if version.as_str().is_some_and(is_of_a_mesh) => {
            let message = "this document has no `kind`: the API server refuses it";
            Some(Diagnostic::new(&MISSING_KIND, version.span, message).help("add `kind`"))
        }
        (None, Some(kind)) if text("metadata").is_some() && text("spec").is_some() => {
            let group = other_group(kind.as_str()?)?;
            let message = "this document has no `apiVersion`: the API server refuses it";
            let finding = Diagnostic::new(&MISSING_KIND, kind.span, message);
            Some(finding.help(format!("add `apiVersion: {group}/…`")))
        }
        _ => None,
    }
}
