//! Delegates that Istio refuses.

use std::collections::BTreeSet;

use meshc_diagnostics::{Diagnostic, declare_rule};

use crate::Object;
use crate::istio::VirtualService;
use crate::names;
use crate::rules::webhook::Refusals;

declare_rule! {
    /// ## What it does
    /// Finds VirtualServices without hosts (delegates) with TLS or TCP routes or with delegates of their own, VirtualServices
    /// without any route, and entries of `exportTo` that exclude each other.
    ///
    /// ## What happens to traffic
    /// Istio's webhook refuses the VirtualService; nothing of it takes effect.
    ///
    /// ## Example
    /// ```yaml
    /// http:
    ///   - match: [{uri: {prefix: /a}}]
    ///     delegate: {name: other}
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// http:
    ///   - match: [{uri: {prefix: /a}}]
    ///     route: [{destination: {host: a}}]
    /// ```
    ///
    /// ## Covers
    /// IST0106 (what Istio's webhook refuses).
    pub DELEGATE_SETTINGS = "MC0260", "delegate-settings", Error, Document,
    "A delegate, or a visibility, that Istio refuses",
    ["IST0106"]
}

/// What a VirtualService may be as a whole.
pub(crate) fn check(object: &Object<VirtualService>, found: &mut Vec<Diagnostic>) {
    let spec = &object.spec;
    let mut refusals = Refusals { object, rule: &DELEGATE_SETTINGS, found };
    if spec.hosts.is_empty() {
        if let Some(first) = spec.tls.first() {
            refusals.at(first.span, "a VirtualService without hosts, a delegate, cannot have TLS routes");
        }
        if let Some(first) = spec.tcp.first() {
            refusals.at(first.span, "a VirtualService without hosts, a delegate, cannot have TCP routes");
        }
        for delegate in spec.http.iter().filter_map(|route| route.delegate.as_ref()) {
            refusals.at(delegate.span, "a delegate cannot delegate");
        }
    } else if spec.http.is_empty() && spec.tls.is_empty() && spec.tcp.is_empty() {
        refusals.at(object.name_span(), "there is no `http`, `tls` or `tcp` route");
    }
    export_to(&mut refusals);
}

/// `.`, `*` or names of namespaces, each once; `*` alone.
fn export_to(refusals: &mut Refusals<'_, VirtualService>) {
    let object = refusals.object;
    let mut seen = BTreeSet::new();
    for entry in &object.spec.export_to {
        let namespace = if entry.value == "." { object.namespace() } else { entry.value.as_str() };
        if !seen.insert(namespace) {
            refusals.at(entry.span, format!("`{}` stands there twice", entry.value));
        } else if namespace != "*" && !names::is_label(namespace) {
            refusals.at(entry.span, format!("`{}` is no namespace", entry.value));
        }
    }
    let all = object.spec.export_to.iter().find(|entry| entry.value == "*");
    if let Some(all) = all.filter(|_| object.spec.export_to.len() > 1) {
        refusals.at(all.span, "`*` cannot stand beside other namespaces");
    }
}
