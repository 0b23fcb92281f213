//! What a proxy sees: services, VirtualServices and DestinationRules by `exportTo` and, for sidecars, by the Sidecar
//! that holds for them, in the order in which Istio considers them (`SidecarScope` of `pilot/pkg/model/sidecar.go`).

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::hostname::{MESH_GATEWAY, is_wildcard, most_specific};
use crate::sidecar::{EgressSpec, Imports, Sidecar};
use crate::views::Views;
use crate::{DestinationRule, Mesh, Registry, Service, VirtualService};

/// The mesh from one namespace, through one Sidecar.
#[derive(Debug, Clone)]
pub struct View {
    /// The namespace.
    pub namespace: String,
    /// The Sidecar that reduces it, if any.
    pub sidecar: Option<Arc<Sidecar>>,
    /// What is reached by the ports that the Sidecar has listeners of its own for, in its order.
    pub listeners: Vec<Arc<Egress>>,
    /// What is reached by all other ports; nothing where the Sidecar has no listener for them.
    pub catch_all: Arc<Egress>,
    /// One service for each host: what destinations and clusters mean. Namespaces that see the same have one list in
    /// memory.
    pub hosts: Arc<Vec<Arc<Service>>>,
    by_host: Arc<HashMap<String, usize>>,
}

/// What is reached by one listener.
#[derive(Debug, Clone, Default)]
pub struct Egress {
    /// The Sidecar's listener; none without a Sidecar.
    pub spec: Option<EgressSpec>,
    /// Every service in Istio's order, several with one host only if they are of one namespace.
    pub services: Vec<Arc<Service>>,
    /// The VirtualServices.
    pub virtual_services: Vec<Arc<VirtualService>>,
    /// Whether many namespaces see this very one.
    pub common: bool,
    /// For each service, the VirtualService whose host covers it most closely.
    closest: HashMap<String, Arc<VirtualService>>,
}

// === impl View ===

impl View {
    /// What the sidecars of `namespace` see for which this Sidecar holds.
    pub(crate) fn of_sidecars(views: &Views<'_>, namespace: &str, sidecar: Option<&Arc<Sidecar>>) -> Self {
        let mesh = views.mesh;
        let specs = sidecar.map(|sidecar| sidecar.egress.as_slice()).unwrap_or_default();
        let mut listeners = Vec::with_capacity(specs.len());
        let mut catch_all = None;
        let mut hosts = ByHost::default();
        for spec in specs {
            let imports = Imports::new(spec.hosts.iter().map(|host| host.value.as_str()), namespace);
            let egress = Arc::new(Egress::new(views, namespace, &imports, Some(spec)));
            hosts.import(mesh, namespace, &egress);
            if spec.port.is_some() {
                listeners.push(egress);
            } else {
                catch_all.get_or_insert(egress);
            }
        }
        if specs.is_empty() {
            let egress = Arc::new(Egress::new(views, namespace, &Imports::everything(), None));
            hosts.import(mesh, namespace, &egress);
            catch_all = Some(egress);
        }
        Self {
            namespace: namespace.to_owned(),
            sidecar: sidecar.cloned(),
            listeners,
            catch_all: catch_all.unwrap_or_default(),
            hosts: Arc::new(hosts.list),
            by_host: Arc::new(hosts.places),
        }
    }

    /// What gateways of `namespace` see.
    pub(crate) fn of_gateways(mesh: &Mesh, namespace: &str) -> Self {
        let services = mesh.services_visible_to(namespace);
        let mut hosts = ByHost::default();
        for service in &services {
            hosts.add(service);
        }
        let virtual_services = mesh.virtual_services_for(MESH_GATEWAY, namespace);
        let closest = closest(&virtual_services, &services);
        Self {
            namespace: namespace.to_owned(),
            sidecar: None,
            listeners: Vec::new(),
            catch_all: Arc::new(Egress { spec: None, services, virtual_services, common: false, closest }),
            hosts: Arc::new(hosts.list),
            by_host: Arc::new(hosts.places),
        }
    }

