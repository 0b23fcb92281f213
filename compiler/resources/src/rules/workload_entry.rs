//! Values of WorkloadEntries and WorkloadGroups that istiod refuses.

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_source::Span;

use super::labels;
use super::service_entry::text;
use crate::istio::{WorkloadEntry, WorkloadGroup};
use crate::{Object, names};

declare_rule! {
    /// ## What it does
    /// Finds values of a WorkloadEntry or WorkloadGroup that no single field's definition forbids: an address that is
    /// none, ports with names or numbers that are none, labels that are none, a probe without a method.
    ///
    /// ## What happens to traffic
    /// Istio's webhook refuses the resource: the workload does not become an endpoint.
    ///
    /// ## Example
    /// ```yaml
    /// kind: WorkloadEntry
    /// spec:
    ///   address: vm_1
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// kind: WorkloadEntry
    /// spec:
    ///   address: 10.0.0.7
    /// ```
    ///
    /// ## Covers
    /// IST0106 (what Istio's webhook refuses).
    pub WORKLOAD_ENTRY = "MC0222", "workload-entry-value", Error, Document,
    "A value of a WorkloadEntry or WorkloadGroup that Istio refuses",
    ["IST0106"]
}

/// What the ports and address of an endpoint may be.
pub(super) struct Ports<'a> {
    /// The names of the service's ports, where the endpoint is one of a service.
    pub(super) of_service: Option<&'a [&'a str]>,
    /// Its address can be a name.
    pub(super) names_allowed: bool,
}

/// A WorkloadEntry.
pub(crate) fn entry(object: &Object<WorkloadEntry>, found: &mut Vec<Diagnostic>) {
    let ports = Ports { of_service: None, names_allowed: true };
    for (span, why) in endpoint(&object.spec, object.name_span(), &ports) {
        let message = format!("{why}: Istio refuses the WorkloadEntry");
        found.push(object.finding(&WORKLOAD_ENTRY, span, message));
    }
}

/// A WorkloadGroup.
pub(crate) fn group(object: &Object<WorkloadGroup>, found: &mut Vec<Diagnostic>) {
    let mut wrong = |span: Span, why: String| {
        let message = format!("{why}: Istio refuses the WorkloadGroup");
        found.push(object.finding(&WORKLOAD_ENTRY, span, message));
    };
    for (span, why) in object.spec.metadata.iter().flat_map(|metadata| labels::wrong(&metadata.labels)) {
        wrong(span, why);
    }
    let Some(probe) = &object.spec.probe else { return };
    let methods = [probe.http_get.is_some(), probe.tcp_socket.is_some(), probe.exec.is_some()];
    if !methods.contains(&true) {
        wrong(probe.span, "the probe has none of `httpGet`, `tcpSocket` and `exec`".to_owned());
    }
    if let Some(exec) = probe.exec.as_ref().filter(|exec| exec.command.is_empty()) {
        wrong(exec.span, "the probe's command is empty".to_owned());
    }
    for header in probe.http_get.iter().flat_map(|http| &http.http_headers) {
        if text(header.name.as_ref()).is_empty() {
            wrong(header.span, "a header of the probe has no name".to_owned());
        }
    }
}

/// What is wrong with an endpoint, and where.
pub(super) fn endpoint(entry: &WorkloadEntry, span: Span, ports: &Ports<'_>) -> Vec<(Span, String)> {
    let address = text(entry.address.as_ref());
    let at = entry.address.as_ref().map_or(span, |address| address.span);
    let mut found = Vec::new();
    if address.is_empty() && text(entry.network.as_ref()).is_empty() {
        // What is not there at all is the definition's business.
        let empty = entry.address.is_some() || entry.network.is_some();
        return empty.then(|| (span, "its address is empty".to_owned())).into_iter().collect();
    }
    let socket = address.strip_prefix("unix://");
    if let Some(path) = socket {
        found.extend(names::unix_path(path).map(|why| (at, why)));
        if ports.of_service.is_some_and(|of_service| of_service.len() != 1) {
            found.push((at, "a Unix socket is for a service with exactly one port".to_owned()));
        }
    } else if !address.is_empty() && names::ip_address(address).is_some() {
        let why = if ports.names_allowed {
            names::fqdn(address).map(|_| format!("`{address}` is neither an IP address nor a name"))
        } else {
            names::ip_address(address)
        };
        found.extend(why.map(|why| (at, why)));
    }
    for name in entry.ports.keys() {
        if ports.of_service.is_some_and(|of_service| !of_service.contains(&name.value.as_str())) {
            found.push((name.span, format!("the ServiceEntry has no port `{}`", name.value)));
        }
        if !names::is_label(&name.value) {
            found.push((name.span, format!("`{}` is no name of a port", name.value)));
        }
    }
    found.extend(labels::wrong(&entry.labels));
    found
}
