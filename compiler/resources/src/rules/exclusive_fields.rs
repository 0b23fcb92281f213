//! Fields of which one excludes the other.

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_schema::Violation;
use meshc_source::Span;

use super::subject;

declare_rule! {
    /// ## What it does
    /// Finds two fields of which a definition allows at most one, and values that have none of the forms that it
    /// allows.
    ///
    /// ## What happens to traffic
    /// The API server refuses the resource, so nothing of it takes effect.
    ///
    /// ## Example
    /// ```yaml
    /// loadBalancer:
    ///   simple: ROUND_ROBIN
    ///   consistentHash: {useSourceIp: true}
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// loadBalancer:
    ///   consistentHash: {useSourceIp: true}
    /// ```
    pub EXCLUSIVE_FIELDS = "MC0113", "exclusive-fields", Error, Document,
    "Fields that exclude each other, or a value in no allowed form",
    []
}

/// The finding for two fields.
pub(crate) fn two(
    violation: &Violation,
    kind: &str,
    field: &str,
    other: &str,
    other_span: Span,
) -> Diagnostic {
    let message = format!(
        "`{other}` and `{field}` of {} exclude each other: the API server refuses the resource",
        subject(&violation.path, kind)
    );
    Diagnostic::new(&EXCLUSIVE_FIELDS, violation.span, message)
        .label(other_span, format!("`{other}` is set here"))
        .help("keep one of them")
}

/// The finding for a value in no allowed form.
pub(crate) fn form(violation: &Violation, kind: &str, problem: &str) -> Diagnostic {
    let subject = subject(&violation.path, kind);
    let message = format!("{subject}: {problem}; the API server refuses the resource");
    Diagnostic::new(&EXCLUSIVE_FIELDS, violation.span, message)
}
