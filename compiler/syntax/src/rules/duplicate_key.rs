//! MC0002 duplicate-key: a key that a mapping has twice.

use meshc_diagnostics::Diagnostic;
use meshc_source::Span;

meshc_diagnostics::declare_rule! {
    /// ## What it does
    /// Reports a key that a mapping has twice.
    ///
    /// ## What happens to traffic
    /// An API server refuses the resource. Readers that take it use the last value and drop the first without a
    /// word.
    ///
    /// ## Example
    /// ```yaml
    /// spec:
    ///   hosts: [reviews]
    ///   hosts: [ratings]
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// spec:
    ///   hosts: [reviews, ratings]
    /// ```
    pub DUPLICATE_KEY = "MC0002", "duplicate-key", Error, Document,
    "A key that a mapping has twice",
    []
}

/// The finding, at the second of the two.
pub(crate) fn duplicate_key(key: &str, first: Span, second: Span) -> Diagnostic {
    let message = format!("key `{key}` is here twice: the resource is refused");
    Diagnostic::new(&DUPLICATE_KEY, second, message)
        .label(first, "first written here")
        .help("keep one of them")
}
