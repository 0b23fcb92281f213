//! Routes that no proxy of the tree has, because the workloads and gateways that would follow them live elsewhere: judged
//! on a workload made up for each namespace and gateway concerned.

use std::collections::BTreeSet;

use meshc_diagnostics::Diagnostic;
use meshc_mesh::Mesh;
use meshc_resources::kubernetes::{ServicePort, ServiceSpec};
use meshc_resources::{Kind, Metadata, Object, PodParts, Resources};
use meshc_source::Span;
use meshc_syntax::de::Spanned;
use rustc_hash::FxHashSet;

use super::routes::{Written, all_seen, all_written, judge, of_virtual_services, span};
use crate::reach::{Met, Reached};

/// A name that no resource has, because a name may not begin with a dash.
const PROBE: &str = "-probe";

impl Reached<'_> {
    /// The findings about routes of VirtualServices that no proxy of the tree follows, as [`Reached::check_routes`] has
    /// them for all others. They have no witness: there is no proxy to send one to.
    pub fn check_lone_routes(&self, resources: &Resources, mesh: &Mesh) -> Vec<Diagnostic> {
        check(resources, mesh, self)
    }
}

fn check(resources: &Resources, mesh: &Mesh, reached: &Reached<'_>) -> Vec<Diagnostic> {
    let written = all_written(mesh);
    let mut lists: FxHashSet<usize> = FxHashSet::default();
    let mut followed: FxHashSet<Span> = FxHashSet::default();
    for host in reached.hosts().iter().map(Met::host) {
        if of_virtual_services(host) && lists.insert(host.routes.place()) {
            followed.extend(host.routes.iter().filter_map(span));
        }
    }
    let is_followed = |route: &Written<'_>| followed.contains(&route.span);
    let roots: FxHashSet<Span> =
        written.values().filter(|route| is_followed(route)).map(|route| route.root.meta.span).collect();
    let mut lone: BTreeSet<Span> =
        written.values().map(|route| route.root.meta.span).filter(|root| !roots.contains(root)).collect();
    let mut found = Vec::new();
    for _ in 0..MAX_ROUNDS {
        if lone.is_empty() {
            break;
        }
        let probed = Mesh::new(&with_probes(resources, mesh, &lone));
        let effective = meshc_effective::compile(&probed);
        let mut seen = all_seen(&Reached::of(&effective, of_virtual_services));
        seen.retain(|span, _| written.get(span).is_some_and(|route| lone.contains(&route.root.meta.span)));
        found.extend(judge(&probed, &seen));
        let before = lone.len();
        for span in seen.keys() {
            if let Some(route) = written.get(span) {
                lone.remove(&route.root.meta.span);
            }
        }
        if lone.len() == before {
            break;
        }
    }
    for finding in &mut found {
        finding.witness = None;
    }
    found
}

/// Of several VirtualServices for one host only one is followed: each round judges those that it does not hide, and
/// what is left after so many rounds has a finding of its own.
const MAX_ROUNDS: usize = 8;

/// The resources with a workload in each namespace and for each gateway whose VirtualServices nothing follows, and
/// without all other VirtualServices (but those that are delegates).
fn with_probes(resources: &Resources, mesh: &Mesh, lone: &BTreeSet<Span>) -> Resources {
    let mut all = resources.clone();
    all.virtual_services.retain(|object| object.spec.hosts.is_empty() || lone.contains(&object.name_span()));
    let roots = || mesh.virtual_services.iter().filter(|root| lone.contains(&root.meta.span));
    let namespaces: BTreeSet<&str> = roots().map(|root| root.meta.namespace.as_str()).collect();
    for namespace in namespaces {
        all.pods.push(pod(PROBE, namespace, &[]));
        // Sidecars route hosts that are no service on port 80, once any service has that port.
        all.services.push(service(namespace));
    }
    for gateway in &mesh.gateways {
        let key = gateway.meta.key();
        let named = roots().any(|root| root.gateways.contains(&key));
        if named && !gateway.selector.is_empty() && mesh.pods_of(gateway).next().is_none() {
            let labels: Vec<(&str, &str)> =
                gateway.selector.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
            all.pods.push(pod(&format!("{PROBE}-{}", gateway.meta.name), &gateway.meta.namespace, &labels));
        }
    }
    all
}

fn metadata(name: &str, namespace: &str, labels: &[(&str, &str)]) -> Metadata {
    let mut metadata = Metadata::default();
    metadata.name = Some(Spanned::new(name.to_owned()));
    metadata.namespace = Some(Spanned::new(namespace.to_owned()));
    let text = |text: &str| Spanned::new(text.to_owned());
    metadata.labels = labels.iter().map(|(key, value)| (text(key), text(value))).collect();
    metadata
}

fn pod(name: &str, namespace: &str, labels: &[(&str, &str)]) -> Object<PodParts> {
    Object {
        kind: Kind::Pod,
        metadata: metadata(name, namespace, labels),
        spec: PodParts::default(),
        status: None,
        span: Spanned::new(()).span,
    }
}

fn service(namespace: &str) -> Object<ServiceSpec> {
    let port = ServicePort {
        name: Some(Spanned::new("http".to_owned())),
        port: Some(Spanned::new(80)),
        ..ServicePort::default()
    };
    let spec = ServiceSpec { ports: vec![Spanned::new(port)], ..ServiceSpec::default() };
    Object {
        kind: Kind::Service,
        metadata: metadata(PROBE, namespace, &[]),
        spec,
        status: None,
        span: Spanned::new(()).span,
    }
}
