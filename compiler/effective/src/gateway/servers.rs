//! The servers of all Gateways of a pod, by the port that the pod listens on (Istio's `mergeGateways`).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use meshc_diagnostics::Diagnostic;
use meshc_mesh::{Gateway, Mesh, Protocol, Target};
use meshc_resources::istio::Server as Written;
use meshc_source::Span;
use meshc_syntax::de::Spanned;

use crate::rules;

/// On a Service: Gateways name the ports of its pods, never its own.
const NO_TRANSLATION: &str = "experimental.istio.io/disable-gateway-port-translation";

/// One server with its Gateway.
pub(super) struct Server {
    /// The resource.
    pub(super) gateway: Arc<Gateway>,
    /// As written.
    pub(super) written: Spanned<Written>,
    /// The port as written, which names of virtual hosts have.
    pub(super) number: u16,
    /// `HOST` or `NAMESPACE/HOST`, with `.` and `*` resolved.
    pub(super) hosts: Vec<String>,
}

impl Server {
    /// Where its port is written.
    pub(super) fn span(&self) -> Span {
        self.written.port.as_ref().map_or(self.written.span, |port| port.span)
    }

    /// Whether clients are told to use HTTPS.
    pub(super) fn redirects_to_https(&self) -> bool {
        let tls = self.written.tls.as_ref();
        tls.and_then(|tls| tls.https_redirect.as_ref()).is_some_and(|redirect| redirect.value)
    }
}

/// The HTTP servers of a pod by its own port, in the order of their Gateways.
pub(super) fn by_port(mesh: &Mesh, pod: usize, found: &mut Vec<Diagnostic>) -> BTreeMap<u16, Vec<Server>> {
    let targets = mesh.targets(pod);
    let mut merged: BTreeMap<u16, Vec<Server>> = BTreeMap::new();
    let mut tls_hosts: BTreeMap<u16, BTreeSet<String>> = BTreeMap::new();
    for gateway in mesh.gateways_of(pod) {
        for written in &gateway.servers {
            let Some(port) = &written.port else { continue };
            let Some(number) = port.number.as_ref().and_then(|number| u16::try_from(number.value).ok())
            else {
                continue;
            };
            let protocol = port.protocol.as_ref().map_or("", |protocol| protocol.value.as_str());
            if !Protocol::parse(protocol).is_http() {
                // Refused by name when the document was read.
                continue;
            }
            for listens_on in resolve(gateway, number, &targets) {
                let hosts = hosts(written, &gateway.meta.namespace);
                if written.tls.is_some() {
                    let known = tls_hosts.entry(listens_on).or_default();
                    if let Some(host) = hosts.iter().find(|host| known.contains(*host)) {
                        found.push(rules::duplicate_server(gateway, written, host, number));
                        continue;
                    }
                    known.extend(hosts.iter().cloned());
                }
                merged.entry(listens_on).or_default().push(Server {
                    gateway: Arc::clone(gateway),
                    written: written.clone(),
                    number,
                    hosts,
                });
            }
        }
    }
    merged
}

/// The pod's ports behind a port of the Services that select it. Where none has it, a Gateway with a selector means
/// the pod's own port, and one that is bound to a Service nothing.
fn resolve(gateway: &Gateway, number: u16, targets: &[Target]) -> Vec<u16> {
    let has_it =
        |target: &&Target| target.service.ports.get(target.port).is_some_and(|port| port.number == number);
    if gateway.bound.is_some() {
        let bound = targets.iter().filter(|target| gateway.is_bound_to(&target.service)).filter(has_it);
        let ports: BTreeSet<u16> = bound.map(|target| target.target_port).collect();
        return ports.into_iter().collect();
    }
    let named = targets.iter().filter(|target| !target.service.meta.labels.contains_key(NO_TRANSLATION));
    vec![named.filter(has_it).map(|target| target.target_port).next().unwrap_or(number)]
}

/// `./HOST` is of the Gateway's namespace, `*/HOST` of any; `*/*` makes the server one for every host.
fn hosts(written: &Written, namespace: &str) -> Vec<String> {
    let mut hosts = Vec::with_capacity(written.hosts.len());
    for host in &written.hosts {
        match host.split_once('/') {
            Some(("*", "*")) => return vec!["*".to_owned()],
            Some(("*", host)) => hosts.push(host.to_owned()),
            Some((".", host)) => hosts.push(format!("{namespace}/{host}")),
            Some(_) | None => hosts.push(host.value.clone()),
        }
    }
    hosts
}
