//! The views of many namespaces: what nothing tells apart is made once.

use std::cell::OnceCell;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use crate::hostname::MESH_GATEWAY;
use crate::mesh::{seen_in_order, visible};
use crate::sidecar::{Imports, Sidecar};
use crate::{Mesh, Semantics, Service, View, VirtualService};

/// Makes the views of a mesh.
#[derive(Debug)]
pub struct Views<'m> {
    pub(crate) mesh: &'m Mesh,
    /// Services by the namespace that declares them, as indices.
    services: HashMap<&'m str, Vec<usize>>,
    /// VirtualServices of the mesh by the namespace that declares them, with their places in Istio's order.
    virtual_services: HashMap<&'m str, Vec<(usize, &'m Arc<VirtualService>)>>,
    /// Namespaces that may see something that others do not, or see it otherwise.
    apart: HashSet<&'m str>,
    /// What all others see without a Sidecar.
    common: OnceCell<View>,
}

/// A namespace of nobody's.
const NOBODY: &str = "";

impl<'m> Views<'m> {
    /// Of a mesh.
    pub fn new(mesh: &'m Mesh) -> Self {
        let mut services: HashMap<&str, Vec<usize>> = HashMap::new();
        for (index, service) in mesh.services.iter().enumerate() {
            services.entry(service.namespace()).or_default().push(index);
        }
        let mut virtual_services: HashMap<&str, Vec<(usize, &Arc<VirtualService>)>> = HashMap::new();
        for (place, by) in mesh.virtual_services_of(MESH_GATEWAY).enumerate() {
            virtual_services.entry(&by.meta.namespace).or_default().push((place, by));
        }
        Self { mesh, services, virtual_services, apart: apart(mesh), common: OnceCell::new() }
    }

    /// What the sidecars of a namespace see for which this Sidecar holds.
    pub fn of_sidecars(&self, namespace: &str, sidecar: Option<&Arc<Sidecar>>) -> View {
        let reduces = sidecar.is_some_and(|sidecar| !sidecar.egress.is_empty());
        if reduces || self.apart.contains(namespace) {
            return View::of_sidecars(self, namespace, sidecar);
        }
        let common = self.common.get_or_init(|| {
            let mut view = View::of_sidecars(self, NOBODY, None);
            Arc::make_mut(&mut view.catch_all).common = true;
            view
        });
        let mut view = common.clone();
        namespace.clone_into(&mut view.namespace);
        view.sidecar = sidecar.cloned();
        view
    }

    /// The services that a namespace sees and that may be among these imports, in Istio's order.
    pub(crate) fn services(&self, imports: &Imports, namespace: &str) -> Vec<Arc<Service>> {
        if let Some(named) = imports.exact() {
            return exact_services(self.mesh, namespace, &named);
        }
        let Some(namespaces) = imports.namespaces() else { return self.mesh.services_visible_to(namespace) };
        let mut places: Vec<usize> =
            namespaces.filter_map(|of| self.services.get(of)).flatten().copied().collect();
        places.sort_unstable();
        visible(places.iter().filter_map(|&place| self.mesh.services.get(place)), namespace)
    }

    /// The VirtualServices that a namespace sees and that may be among these imports, in the order in which it follows
    /// them.
    pub(crate) fn virtual_services(&self, imports: &Imports, namespace: &str) -> Vec<Arc<VirtualService>> {
        let Some(namespaces) = imports.namespaces() else {
            return self.mesh.virtual_services_for(MESH_GATEWAY, namespace);
        };
        let mut all: Vec<(usize, &Arc<VirtualService>)> =
            namespaces.filter_map(|of| self.virtual_services.get(of)).flatten().copied().collect();
        all.sort_unstable_by_key(|(place, _)| *place);
        seen_in_order(all.into_iter().map(|(_, by)| by), namespace)
    }
}

/// The namespaces to which something is exported by name, that have a host which others have too, whose routes of the
/// Gateway API they follow alone, or which a route asks its callers to be of.
fn apart(mesh: &Mesh) -> HashSet<&str> {
    let mut apart = HashSet::new();
    for service in mesh.services.iter().filter(|service| !service.export_to.is_public()) {
        apart.extend(service.export_to.named(service.namespace()));
    }
    for services in mesh.by_host.values().filter(|services| services.len() > 1) {
        apart.extend(services.iter().filter_map(|&index| mesh.services.get(index)).map(|s| s.namespace()));
    }
    for by in mesh.virtual_services_of(MESH_GATEWAY) {
        if !by.export_to.is_public() {
            apart.extend(by.export_to.named(&by.meta.namespace));
        }
        if by.semantics == Semantics::GatewayApi {
            apart.insert(by.meta.namespace.as_str());
        }
        apart.extend(by.source_namespaces());
    }
    apart
}

/// The services with these hosts in these namespaces, as far as they are seen.
fn exact_services(mesh: &Mesh, namespace: &str, named: &BTreeSet<(String, String)>) -> Vec<Arc<Service>> {
    let found = named.iter().filter_map(|(of, host)| mesh.service(host, of));
    let mut services: Vec<_> = found.filter(|service| service.is_visible_to(namespace)).cloned().collect();
    services.sort_by(|a, b| {
        let key = |s: &Arc<Service>| (s.meta.created, s.name.clone(), s.namespace().to_owned());
        key(a).cmp(&key(b))
    });
    services
}
