//! A mesh that follows edits whose consequences stay where they are: the same names mean the same things afterwards, so
//! that nothing else is resolved again.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use meshc_resources::{Object, Resources, istio, kubernetes};

use super::{endpoints, virtual_services};
use crate::{Mesh, Pod, Policies, Registry, Semantics, Service, VirtualService};

/// The label that a slice names its service by.
const SERVICE: &str = "kubernetes.io/service-name";

impl Mesh {
    /// Takes in that a VirtualService says something else; it as it was and as it is. None where more follows from it
    /// than its own routes: then the mesh is to be made anew.
    pub fn replace_virtual_service(
        &mut self,
        before: &Object<istio::VirtualService>,
        after: &Object<istio::VirtualService>,
    ) -> Option<(Arc<VirtualService>, Arc<VirtualService>)> {
        let alone = |object: &Object<istio::VirtualService>| {
            !object.spec.hosts.is_empty() && object.spec.http.iter().all(|route| route.delegate.is_none())
        };
        if !alone(before) || !alone(after) || !self.config.written.discovery_selectors.is_empty() {
            return None;
        }
        let is_it = |by: &Arc<VirtualService>| {
            by.semantics == Semantics::Istio
                && by.meta.name == after.name()
                && by.meta.namespace == after.namespace()
        };
        let place = self.virtual_services.iter().position(is_it)?;
        if self.virtual_services.iter().skip(place + 1).any(is_it) {
            return None;
        }
        let mut found = Vec::new();
        let default = self.config.virtual_service_export_to();
        let new = virtual_services::root(after, &BTreeMap::new(), &default, &mut found);
        let slot = self.virtual_services.get_mut(place)?;
        let stays = slot.meta.created == new.meta.created && slot.gateways == new.gateways;
        if !stays || !found.is_empty() {
            return None;
        }
        let new = Arc::new(new);
        Some((std::mem::replace(slot, Arc::clone(&new)), new))
    }

    /// Takes in that an EndpointSlice, which `resources` has already, says something else; its service as it was and as
    /// it is. None where that is more than other endpoints of one service.
    pub fn replace_endpoints(
        &mut self,
        resources: &Resources,
        before: &Object<kubernetes::EndpointSlice>,
        after: &Object<kubernetes::EndpointSlice>,
    ) -> Option<(Arc<Service>, Arc<Service>)> {
        let name = after.metadata.label(SERVICE)?;
        let others = resources.endpoints.is_empty() && resources.workload_entries.is_empty();
        let seen = self.config.written.discovery_selectors.is_empty();
        if before.metadata.label(SERVICE) != Some(name) || !others || !seen {
            return None;
        }
        let is_it = |service: &Arc<Service>| {
            service.registry == Registry::Kubernetes
                && service.name == name
                && service.namespace() == after.namespace()
        };
        let place = self.services.iter().position(is_it)?;
        if self.services.iter().skip(place + 1).any(is_it) {
            return None;
        }
        let of_service = |slice: &&Object<kubernetes::EndpointSlice>| {
            slice.namespace() == after.namespace() && slice.metadata.label(SERVICE) == Some(name)
        };
        let slices: Vec<_> = resources.endpoint_slices.iter().filter(of_service).collect();
        let (by_name, by_ip) = self.pods_behind(&slices);
        let mut service = Service::clone(self.services.get(place)?);
        service.endpoints = endpoints::of_slices(&service, &slices, &by_name, &by_ip, &self.networks);
        service.endpoints.sort_by_key(|endpoint| endpoint.service_port);
        let new = Arc::new(service);
        let slot = self.services.get_mut(place)?;
        Some((std::mem::replace(slot, Arc::clone(&new)), new))
    }

    /// Takes in that policies, which `resources` has already, say something else.
    pub fn replace_policies(&mut self, resources: &Resources) -> Option<()> {
        if !self.config.written.discovery_selectors.is_empty() {
            return None;
        }
        self.policies = Policies::new(resources, self.config.root_namespace());
        Some(())
    }

    /// The pods that slices name, and those at their addresses.
    fn pods_behind(
        &self,
        slices: &[&Object<kubernetes::EndpointSlice>],
    ) -> (HashMap<(&str, &str), &Pod>, HashMap<&str, &Pod>) {
        let mut by_name = HashMap::new();
        let mut addresses = BTreeSet::new();
        for (slice, endpoint) in
            slices.iter().flat_map(|slice| slice.spec.endpoints.iter().map(move |e| (slice, e)))
        {
            let target =
                endpoint.target_ref.as_ref().filter(|t| t.kind.as_ref().is_some_and(|k| k.value == "Pod"));
            let named = target.and_then(|target| {
                let namespace = target.namespace.as_ref().map_or(slice.namespace(), |n| n.value.as_str());
                self.pod(namespace, target.name.as_ref()?.value.as_str())
            });
            match named {
                Some(pod) => {
                    by_name.insert((pod.namespace.as_str(), pod.name.as_str()), pod);
                }
                None => addresses.extend(endpoint.addresses.iter().map(|address| address.value.as_str())),
            }
        }
        let mut by_ip = HashMap::new();
        if !addresses.is_empty() {
            for pod in self.pods.iter().filter(|pod| addresses.contains(pod.ip.as_str())) {
                by_ip.insert(pod.ip.as_str(), pod);
            }
        }
        (by_name, by_ip)
    }

    /// The pod of this name; of several the last.
    pub fn pod(&self, namespace: &str, name: &str) -> Option<&Pod> {
        let key = |pod: &Pod| (pod.namespace.as_str(), pod.name.as_str()) <= (namespace, name);
        let found = self.pods.partition_point(key).checked_sub(1).and_then(|at| self.pods.get(at));
        found.filter(|pod| pod.namespace == namespace && pod.name == name)
    }
}
