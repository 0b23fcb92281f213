//! An object without a name.

use meshc_diagnostics::{Diagnostic, declare_rule};

use crate::Object;

declare_rule! {
    /// ## What it does
    /// Finds an object without `metadata.name`.
    ///
    /// ## What happens to traffic
    /// The API server refuses the document, so nothing of it takes effect.
    ///
    /// ## Example
    /// ```yaml
    /// apiVersion: v1
    /// kind: Service
    /// metadata: {}
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// apiVersion: v1
    /// kind: Service
    /// metadata:
    ///   name: reviews
    /// ```
    pub MISSING_NAME = "MC0204", "missing-name", Error, Document,
    "An object without a name",
    []
}

/// The finding for an object whose name is empty.
pub(crate) fn check<T>(object: &Object<T>) -> Diagnostic {
    let message = format!("this {} has no metadata.name: the API server refuses it", object.kind);
    Diagnostic::new(&MISSING_NAME, object.name_span(), message).help("give it a name under `metadata`")
}
