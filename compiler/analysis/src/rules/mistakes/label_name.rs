//! A label that is spelt like one of Istio's.

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_resources::Object;
use meshc_syntax::de::Spanned;
use meshc_syntax::suggest::nearest;

use crate::rules::context::Context;

declare_rule! {
    /// ## What it does
    /// Finds labels of Namespaces and of the templates of workloads that are spelt nearly like one of Istio's:
    /// `istio-injection`, `istio.io/rev`, `istio.io/dataplane-mode`, `istio.io/use-waypoint`, `sidecar.istio.io/inject`.
    ///
    /// ## What happens to traffic
    /// Istio does not see the label: pods get no sidecar, or one that was to be left out.
    ///
    /// ## Example
    /// ```yaml
    /// labels: {istio-injecton: enabled}
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// labels: {istio-injection: enabled}
    /// ```
    ///
    /// ## Fix safety
    /// The fix writes the label that is spelt nearly so.
    pub LABEL_NAME = "MC1574", "label-name", Warning, Mesh,
    "A label that is spelt like one of Istio's",
    []
}

const LABELS: [&str; 5] = [
    "istio-injection",
    "istio.io/rev",
    "istio.io/dataplane-mode",
    "istio.io/use-waypoint",
    "sidecar.istio.io/inject",
];

/// Every Namespace and every workload's template.
pub(super) fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    for object in &context.resources.namespaces {
        found.extend(object.metadata.labels.keys().filter_map(|key| near(object, key)));
    }
    for object in &context.resources.workloads {
        let metadata = object.spec.template.as_ref().map(|template| &template.metadata);
        let keys = metadata.into_iter().flat_map(|metadata| metadata.labels.keys());
        found.extend(keys.filter_map(|key| near(object, key)));
    }
}

fn near<T>(object: &Object<T>, key: &Spanned<String>) -> Option<Diagnostic> {
    if LABELS.contains(&key.value.as_str()) || !key.contains("istio") && !key.contains("sidecar") {
        return None;
    }
    let meant = nearest(key, LABELS)?;
    let message = format!("Istio does not know the label `{}`", key.value);
    let finding = object.finding(&LABEL_NAME, key.span, message).help(format!("did you mean `{meant}`?"));
    Some(finding.replace(format!("Replace with `{meant}`"), key.span, meant))
}