    /// As a proxy sees it that answers DNS: hosts without an address have the one that Istio gives them.
    #[must_use]
    pub fn with_auto_addresses(&self) -> Self {
        let mut known: HashMap<*const Service, Arc<Service>> = HashMap::new();
        let mut addressed = |service: &Arc<Service>| {
            if service.auto_addresses.is_empty() {
                return Arc::clone(service);
            }
            let new = || {
                let addresses = service.auto_addresses.clone();
                Arc::new(Service { addresses, ..Service::clone(service) })
            };
            Arc::clone(known.entry(Arc::as_ptr(service)).or_insert_with(new))
        };
        let mut egress = |of: &Arc<Egress>| {
            let services = of.services.iter().map(&mut addressed).collect();
            Arc::new(Egress { services, common: false, ..Egress::clone(of) })
        };
        let listeners = self.listeners.iter().map(&mut egress).collect();
        let catch_all = egress(&self.catch_all);
        let hosts = Arc::new(self.hosts.iter().map(&mut addressed).collect());
        Self { listeners, catch_all, hosts, ..self.clone() }
    }

    /// The service that a host means here.
    pub fn service(&self, host: &str) -> Option<&Arc<Service>> {
        self.by_host.get(host).and_then(|&index| self.hosts.get(index))
    }

    /// The DestinationRule that callers with these labels follow for a service here.
    pub fn destination_rule<'m>(
        &self,
        mesh: &'m Mesh,
        labels: &BTreeMap<String, String>,
        service: &Service,
    ) -> Option<&'m Arc<DestinationRule>> {
        mesh.destination_rules.rule(&self.namespace, labels, service)
    }

    /// The listener that serves a port: one of its own, else that for all others. None where there is neither.
    pub fn egress(&self, port: u16) -> Option<&Arc<Egress>> {
        let own = self.listeners.iter().find(|egress| egress.port() == Some(port));
        own.or_else(|| self.has_catch_all().then_some(&self.catch_all))
    }

    /// Whether ports without a listener of their own are served.
    pub fn has_catch_all(&self) -> bool {
        self.sidecar.as_ref().is_none_or(|sidecar| {
            sidecar.egress.is_empty() || sidecar.egress.iter().any(|listener| listener.port.is_none())
        })
    }
}

// === impl Egress ===

impl Egress {
    fn new(views: &Views<'_>, namespace: &str, imports: &Imports, spec: Option<&EgressSpec>) -> Self {
        let required = spec.and_then(EgressSpec::required_port);
        let imported = views
            .services(imports, namespace)
            .into_iter()
            .filter(|service| imports.has_service(service.namespace(), &service.hostname))
            .filter_map(|service| match required {
                Some(port) => with_ports(&service, |number| number == port),
                None => Some(service),
            })
            .map(|service| with_aliases(service, imports));
        let services = of_one_namespace(imported.collect(), namespace);
        let mut virtual_services = views.virtual_services(imports, namespace);
        virtual_services.retain(|by| imports.has_virtual_service(by));
        let closest = closest(&virtual_services, &services);
        Self { spec: spec.cloned(), services, virtual_services, common: false, closest }
    }

    /// The VirtualService whose host covers this service most closely.
    pub fn closest_virtual_service(&self, host: &str) -> Option<&Arc<VirtualService>> {
        self.closest.get(host)
    }

    /// The port of a listener of a port; 0 for a Unix socket.
    pub fn port(&self) -> Option<u16> {
        Some(self.spec.as_ref()?.port.as_ref()?.number)
    }
}

/// A service with those of its ports that are wanted; none without any.
fn with_ports(service: &Arc<Service>, wanted: impl Fn(u16) -> bool) -> Option<Arc<Service>> {
    if service.ports.iter().all(|port| wanted(port.number)) {
        return Some(Arc::clone(service)).filter(|service| !service.ports.is_empty());
    }
    let mut part = Service::clone(service);
    part.ports.retain(|port| wanted(port.number));
    part.endpoints.retain(|endpoint| wanted(endpoint.service_port));
    (!part.ports.is_empty()).then(|| Arc::new(part))
}

