//! A resource that is for no host.

use meshc_diagnostics::{Diagnostic, declare_rule};

use crate::Object;
use crate::istio::{DestinationRule, Gateway, ServiceEntry, VirtualService};

declare_rule! {
    /// ## What it does
    /// Finds a VirtualService, ServiceEntry or Gateway server without `hosts`, and a DestinationRule without
    /// `host`. A VirtualService without hosts is right when another one delegates to it.
    ///
    /// ## What happens to traffic
    /// Istio's webhook refuses the resource; without the webhook it has no effect.
    ///
    /// ## Example
    /// ```yaml
    /// kind: DestinationRule
    /// spec:
    ///   subsets: []
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// kind: DestinationRule
    /// spec:
    ///   host: reviews
    /// ```
    ///
    /// ## Covers
    /// IST0106 (what Istio's webhook refuses).
    pub HOSTS_MISSING = "MC0206", "hosts-missing", Error, Document,
    "A resource that is for no host",
    ["IST0106"]
}

fn finding<T>(object: &Object<T>, span: meshc_source::Span, what: &str) -> Diagnostic {
    object.finding(&HOSTS_MISSING, span, format!("{what}: Istio refuses the resource, it has no effect"))
}

/// A VirtualService without hosts can only be a delegate, which has no gateways.
pub(crate) fn virtual_service(object: &Object<VirtualService>, found: &mut Vec<Diagnostic>) {
    if object.spec.hosts.is_empty() && (!object.spec.gateways.is_empty() || object.spec.http.is_empty()) {
        found.push(finding(object, object.name_span(), "this VirtualService has no hosts"));
    }
}

/// A DestinationRule has one host.
pub(crate) fn destination_rule(object: &Object<DestinationRule>, found: &mut Vec<Diagnostic>) {
    if object.spec.host.as_ref().is_none_or(|host| host.is_empty()) {
        found.push(finding(object, object.name_span(), "this DestinationRule has no host"));
    }
}

/// A ServiceEntry has at least one host.
pub(crate) fn service_entry(object: &Object<ServiceEntry>, found: &mut Vec<Diagnostic>) {
    if object.spec.hosts.is_empty() {
        found.push(finding(object, object.name_span(), "this ServiceEntry has no hosts"));
    }
}

/// Each server has hosts.
pub(crate) fn gateway(object: &Object<Gateway>, found: &mut Vec<Diagnostic>) {
    if object.spec.servers.is_empty() {
        found.push(finding(object, object.name_span(), "this Gateway has no servers"));
    }
    for server in &object.spec.servers {
        if server.hosts.is_empty() {
            found.push(finding(object, server.span, "this server has no hosts"));
        }
    }
}
