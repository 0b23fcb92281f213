//! The whole resolved world and the questions that it answers.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use meshc_diagnostics::Diagnostic;
use meshc_resources::Resources;
use meshc_settings::{External, Settings};

use crate::build::{self, GatewaysOfPods};
use crate::{
    DestinationRules, Gateway, MeshConfig, Mtls, MtlsMode, Namespace, Pod, Policies, Semantics, Service,
    Sidecars, TargetPort, View, VirtualService, Workload,
};

/// The mesh that all resources together declare.
#[derive(Debug, Clone, Default)]
pub struct Mesh {
    /// Every namespace that is declared, by name; others that resources live in get sidecars as if unlabelled.
    pub namespaces: BTreeMap<String, Namespace>,
    /// In Istio's order: oldest first, then by name and namespace.
    pub services: Vec<Arc<Service>>,
    /// Sorted by namespace, then name.
    pub workloads: Vec<Workload>,
    /// Sorted by namespace, then name.
    pub pods: Vec<Pod>,
    /// Those with hosts, in Istio's order.
    pub virtual_services: Vec<Arc<VirtualService>>,
    /// By who declares and who sees them.
    pub destination_rules: DestinationRules,
    /// By namespace and workload.
    pub sidecars: Sidecars,
    /// The settings of the whole mesh.
    pub config: MeshConfig,
    /// Which endpoints are in which network, and how networks reach each other.
    pub networks: crate::Networks,
    /// In Istio's order.
    pub gateways: Vec<Arc<Gateway>>,
    /// Who may connect and ask.
    pub policies: Policies,
    /// What the Gateway API's objects are told, in the order of their kinds, then of the resources.
    pub statuses: Vec<crate::ObjectStatus>,
    /// What was found while names were resolved.
    pub diagnostics: Vec<Diagnostic>,
    /// What lives elsewhere.
    pub external: External,
    /// The namespaces that the tree holds a Service of.
    pub(crate) inhabited: BTreeSet<String>,
    /// For each pod, the gateways that select it, as indices of `gateways`.
    pub(crate) gateways_of_pods: GatewaysOfPods,
    /// For each pod, the services that select it, as indices of `services`, oldest first.
    pub(crate) services_of_pods: Vec<Vec<usize>>,
    /// The VirtualServices of each gateway, as indices.
    pub(crate) by_gateway: BTreeMap<String, Vec<usize>>,
    /// The services of each host, as indices.
    pub(crate) by_host: HashMap<String, Vec<usize>>,
}

/// A port of a pod that a service leads to.
#[derive(Debug, Clone)]
pub struct Target {
    /// The service.
    pub service: Arc<Service>,
    /// Which of its ports, as an index.
    pub port: usize,
    /// The pod's port.
    pub target_port: u16,
}

impl Mesh {
    /// Resolves all names of a set of resources. The order of files does not matter.
    pub fn new(resources: &Resources) -> Self {
        Self::within(resources, &Settings::default())
    }

    /// As [`Mesh::new`], in a world of which the settings say what lives elsewhere and what Istio's installation brings.
    pub fn within(resources: &Resources, settings: &Settings) -> Self {
        build::mesh(resources, settings)
    }

    /// What the gateways of a namespace see.
    pub fn gateway_view(&self, namespace: &str) -> View {
        View::of_gateways(self, namespace)
    }

    /// The services that a namespace sees: those exported to it by name first, then the public ones.
    pub fn services_visible_to(&self, namespace: &str) -> Vec<Arc<Service>> {
        visible(&self.services, namespace)
    }

    /// The VirtualServices that a gateway (`mesh` or `NAMESPACE/NAME`) of a namespace follows, in Istio's
    /// order: private ones first, then those exported to it by name, then the public ones.
    pub fn virtual_services_for(&self, gateway: &str, namespace: &str) -> Vec<Arc<VirtualService>> {
        seen_in_order(self.virtual_services_of(gateway), namespace)
    }

    /// All VirtualServices of a gateway, whoever sees them, in Istio's order.
    pub(crate) fn virtual_services_of(&self, gateway: &str) -> impl Iterator<Item = &Arc<VirtualService>> {
        let all = self.by_gateway.get(gateway).map(Vec::as_slice).unwrap_or_default();
        all.iter().filter_map(|&index| self.virtual_services.get(index))
    }

    /// The service with this host in this namespace; a Kubernetes Service before a ServiceEntry.
    pub fn service(&self, host: &str, namespace: &str) -> Option<&Arc<Service>> {
        let of_host = self.by_host.get(host)?.iter().filter_map(|&index| self.services.get(index));
        of_host.filter(|service| service.namespace() == namespace).min_by_key(|service| service.registry)
    }

    /// The service that a setting of the mesh names, `HOST` or `NAMESPACE/HOST`; none where the host is in several
    /// namespaces (Istio's `LookupCluster`).
    pub fn named_service(&self, name: &str) -> Option<&Arc<Service>> {
        if let Some((namespace, host)) = name.split_once('/') {
            return self.service(host, namespace);
        }
        let mut services = self.services_of(name);
        let namespace = services.next()?.namespace();
        if services.any(|service| service.namespace() != namespace) {
            None
        } else {
            self.service(name, namespace)
        }
    }

    /// All services with this host, in Istio's order.
    pub fn services_of(&self, host: &str) -> impl Iterator<Item = &Arc<Service>> {
        let places = self.by_host.get(host).map(Vec::as_slice).unwrap_or_default();
        places.iter().filter_map(|&index| self.services.get(index))
    }