/// A service with those of its other names that are imported too.
fn with_aliases(service: Arc<Service>, imports: &Imports) -> Arc<Service> {
    let is_imported = |alias: &String| imports.has_service(service.namespace(), alias);
    if service.aliases.iter().all(is_imported) {
        return service;
    }
    let aliases = service.aliases.iter().filter(|alias| is_imported(alias)).cloned().collect();
    Arc::new(Service { aliases, ..Service::clone(&service) })
}

/// The services of one namespace for each host: the caller's own, else Kubernetes's, else the first.
fn of_one_namespace(mut services: Vec<Arc<Service>>, namespace: &str) -> Vec<Arc<Service>> {
    let mut owners: HashMap<String, Arc<Service>> = HashMap::with_capacity(services.len());
    let mut several = false;
    for service in &services {
        let preferred = |old: &Service| {
            service.namespace() == namespace
                || (old.registry == Registry::External
                    && service.registry == Registry::Kubernetes
                    && old.namespace() != namespace)
        };
        match owners.get_mut(&service.hostname) {
            Some(owner) => {
                several = true;
                if preferred(owner) {
                    *owner = Arc::clone(service);
                }
            }
            None => {
                owners.insert(service.hostname.clone(), Arc::clone(service));
            }
        }
    }
    if several {
        services.retain(|service| {
            owners.get(&service.hostname).is_some_and(|owner| owner.namespace() == service.namespace())
        });
    }
    services
}

/// One service for each host: Kubernetes before ServiceEntries, else the first, with the ports of others of the same
/// namespace and kind added to it.
#[derive(Debug, Default)]
struct ByHost {
    list: Vec<Arc<Service>>,
    places: HashMap<String, usize>,
}

impl ByHost {
    /// Adds the services of a listener, and those that its VirtualServices route to.
    fn import(&mut self, mesh: &Mesh, namespace: &str, egress: &Egress) {
        for service in &egress.services {
            self.add(service);
        }
        let required = egress.spec.as_ref().and_then(EgressSpec::required_port);
        for by in &egress.virtual_services {
            // Most are there already, whole.
            if by.hosts_of_destinations().all(|host| self.has_whole(mesh, namespace, host)) {
                continue;
            }
            for (host, ports) in by.destinations(namespace) {
                let Some(service) = destination(mesh, namespace, host) else { continue };
                let part = match required {
                    Some(port) => with_ports(service, |number| number == port),
                    None if ports.contains(&0) => Some(Arc::clone(service)),
                    None => with_ports(service, |number| ports.contains(&number)),
                };
                if let Some(part) = part {
                    self.add(&part);
                }
            }
        }
    }

    /// Whether the service that a route means by a host is there with all of its ports, or there is none.
    fn has_whole(&self, mesh: &Mesh, namespace: &str, host: &str) -> bool {
        let known = self.places.get(host).and_then(|&at| self.list.get(at));
        destination(mesh, namespace, host)
            .is_none_or(|service| known.is_some_and(|known| Arc::ptr_eq(known, service)))
    }

    fn add(&mut self, service: &Arc<Service>) {
        let Some(existing) = self.places.get(&service.hostname).and_then(|&at| self.list.get_mut(at)) else {
            self.places.insert(service.hostname.clone(), self.list.len());
            self.list.push(Arc::clone(service));
            return;
        };
        if Arc::ptr_eq(existing, service) {
            return;
        }
        match (existing.registry, service.registry) {
            (Registry::Kubernetes, Registry::External) => {}
            (Registry::External, Registry::Kubernetes) => *existing = Arc::clone(service),
            _ if mergeable(existing, service) => {
                let is_new = |number: u16| existing.port(number).is_none();
                let missing: Vec<_> =
                    service.ports.iter().filter(|port| is_new(port.number)).cloned().collect();
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
}

/// The service that a route of a namespace means by a host: its own, else Kubernetes's, else the oldest that it sees.
fn destination<'m>(mesh: &'m Mesh, namespace: &str, host: &str) -> Option<&'m Arc<Service>> {
    if let Some(own) = mesh.service(host, namespace) {
        return Some(own);
    }
    let seen = mesh.services_of(host).filter(|service| service.is_visible_to(namespace));
    seen.min_by_key(|service| (service.registry, service.meta.created))
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
