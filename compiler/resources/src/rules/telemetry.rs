//! Telemetry that Istio refuses, or of which it takes a part.

use meshc_diagnostics::{Diagnostic, Severity, declare_rule};

use crate::Object;
use crate::istio::{TagOperation, Telemetry};

declare_rule! {
    /// ## What it does
    /// Finds filters of access logs that are no expression in CEL, tags of metrics without a value (or with one where the tag is removed), tags of spans without a name, and
    /// (as a warning) several `tracing` blocks or tracing providers, of which Istio takes the first.
    ///
    /// ## What happens to traffic
    /// Istio's webhook refuses the Telemetry; no logs, metrics or spans change.
    ///
    /// ## Example
    /// ```yaml
    /// metrics:
    ///   - overrides:
    ///       - tagOverrides: {version: {operation: UPSERT}}
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// metrics:
    ///   - overrides:
    ///       - tagOverrides: {version: {value: "request.headers['x-version']"}}
    /// ```
    ///
    /// ## Covers
    /// IST0106 (what Istio's webhook refuses) and IST0133 (what Istio's webhook warns of).
    pub TELEMETRY = "MC0470", "telemetry-value", Error, Document,
    "Telemetry that Istio refuses",
    ["IST0106", "IST0133"]
}

/// `ValidateTelemetry`, but for what the definition says.
pub(crate) fn check(object: &Object<Telemetry>, found: &mut Vec<Diagnostic>) {
    for over in object.spec.metrics.iter().flat_map(|metrics| &metrics.overrides) {
        for (name, tag) in &over.tag_overrides {
            let operation = tag.operation.as_ref().map(|operation| operation.value).unwrap_or_default();
            let value = tag.value.value.as_ref().is_some_and(|value| !value.is_empty());
            let why = match operation {
                TagOperation::Upsert if !value => "needs a value",
                TagOperation::Remove if value => "is removed and has a value",
                _ => continue,
            };
            let message = format!("the tag `{}` {why}: Istio refuses the Telemetry", name.value);
            found.push(object.finding(&TELEMETRY, tag.span, message));
        }
    }
    for filter in object.spec.access_logging.iter().filter_map(|logging| logging.filter.as_ref()) {
        let expression = filter.expression.as_ref();
        if let Some(flaw) = meshc_schema::rule_flaw(expression.map_or("", |expression| expression.as_str())) {
            let message = format!("the filter is no expression in CEL ({flaw}): Istio refuses the Telemetry");
            let span = expression.map_or(filter.span, |expression| expression.span);
            found.push(object.finding(&TELEMETRY, span, message));
        }
    }
    if let Some(second) = object.spec.tracing.get(1) {
        let message = "Istio takes one block of `tracing` only: it merges them into one, the last value wins";
        found.push(object.finding(&TELEMETRY, second.span, message).severity(Severity::Warning));
    }
    for tracing in &object.spec.tracing {
        if let Some(second) = tracing.providers.get(1) {
            let message = "spans go to one provider only: this one is left aside";
            found.push(object.finding(&TELEMETRY, second.span, message).severity(Severity::Warning));
        }
        for name in tracing.custom_tags.keys().filter(|name| name.is_empty()) {
            let message = "a tag of spans needs a name: Istio refuses the Telemetry";
            found.push(object.finding(&TELEMETRY, name.span, message));
        }
    }
}
