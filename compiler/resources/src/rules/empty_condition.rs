//! A condition that says nothing.

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_source::Span;
use meshc_syntax::de::Spanned;

use crate::Object;
use crate::istio::AuthorizationPolicy;

declare_rule! {
    /// ## What it does
    /// Finds a `from` without a source, a `to` without an operation, a source or operation without any field, a
    /// `when` without values, and values that are empty.
    ///
    /// ## What happens to traffic
    /// Istio's webhook refuses the policy: it cannot tell whether everything or nothing is meant.
    ///
    /// ## Example
    /// ```yaml
    /// rules:
    ///   - from:
    ///       - source: {}
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// rules:
    ///   - from:
    ///       - source: {principals: ["*"]}
    /// ```
    ///
    /// ## Covers
    /// IST0106 (what Istio's webhook refuses).
    pub EMPTY_CONDITION = "MC0404", "empty-condition", Error, Document,
    "A condition of an AuthorizationPolicy that says nothing",
    ["IST0106"]
}

/// Everything that is written says something.
pub(crate) fn check(object: &Object<AuthorizationPolicy>, found: &mut Vec<Diagnostic>) {
    let mut report = |span: Span, message: String, help: &str| {
        found.push(object.finding(&EMPTY_CONDITION, span, message).help(help));
    };
    for rule in &object.spec.rules {
        for from in &rule.from {
            let help = "name `principals`, `namespaces`, `ipBlocks`…; without `from` anyone is meant";
            match &from.source {
                None => report(from.span, "this `from` has no `source`: Istio refuses it".to_owned(), help),
                Some(source) if source.fields().iter().all(|(_, values)| values.is_empty()) => {
                    report(source.span, "this `source` has no condition: Istio refuses it".to_owned(), help);
                }
                Some(source) => empty_values(&source.fields(), &mut report),
            }
        }
        for to in &rule.to {
            let help = "name `paths`, `methods`, `ports`…; without `to` any request is meant";
            match &to.operation {
                None => report(to.span, "this `to` has no `operation`: Istio refuses it".to_owned(), help),
                Some(operation) if operation.fields().iter().all(|(_, values)| values.is_empty()) => {
                    report(
                        operation.span,
                        "this `operation` has no condition: Istio refuses it".to_owned(),
                        help,
                    );
                }
                Some(operation) => empty_values(&operation.fields(), &mut report),
            }
        }
        for when in &rule.when {
            let Some(key) = when.key.as_ref() else { continue };
            if key.is_empty() {
                report(key.span, "this `key` is empty: Istio refuses it".to_owned(), "name an attribute");
            } else if when.values.is_empty() && when.not_values.is_empty() {
                let message =
                    format!("`{}` has neither `values` nor `notValues`: Istio refuses it", key.value);
                report(when.span, message, "use `values: [\"*\"]` where any value is meant");
            } else {
                empty_values(&[("values", &when.values), ("notValues", &when.not_values)], &mut report);
            }
        }
    }
}

fn empty_values(
    fields: &[(&'static str, &Vec<Spanned<String>>)],
    report: &mut impl FnMut(Span, String, &'static str),
) {
    for (name, values) in fields {
        for value in values.iter().filter(|value| value.is_empty()) {
            report(
                value.span,
                format!("an empty value in `{name}`: Istio refuses it"),
                "`\"*\"` means any value that is not empty",
            );
        }
    }
}
