//! A match on callers that do not exist.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use meshc_diagnostics::{Diagnostic, Severity, declare_rule};
use meshc_resources::Object;
use meshc_resources::istio::VirtualService;
use meshc_settings::ways_out;
use meshc_syntax::de::Spanned;

use crate::rules::context::Context;
use crate::rules::missing::Missing;

declare_rule! {
    /// ## What it does
    /// Finds `sourceLabels` in the matches of VirtualServices that no pod of the tree has, and a `sourceNamespace` that does not
    /// exist.
    ///
    /// ## What happens to traffic
    /// The match holds for no caller: the next route takes the requests.
    ///
    /// ## Example
    /// ```yaml
    /// match:
    ///   - sourceLabels: {app: storefrnt}
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// match:
    ///   - sourceLabels: {app: storefront}
    /// ```
    pub UNKNOWN_CALLER = "MC1557", "unknown-caller", Warning, Mesh,
    "A match on callers that do not exist",
    []
}

/// Every match on callers.
pub(super) fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    for object in &context.resources.virtual_services {
        let spec = &object.spec;
        let http = spec.http.iter().flat_map(|r| &r.matches).map(|m| (&m.source_labels, &m.source_namespace));
        let tls = spec.tls.iter().flat_map(|r| &r.matches).map(|m| (&m.source_labels, &m.source_namespace));
        let tcp = spec.tcp.iter().flat_map(|r| &r.matches).map(|m| (&m.source_labels, &m.source_namespace));
        for (labels, namespace) in http.chain(tls).chain(tcp) {
            let namespace = namespace.as_ref().filter(|namespace| !namespace.is_empty());
            if let Some(written) = namespace.filter(|namespace| !context.has_namespace(namespace)) {
                of_namespace(context, object, written, found);
            } else {
                of_labels(context, object, labels, found);
            }
        }
    }
}

fn of_namespace(
    context: &Context<'_>,
    object: &Object<VirtualService>,
    written: &Spanned<String>,
    found: &mut Vec<Diagnostic>,
) {
    let Some(severity) = Missing::Namespace(written).severity(context, Severity::Warning) else { return };
    let message =
        format!("nothing in this tree shows a namespace `{}`: the match holds for no caller", written.value);
    let finding = object.finding(&UNKNOWN_CALLER, written.span, message).severity(severity);
    let otherwise = format!("declare it; {}", ways_out("namespaces"));
    found.push(context.suggest(finding, written.span, written, context.namespaces(), otherwise));
}

fn of_labels(
    context: &Context<'_>,
    object: &Object<VirtualService>,
    labels: &IndexMap<Spanned<String>, Spanned<String>>,
    found: &mut Vec<Diagnostic>,
) {
    let plain: BTreeMap<String, String> =
        labels.iter().map(|(key, value)| (key.value.clone(), value.value.clone())).collect();
    let is_there = context.pods.any(None, &plain) || context.has_workload_entry(None, &plain);
    // Callers live in other namespaces, too, and those in other trees.
    if labels.is_empty() || is_there || context.mesh.pods.is_empty() {
        return;
    }
    let unknown = labels.iter().find(|(key, value)| {
        let one = BTreeMap::from([(key.value.clone(), value.value.clone())]);
        !context.pods.any(None, &one)
    });
    let Some((key, value)) = unknown.or(labels.first()) else { return };
    let message = format!(
        "no pod of this tree has `{}: {}`: the match holds for none of its callers",
        key.value, value.value
    );
    let values = context.mesh.pods.iter().filter_map(|pod| pod.labels.get(&key.value)).map(String::as_str);
    let finding = object.finding(&UNKNOWN_CALLER, value.span, message);
    found.push(context.suggest(
        finding,
        value.span,
        value,
        values,
        "these are the labels of the callers' pods".to_owned(),
    ));
}
