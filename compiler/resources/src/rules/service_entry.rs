//! Values of ServiceEntries that istiod refuses (`ValidateServiceEntry`).

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_source::Span;
use meshc_syntax::de::Spanned;

use super::workload_entry::{Ports, endpoint};
use super::{export_to, labels};
use crate::istio::{Location, Resolution, ServiceEntry};
use crate::{Object, names};

declare_rule! {
    /// ## What it does
    /// Finds values of a ServiceEntry that no single field's definition forbids: hosts and addresses that are none,
    /// ports that share a name or number or speak an unknown protocol, endpoints that do not fit the resolution, several
    /// hosts on a port whose protocol cannot tell them apart.
    ///
    /// ## What happens to traffic
    /// Istio's webhook refuses the ServiceEntry; nothing of it takes effect.
    ///
    /// ## Example
    /// ```yaml
    /// kind: ServiceEntry
    /// spec:
    ///   hosts: [a.example.com, b.example.com]
    ///   ports: [{number: 3306, name: db, protocol: MYSQL}]
    ///   resolution: DNS
    /// ```
    ///
    /// ## Use instead
    /// One ServiceEntry for each host.
    ///
    /// ## Covers
    /// IST0106 (what Istio's webhook refuses).
    pub SERVICE_ENTRY = "MC0221", "service-entry-value", Error, Document,
    "A value of a ServiceEntry that Istio refuses",
    ["IST0106"]
}

struct Check<'a> {
    object: &'a Object<ServiceEntry>,
    found: &'a mut Vec<Diagnostic>,
}

impl Check<'_> {
    fn wrong(&mut self, path: &str, span: Span, why: Option<String>) {
        if let Some(why) = why {
            let message = format!("`{path}`: {why}; Istio refuses the ServiceEntry");
            self.found.push(self.object.finding(&SERVICE_ENTRY, span, message));
        }
    }
}

/// All of a ServiceEntry.
pub(crate) fn check(object: &Object<ServiceEntry>, found: &mut Vec<Diagnostic>) {
    let spec = &object.spec;
    let mut check = Check { object, found };
    if let Some(selector) = &spec.workload_selector {
        for key in selector.labels.keys() {
            let why = if key.is_empty() {
                Some("a key is empty".to_owned())
            } else {
                key.contains('*').then(|| "a key has a wildcard".to_owned())
            };
            check.wrong("spec.workloadSelector.labels", key.span, why);
        }
    }
    for host in &spec.hosts {
        check.wrong("spec.hosts", host.span, names::wildcard_domain(&host.value));
    }
    for address in &spec.addresses {
        check.wrong("spec.addresses", address.span, names::ip_block(&address.value));
    }
    ports(&mut check);
    resolution(&mut check);
    several_hosts(&mut check);
    export_to::service_entry(object, check.found);
}

fn ports(check: &mut Check<'_>) {
    for (index, port) in check.object.spec.ports.iter().enumerate() {
        let at = format!("spec.ports[{index}]");
        let name = port.name.as_ref().map_or("", |name| name.value.as_str());
        let span = port.name.as_ref().map_or(port.span, |name| name.span);
        let why = (!names::is_label(name)).then(|| format!("`{name}` is no name of a port"));
        check.wrong(&format!("{at}.name"), span, why);
        if let Some(protocol) = &port.protocol {
            check.wrong(&format!("{at}.protocol"), protocol.span, names::protocol(&protocol.value));
        }
    }
}

/// The resolution that is written; NONE where none is.
fn written(spec: &ServiceEntry) -> Resolution {
    spec.resolution.as_ref().map_or(Resolution::None, |resolution| resolution.value)
}

