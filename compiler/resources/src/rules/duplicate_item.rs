//! Items that are there twice.

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_schema::Violation;
use meshc_source::Span;

use super::subject;

declare_rule! {
    /// ## What it does
    /// Finds items that a list has twice although its definition tells them apart by their value
    /// (`x-kubernetes-list-type: set`) or by some of their fields (`map`).
    ///
    /// ## What happens to traffic
    /// The API server refuses the resource, so nothing of it takes effect.
    ///
    /// ## Example
    /// ```yaml
    /// listeners:
    /// - {name: http, port: 80, protocol: HTTP}
    /// - {name: http, port: 8080, protocol: HTTP}
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// listeners:
    /// - {name: http, port: 80, protocol: HTTP}
    /// - {name: http-alt, port: 8080, protocol: HTTP}
    /// ```
    ///
    /// ## Covers
    /// IST0106 (what Istio's webhook refuses).
    pub DUPLICATE_ITEM = "MC0115", "duplicate-item", Error, Document,
    "An item that its list has already",
    ["IST0106"]
}

pub(crate) fn finding(violation: &Violation, kind: &str, keys: &[String], first: Span) -> Diagnostic {
    let subject = subject(&violation.path, kind);
    let message = if keys.is_empty() {
        format!("{subject} is in its list already: the API server refuses the resource")
    } else {
        let keys = keys.join("`, `");
        format!("{subject} has the same `{keys}` as an item before it: the API server refuses the resource")
    };
    Diagnostic::new(&DUPLICATE_ITEM, violation.span, message).label(first, "the first one")
}