    /// Whether every namespace sees all services, and each host is one: nothing is exported to some, and no Sidecar reduces
    /// what anyone sees.
    pub fn everyone_sees_everything(&self) -> bool {
        self.sidecars.is_empty()
            && self.services.iter().all(|service| service.export_to.is_public())
            && self.by_host.values().all(|services| services.len() == 1)
    }

    /// The gateway called `NAMESPACE/NAME`.
    pub fn gateway(&self, key: &str) -> Option<&Arc<Gateway>> {
        self.gateways.iter().find(|gateway| gateway.meta.key() == key)
    }

    /// The gateways that select a pod, in Istio's order.
    pub fn gateways_of(&self, pod: usize) -> impl Iterator<Item = &Arc<Gateway>> {
        let indices = self.gateways_of_pods.get(&pod).map(Vec::as_slice).unwrap_or_default();
        indices.iter().filter_map(|&index| self.gateways.get(index))
    }

    /// The pods of gateways that a Gateway selects.
    pub fn pods_of<'a>(&'a self, gateway: &'a Gateway) -> impl Iterator<Item = &'a Pod> {
        let here = |pod: usize| self.gateways_of(pod).any(|of| std::ptr::eq(of.as_ref(), gateway));
        self.pods.iter().enumerate().filter(move |(index, _)| here(*index)).map(|(_, pod)| pod)
    }

    /// The trust domain of the mesh, then its aliases; never empty.
    pub fn trust_domains(&self) -> Vec<String> {
        let aliases = self.config.trust_domain_aliases();
        std::iter::once(self.config.trust_domain()).chain(aliases).map(ToOwned::to_owned).collect()
    }

    /// Which connections a pod takes.
    pub fn mtls(&self, pod: &Pod) -> Mtls {
        self.policies.mtls(&pod.namespace, &pod.labels)
    }

    /// What one port of a pod takes.
    pub fn mtls_mode(&self, pod: &Pod, port: u16) -> MtlsMode {
        self.mtls(pod).mode(port)
    }

    /// The ports of a pod that services lead to, oldest service first; of one service each port of the pod
    /// once for each protocol.
    pub fn targets(&self, pod: usize) -> Vec<Target> {
        let mut targets = Vec::new();
        let indices = self.services_of_pods.get(pod).map(Vec::as_slice).unwrap_or_default();
        for service in indices.iter().filter_map(|&index| self.services.get(index)) {
            let mut seen = BTreeSet::new();
            for (port, of_service) in service.ports.iter().enumerate() {
                let Some(target_port) = self.pods.get(pod).and_then(|pod| pod.target(&of_service.target))
                else {
                    continue;
                };
                if seen.insert((target_port, of_service.protocol)) {
                    targets.push(Target { service: Arc::clone(service), port, target_port });
                }
            }
        }
        targets
    }
}

impl Pod {
    /// The port that a service's target port means on this pod; none where no container has that name.
    pub fn target(&self, target: &TargetPort) -> Option<u16> {
        match target {
            TargetPort::Number(number) => Some(*number),
            TargetPort::Name(name) => {
                self.ports.iter().find(|port| port.name == *name).map(|port| port.number)
            }
        }
    }
}

/// What has an owner and an `exportTo`.
pub(crate) trait Exported {
    /// Who sees it.
    fn export_to(&self) -> &crate::ExportTo;
    /// The namespace that declares it.
    fn owner(&self) -> &str;
}

impl Exported for Service {
    fn export_to(&self) -> &crate::ExportTo {
        &self.export_to
    }

    fn owner(&self) -> &str {
        self.namespace()
    }
}

impl Exported for VirtualService {
    fn export_to(&self) -> &crate::ExportTo {
        &self.export_to
    }

    fn owner(&self) -> &str {
        &self.meta.namespace
    }
}

/// The items that a namespace sees: those that name it first, then the public ones.
pub(crate) fn visible<'a, T: Exported + 'a>(
    items: impl IntoIterator<Item = &'a Arc<T>>,
    namespace: &str,
) -> Vec<Arc<T>> {
    let (mut named, mut public) = (Vec::new(), Vec::new());
    for item in items {
        if item.export_to().is_public() {
            public.push(Arc::clone(item));
        } else if item.export_to().allows(item.owner(), namespace) {
            named.push(Arc::clone(item));
        }
    }
    named.append(&mut public);
    named
}

/// The VirtualServices of one gateway that a namespace sees, in the order in which it follows them.
pub(crate) fn seen_in_order<'a>(
    all: impl IntoIterator<Item = &'a Arc<VirtualService>>,
    namespace: &str,
) -> Vec<Arc<VirtualService>> {
    let private_first = |v: &Arc<VirtualService>| v.meta.namespace != namespace;
    let mut seen = visible(all, namespace);
    let named = seen.iter().take_while(|v| !v.export_to.is_public()).count();
    // The consumer's own routes of the Gateway API come before those that the service's owner offers.
    let consumers_first =
        |v: &Arc<VirtualService>| v.semantics != Semantics::GatewayApi || v.meta.namespace != namespace;
    if let Some((named, public)) = seen.split_at_mut_checked(named) {
        named.sort_by_key(|v| (private_first(v), consumers_first(v)));
        public.sort_by_key(consumers_first);
    }
    seen
}
