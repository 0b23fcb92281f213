//! Callers that no condition can name.

use indexmap::IndexMap;
use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_syntax::de::Spanned;

use crate::Object;
use crate::istio::VirtualService;
use crate::names;
use crate::rules::webhook::Refusals;

declare_rule! {
    /// ## What it does
    /// Finds `sourceLabels` that are no labels, and a `sourceNamespace` that is no name of a namespace.
    ///
    /// ## What happens to traffic
    /// Istio's webhook refuses the VirtualService; nothing of it takes effect.
    ///
    /// ## Example
    /// ```yaml
    /// match:
    ///   - sourceLabels: {app: "my app"}
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// match:
    ///   - sourceLabels: {app: my-app}
    /// ```
    ///
    /// ## Covers
    /// IST0106 (what Istio's webhook refuses).
    pub LABEL_MATCH = "MC0261", "label-match", Error, Document,
    "A condition on callers that Istio refuses",
    ["IST0106"]
}

/// Those of all routes.
pub(crate) fn check(object: &Object<VirtualService>, found: &mut Vec<Diagnostic>) {
    let mut refusals = Refusals { object, rule: &LABEL_MATCH, found };
    let spec = &object.spec;
    for condition in spec.http.iter().flat_map(|route| &route.matches) {
        labels(&mut refusals, &condition.source_labels);
        let namespace = condition.source_namespace.as_ref().filter(|namespace| !namespace.is_empty());
        if let Some(namespace) = namespace.filter(|namespace| !names::is_label(namespace)) {
            refusals.at(namespace.span, format!("`{}` is no namespace", namespace.value));
        }
    }
    for condition in spec.tls.iter().flat_map(|route| &route.matches) {
        labels(&mut refusals, &condition.source_labels);
    }
    for condition in spec.tcp.iter().flat_map(|route| &route.matches) {
        labels(&mut refusals, &condition.source_labels);
    }
}

fn labels(refusals: &mut Refusals<'_, VirtualService>, labels: &IndexMap<Spanned<String>, Spanned<String>>) {
    for (key, value) in labels {
        refusals.maybe(key.span, names::label_key(key));
        refusals.maybe(value.span, names::label_value(value));
    }
}
