//! What the proxies of one namespace see: services, VirtualServices and DestinationRules by `exportTo`, in
//! the order in which Istio considers them.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::hostname::{is_wildcard, most_specific};
use crate::{DestinationRule, Mesh, Registry, Service, VirtualService};

/// The mesh from one namespace.
#[derive(Debug, Clone)]
pub struct View {
    /// The namespace.
    pub namespace: String,
    /// Every visible service in Istio's order, several with one host only if they are of one namespace.
    pub services: Vec<Arc<Service>>,
    /// One service for each host: what destinations and clusters mean.
    pub hosts: Vec<Arc<Service>>,
    /// The visible VirtualServices for sidecars.
    pub virtual_services: Vec<Arc<VirtualService>>,
    by_host: HashMap<String, usize>,
    /// For each service, the VirtualService whose host covers it most closely.
    closest: HashMap<String, Arc<VirtualService>>,
}

impl View {
    /// What sidecars of `namespace` see.
    pub(crate) fn of_sidecars(mesh: &Mesh, namespace: &str) -> Self {
        let mut owners: HashMap<&str, &Arc<Service>> = HashMap::new();
        let visible = mesh.services_visible_to(namespace);
        for service in &visible {
            // One namespace for each host: the caller's own, else Kubernetes's, else the first.
            let preferred = |old: &Arc<Service>| {
                service.namespace() == namespace
                    || (old.registry == Registry::External
                        && service.registry == Registry::Kubernetes
                        && old.namespace() != namespace)
            };
            owners
                .entry(service.hostname.as_str())
                .and_modify(|owner| {
                    if preferred(owner) {
                        *owner = service;
                    }
                })
                .or_insert(service);
        }
        let services = visible
            .iter()
            .filter(|s| {
                owners.get(s.hostname.as_str()).is_some_and(|owner| owner.namespace() == s.namespace())
            })
            .cloned()
            .collect();
        Self::new(mesh, namespace, services)
    }

    /// What gateways of `namespace` see.
    pub(crate) fn of_gateways(mesh: &Mesh, namespace: &str) -> Self {
        Self::new(mesh, namespace, mesh.services_visible_to(namespace))
    }

    fn new(mesh: &Mesh, namespace: &str, services: Vec<Arc<Service>>) -> Self {
        let (hosts, by_host) = merge_by_host(&services);
        let virtual_services = mesh.virtual_services_for(crate::hostname::MESH_GATEWAY, namespace);
        let closest = closest(&virtual_services, &services);
        Self { namespace: namespace.to_owned(), services, hosts, virtual_services, by_host, closest }
    }

    /// The service that a host means here.
    pub fn service(&self, host: &str) -> Option<&Arc<Service>> {
        self.by_host.get(host).and_then(|&index| self.hosts.get(index))
    }

    /// The VirtualService whose host covers this service most closely.
    pub fn closest_virtual_service(&self, host: &str) -> Option<&Arc<VirtualService>> {
        self.closest.get(host)
    }

    /// The DestinationRule that holds for a service here.
    pub fn destination_rule<'m>(
        &self,
        mesh: &'m Mesh,
        service: &Service,
    ) -> Option<&'m Arc<DestinationRule>> {
        mesh.destination_rules.rule(&self.namespace, service)
    }
}

/// One service for each host: Kubernetes before ServiceEntries, else the first, with the ports of others of
/// the same namespace and kind added to it.
fn merge_by_host(services: &[Arc<Service>]) -> (Vec<Arc<Service>>, HashMap<String, usize>) {
    let mut hosts: Vec<Arc<Service>> = Vec::with_capacity(services.len());
    let mut by_host: HashMap<String, usize> = HashMap::with_capacity(services.len());
    for service in services {
        let Some(existing) = by_host.get(&service.hostname).and_then(|&index| hosts.get_mut(index)) else {
            by_host.insert(service.hostname.clone(), hosts.len());
            hosts.push(Arc::clone(service));
            continue;
        };
        match (existing.registry, service.registry) {
            (Registry::Kubernetes, Registry::External) => {}
            (Registry::External, Registry::Kubernetes) => *existing = Arc::clone(service),
            _ if mergeable(existing, service) => {
                let missing: Vec<_> = service
                    .ports
                    .iter()
                    .filter(|port| existing.port(port.number).is_none())
                    .cloned()
                    .collect();
                if !missing.is_empty() {
                    let merged = Arc::make_mut(existing);
                    let added = service
                        .endpoints
                        .iter()
                        .filter(|e| missing.iter().any(|p| p.number == e.service_port));
                    merged.endpoints.extend(added.cloned());
                    merged.ports.extend(missing);
                }
            }
            _ => {}
        }
    }
    (hosts, by_host)
}

fn mergeable(a: &Service, b: &Service) -> bool {
    a.namespace() == b.namespace()
        && a.resolution == b.resolution
        && a.meta.labels == b.meta.labels
        && a.selector == b.selector
        && a.export_to == b.export_to
}

fn closest(
    virtual_services: &[Arc<VirtualService>],
    services: &[Arc<Service>],
) -> HashMap<String, Arc<VirtualService>> {
    if !virtual_services.iter().flat_map(|by| &by.hosts).any(|host| is_wildcard(&host.value)) {
        // Only wildcard hosts ask for the closest one.
        return HashMap::new();
    }
    let mut by_host: BTreeMap<String, Arc<VirtualService>> = BTreeMap::new();
    for virtual_service in virtual_services {
        for host in &virtual_service.hosts {
            by_host.entry(host.value.clone()).or_insert_with(|| Arc::clone(virtual_service));
        }
    }
    services
        .iter()
        .filter_map(|s| Some((s.hostname.clone(), Arc::clone(most_specific(&s.hostname, &by_host)?.1))))
        .collect()
}
