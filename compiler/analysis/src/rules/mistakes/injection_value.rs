//! A value of the label for injection that Istio does not know.

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_syntax::suggest::{nearest, sole};

use crate::rules::context::Context;

declare_rule! {
    /// ## What it does
    /// Finds Namespaces whose label `istio-injection` is neither `enabled` nor `disabled`, and whose label
    /// `istio.io/dataplane-mode` is neither `ambient` nor `none`.
    ///
    /// ## What happens to traffic
    /// The pods of the namespace get no sidecar, as if the label were not there: their traffic is outside of the mesh.
    ///
    /// ## Example
    /// ```yaml
    /// labels: {istio-injection: enable}
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// labels: {istio-injection: enabled}
    /// ```
    ///
    /// ## Fix safety
    /// The fix writes the value that is spelt nearly so.
    pub INJECTION_VALUE = "MC1702", "injection-value", Warning, Mesh,
    "A value of the label for injection that Istio does not know",
    []
}

const LABELS: [(&str, [&str; 2]); 2] =
    [("istio-injection", ["enabled", "disabled"]), ("istio.io/dataplane-mode", ["ambient", "none"])];

/// Every Namespace.
pub(super) fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    for object in &context.resources.namespaces {
        for (label, known) in LABELS {
            let written = object.metadata.labels.iter().find(|(key, _)| key.value == label);
            let Some((_, value)) = written.filter(|(_, value)| !known.contains(&value.value.as_str())) else {
                continue;
            };
            let message = format!(
                "Istio does not know `{label}: {}`: it is as if the label were not there",
                value.value
            );
            let finding = object.finding(&INJECTION_VALUE, value.span, message);
            let finding = match nearest(value, known) {
                Some(meant) => finding.help(format!("did you mean `{meant}`?")),
                None => finding.help(format!("the values are `{}` and `{}`", known[0], known[1])),
            };
            found.push(match sole(value, known) {
                Some(meant) => finding.replace(format!("Replace with `{meant}`"), value.span, meant),
                None => finding,
            });
        }
    }
}
