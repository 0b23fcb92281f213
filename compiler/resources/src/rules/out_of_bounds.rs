//! Values beyond what a definition allows.

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_schema::Violation;

use super::subject;

declare_rule! {
    /// ## What it does
    /// Finds numbers outside the range that the field's definition allows, text that is too short or too long, and
    /// lists and mappings with too few or too many entries.
    ///
    /// ## What happens to traffic
    /// The API server refuses the resource, so nothing of it takes effect.
    ///
    /// ## Example
    /// ```yaml
    /// outlierDetection:
    ///   outlierDetectionHttpErrorCodes: [50]
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// outlierDetection:
    ///   outlierDetectionHttpErrorCodes: [500]
    /// ```
    ///
    /// ## Covers
    /// IST0106, where Istio's webhook asks for the same as the definition.
    pub OUT_OF_BOUNDS = "MC0111", "out-of-bounds", Error, Document,
    "A value beyond what its field's definition allows",
    ["IST0106"]
}

pub(crate) fn finding(violation: &Violation, kind: &str, message: &str) -> Diagnostic {
    let message =
        format!("{} {message}: the API server refuses the resource", subject(&violation.path, kind));
    Diagnostic::new(&OUT_OF_BOUNDS, violation.span, message)
}
