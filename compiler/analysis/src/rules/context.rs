//! What the mesh rules look up: services by host, and how a written name is understood.

use std::collections::BTreeMap;
use std::sync::Arc;

use meshc_mesh::hostname::{is_covered, is_wildcard, qualify};
use meshc_mesh::{Mesh, Service};
use meshc_resources::Resources;
use meshc_syntax::suggest::nearest;

/// The resources with an index of the services.
pub(super) struct Context<'a> {
    pub(super) resources: &'a Resources,
    pub(super) mesh: &'a Mesh,
    by_host: BTreeMap<&'a str, Vec<&'a Arc<Service>>>,
}

/// What a host means where it is written.
pub(super) enum Found<'a> {
    /// These services, several for a wildcard.
    Services(Vec<&'a Arc<Service>>),
    /// Services that the namespace does not see.
    NotExported(&'a Arc<Service>),
    /// No service, but one with this wildcard as its host covers the name.
    Wildcard(&'a Arc<Service>),
    /// Nothing.
    Nothing,
}

impl<'a> Context<'a> {
    pub(super) fn new(resources: &'a Resources, mesh: &'a Mesh) -> Self {
        let mut by_host: BTreeMap<&str, Vec<&Arc<Service>>> = BTreeMap::new();
        for service in &mesh.services {
            by_host.entry(service.hostname.as_str()).or_default().push(service);
        }
        Self { resources, mesh, by_host }
    }

    /// What a host written in a resource of `namespace` means there.
    pub(super) fn find(&self, host: &str, namespace: &str) -> Found<'a> {
        self.find_for(host, namespace, &[namespace])
    }

    /// What a host written in a resource of `namespace` means to the namespaces that follow the resource.
    pub(super) fn find_for(&self, host: &str, namespace: &str, seers: &[&str]) -> Found<'a> {
        let is_seen = |service: &Service| seers.iter().any(|seer| service.is_visible_to(seer));
        let full = qualify(host, namespace);
        let all: Vec<&Arc<Service>> = if is_wildcard(&full) {
            self.mesh.services.iter().filter(|service| is_covered(&service.hostname, &full)).collect()
        } else {
            self.by_host.get(full.as_str()).cloned().unwrap_or_default()
        };
        let (seen, unseen): (Vec<_>, Vec<_>) = all.into_iter().partition(|service| is_seen(service));
        if !seen.is_empty() {
            return Found::Services(seen);
        }
        if let Some(first) = unseen.first() {
            return Found::NotExported(first);
        }
        let wildcards = self.by_host.range("*"..).take_while(|(host, _)| is_wildcard(host));
        let mut covering = wildcards.filter(|(host, _)| is_covered(&full, host)).flat_map(|(_, all)| all);
        match covering.find(|service| is_seen(service)) {
            Some(service) => Found::Wildcard(service),
            None => Found::Nothing,
        }
    }

    /// The one service that requests to a host reach: the namespace's own, else the first.
    pub(super) fn service(&self, host: &str, namespace: &str) -> Option<&'a Arc<Service>> {
        match self.find(host, namespace) {
            Found::Services(services) if !is_wildcard(host) => {
                let own = services.iter().find(|service| service.namespace() == namespace);
                own.or_else(|| services.first()).copied()
            }
            _ => None,
        }
    }

    /// The name that was probably meant, as it would be written in `namespace`.
    pub(super) fn meant(&self, host: &str, namespace: &str) -> Option<String> {
        // `reviews.shop` is no short form in Istio, and a service of another namespace needs its full name.
        let start = format!("{}.", host.trim_end_matches('.'));
        let full = |service: &&Arc<Service>| {
            service.is_visible_to(namespace) && service.hostname.starts_with(&start)
        };
        if let Some(service) = self.mesh.services.iter().find(full) {
            return Some(service.hostname.clone());
        }
        let seen = self.mesh.services.iter().filter(|service| service.is_visible_to(namespace));
        if host.contains('.') {
            return nearest(host, seen.map(|service| service.hostname.as_str())).map(ToOwned::to_owned);
        }
        let own =
            seen.filter(|s| s.namespace() == namespace && s.hostname != s.name).map(|s| s.name.as_str());
        nearest(host, own).map(ToOwned::to_owned)
    }
}
