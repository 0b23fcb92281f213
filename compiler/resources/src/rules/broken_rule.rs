//! The rules that a definition states in CEL.

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_schema::Violation;

use super::subject;

declare_rule! {
    /// ## What it does
    /// Evaluates the rules that the kind's definition states in CEL (`x-kubernetes-validations`), and reports those
    /// that do not hold, in the definition's own words. As at the API server, rules that speak of a change are not
    /// asked, and none is asked while the structure of the resource is wrong.
    ///
    /// ## What happens to traffic
    /// The API server refuses the resource, so nothing of it takes effect.
    ///
    /// ## Example
    /// ```yaml
    /// spec:
    ///   hosts: [a.example]
    ///   ports:
    ///   - {number: 80, name: http, protocol: HTTP}
    ///   - {number: 80, name: http-2, protocol: HTTP}
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// spec:
    ///   hosts: [a.example]
    ///   ports:
    ///   - {number: 80, name: http, protocol: HTTP}
    ///   - {number: 8080, name: http-2, protocol: HTTP}
    /// ```
    ///
    /// ## Covers
    /// IST0106, where Istio's webhook asks for the same as the definition.
    pub BROKEN_RULE = "MC0114", "broken-rule", Error, Document,
    "A rule of the kind's definition that does not hold",
    ["IST0106"]
}

pub(crate) fn finding(violation: &Violation, kind: &str, rule: &str, error: Option<&str>) -> Diagnostic {
    let subject = subject(&violation.path, kind);
    let message = format!("{subject}: {rule}; the API server refuses the resource");
    let finding = Diagnostic::new(&BROKEN_RULE, violation.span, message);
    match error {
        Some(error) => finding.help(format!("the rule could not be evaluated: {error}")),
        None => finding,
    }
}