fn resolution(check: &mut Check<'_>) {
    let spec = &check.object.spec;
    let by_name: Vec<&str> =
        spec.ports.iter().map(|port| port.name.as_ref().map_or("", |name| name.value.as_str())).collect();
    match written(spec) {
        Resolution::None => {}
        Resolution::Static => {
            let ports = Ports { of_service: Some(&by_name), names_allowed: false };
            for (index, entry) in spec.endpoints.iter().enumerate() {
                for (span, why) in endpoint(entry, entry.span, &ports) {
                    check.wrong(&format!("spec.endpoints[{index}]"), span, Some(why));
                }
            }
        }
        Resolution::Dns | Resolution::DnsRoundRobin => {
            if spec.endpoints.is_empty() {
                let wrong = spec.hosts.iter().find_map(|host| Some((host.span, names::fqdn(&host.value)?)));
                if let Some((span, why)) = wrong {
                    let why = format!("{why}, and there are no endpoints to look up in its place");
                    check.wrong("spec.hosts", span, Some(why));
                }
            }
            for (index, entry) in spec.endpoints.iter().enumerate() {
                let at = format!("spec.endpoints[{index}]");
                let address = entry.address.as_ref().map_or("", |address| address.value.as_str());
                let span = entry.address.as_ref().map_or(entry.span, |address| address.span);
                let why = names::ip_address(address).and_then(|_| names::fqdn(address));
                check.wrong(&format!("{at}.address"), span, why);
                for (span, why) in labels::wrong(&entry.labels) {
                    check.wrong(&format!("{at}.labels"), span, Some(why));
                }
                for name in entry.ports.keys() {
                    let why = (!by_name.contains(&name.value.as_str()))
                        .then(|| format!("the ServiceEntry has no port `{}`", name.value));
                    check.wrong(&format!("{at}.ports"), name.span, why);
                }
            }
        }
        Resolution::DynamicDns => dynamic(check),
    }
}

fn dynamic(check: &mut Check<'_>) {
    let spec = &check.object.spec;
    for host in &spec.hosts {
        let why = (!host.starts_with('*')).then(|| "DYNAMIC_DNS needs a wildcard".to_owned());
        check.wrong("spec.hosts", host.span, why);
    }
    if let Some(address) = spec.addresses.first() {
        let why = "names have no addresses of their own with DYNAMIC_DNS".to_owned();
        check.wrong("spec.addresses", address.span, Some(why));
    }
    if let Some(entry) = spec.endpoints.first() {
        let why = "the names that requests ask for are looked up with DYNAMIC_DNS".to_owned();
        check.wrong("spec.endpoints", entry.span, Some(why));
    }
    for port in &spec.ports {
        let protocol = port.protocol.as_ref().map_or("", |protocol| protocol.value.as_str());
        let known = ["http", "tls", "grpc", "http2"].contains(&protocol.to_ascii_lowercase().as_str());
        let why = (!known).then(|| "DYNAMIC_DNS is for HTTP, HTTP2, GRPC and TLS".to_owned());
        check.wrong("spec.ports", port.span, why);
    }
    let inside = spec.location.as_ref().filter(|location| location.value == Location::MeshInternal);
    let waypoint = check.object.metadata.label("istio.io/use-waypoint");
    let waypoint = waypoint.filter(|waypoint| !waypoint.is_empty() && !waypoint.eq_ignore_ascii_case("none"));
    if let (Some(location), Some(_)) = (inside, waypoint) {
        let why = "DYNAMIC_DNS within the mesh knows no waypoint".to_owned();
        check.wrong("spec.location", location.span, Some(why));
    }
}

/// Only HTTP and TLS say which host is meant.
fn several_hosts(check: &mut Check<'_>) {
    let spec = &check.object.spec;
    if written(spec) == Resolution::None || spec.hosts.len() < 2 {
        return;
    }
    let told_apart = ["http", "http2", "http_proxy", "grpc", "grpc-web", "https", "tls"];
    let blind = spec.ports.iter().find(|port| {
        let protocol = port.protocol.as_ref().map_or("", |protocol| protocol.value.as_str());
        !told_apart.contains(&protocol.to_ascii_lowercase().as_str())
    });
    if let Some(port) = blind {
        let why = "several hosts cannot be told apart on a port that speaks neither HTTP nor TLS".to_owned();
        check.wrong("spec.ports", port.span, Some(why));
    }
}

/// Text of an optional value.
pub(super) fn text(value: Option<&Spanned<String>>) -> &str {
    value.map_or("", |value| value.value.as_str())
}
