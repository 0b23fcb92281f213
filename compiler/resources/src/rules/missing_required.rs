//! Fields that must be there.

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_schema::Violation;

use super::subject;

declare_rule! {
    /// ## What it does
    /// Finds mappings without a field that their definition requires.
    ///
    /// ## What happens to traffic
    /// The API server refuses the resource, so nothing of it takes effect.
    ///
    /// ## Example
    /// ```yaml
    /// subsets:
    /// - labels: {version: v1}
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// subsets:
    /// - name: v1
    ///   labels: {version: v1}
    /// ```
    ///
    /// ## Covers
    /// IST0106, where Istio's webhook asks for the same as the definition.
    pub MISSING_REQUIRED = "MC0112", "missing-required", Error, Document,
    "A field that must be there and is not",
    ["IST0106"]
}

pub(crate) fn finding(violation: &Violation, kind: &str, field: &str) -> Diagnostic {
    let message = format!(
        "{} lacks the field `{field}`: the API server refuses the resource",
        subject(&violation.path, kind)
    );
    Diagnostic::new(&MISSING_REQUIRED, violation.span, message)
}
