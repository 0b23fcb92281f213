//! Which pods a service selects, and the endpoints that follow: from EndpointSlices where there are any for
//! the service, else from the pods.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use meshc_resources::{Object, Resources, kubernetes};
use meshc_syntax::de::Spanned;

use super::mirrored;
use super::workload_entries::{Instance, Instances};
use crate::meta::selects;
use crate::place::augmented;
use crate::{Endpoint, Health, Networks, Pod, Registry, Resolution, Service, TargetPort};

/// Services by one pair of their selector, so that a pod asks only the few that may select it.
#[derive(Debug)]
pub(super) struct SelectorIndex<'s> {
    /// By namespace, key and value of the selector's first pair.
    by_pair: HashMap<(&'s str, &'s str, &'s str), Vec<usize>>,
    services: &'s [Service],
}

impl<'s> SelectorIndex<'s> {
    pub(super) fn new(services: &'s [Service]) -> Self {
        let mut by_pair: HashMap<(&str, &str, &str), Vec<usize>> = HashMap::new();
        for (place, service) in services.iter().enumerate() {
            if let Some((key, value)) = service.selector.first_key_value() {
                by_pair.entry((&service.meta.namespace, key, value)).or_default().push(place);
            }
        }
        Self { by_pair, services }
    }

    /// The services that select a pod, by index.
    pub(super) fn selecting(&self, pod: &Pod) -> Vec<usize> {
        let mut found: Vec<usize> = pod
            .labels
            .iter()
            .filter_map(|(key, value)| {
                self.by_pair.get(&(pod.namespace.as_str(), key.as_str(), value.as_str()))
            })
            .flatten()
            .copied()
            .filter(|&index| {
                self.services.get(index).is_some_and(|service| selects(&service.selector, &pod.labels))
            })
            .collect();
        found.sort_unstable();
        found
    }
}

/// Gives every Kubernetes service its endpoints.
pub(super) fn fill(
    resources: &Resources,
    pods: &[Pod],
    services_of_pods: &[Vec<usize>],
    instances: &Instances,
    services: &mut [Service],
) {
    let mirrored = mirrored::slices(resources, services);
    let mut slices: BTreeMap<(&str, &str), Vec<&Object<kubernetes::EndpointSlice>>> = BTreeMap::new();
    for slice in resources.endpoint_slices.iter().chain(&mirrored) {
        if let Some(service) = slice.metadata.label("kubernetes.io/service-name") {
            slices.entry((slice.namespace(), service)).or_default().push(slice);
        }
    }
    // Without slices nobody asks who has a name or an address.
    let asked = if slices.is_empty() { &[] } else { pods };
    let by_name: HashMap<(&str, &str), &Pod> =
        asked.iter().map(|pod| ((pod.namespace.as_str(), pod.name.as_str()), pod)).collect();
    let by_ip: HashMap<&str, &Pod> = asked.iter().map(|pod| (pod.ip.as_str(), pod)).collect();
    let has_slices: Vec<bool> = services
        .iter_mut()
        .filter(|service| service.registry == Registry::Kubernetes)
        .map(|service| match slices.get(&(service.meta.namespace.as_str(), service.name.as_str())) {
            Some(slices) => {
                service.endpoints = of_slices(service, slices, &by_name, &by_ip, &instances.networks);
                true
            }
            None => false,
        })
        .collect();
    for (pod, selecting) in pods.iter().zip(services_of_pods) {
        for &index in selecting.iter().filter(|&&index| has_slices.get(index) == Some(&false)) {
            let Some(service) = services.get_mut(index) else { continue };
            let targets: Vec<_> = service
                .ports
                .iter()
                .filter_map(|port| Some((port.number, pod.target(&port.target)?)))
                .collect();
            let new = targets.into_iter().map(|(service_port, port)| Endpoint {
                service_port,
                address: pod.ip.clone(),
                port,
                ..of_pod(pod)
            });
            service.endpoints.extend(new);
        }
    }
    for service in services.iter_mut().filter(|service| service.registry == Registry::Kubernetes) {
        let selector = service.selector.clone();
        if selector.is_empty() || service.resolution != Resolution::ClientSide {
            continue;
        }
        for instance in instances.of_service(&service.meta.namespace, &selector) {
            let new = service.ports.iter().filter_map(|port| {
                let number = instance_port(instance, &port.name, &port.target)?;
                Some(Endpoint { service_port: port.number, port: number, ..instance.endpoint.clone() })
            });
            let new: Vec<_> = new.collect();
            service.endpoints.extend(new);
        }
    }
    for service in services {
        // By port, then in the order of discovery.
        service.endpoints.sort_by_key(|endpoint| endpoint.service_port);
    }
}

/// The port of a WorkloadEntry behind a Service's: its own of the target's name, or of the Service port's name, else
/// the target's number.
fn instance_port(instance: &Instance, name: &str, target: &TargetPort) -> Option<u16> {
    match target {
        TargetPort::Name(target) => instance.ports.get(target).copied(),
        TargetPort::Number(number) => Some(instance.ports.get(name).copied().unwrap_or(*number)),
    }
}

/// A pod as an endpoint, without ports.
pub(super) fn of_pod(pod: &Pod) -> Endpoint {
    let workload = pod.labels.get("service.istio.io/workload-name").unwrap_or(&pod.workload);
    Endpoint {
        service_port: 0,
        address: pod.ip.clone(),
        port: 0,
        weight: 1,
        labels: Arc::clone(&pod.placed),
        workload: workload.clone(),
        namespace: pod.namespace.clone(),
        pod: Some(pod.name.clone()),
        health: Health::Healthy,
        locality: pod.locality.clone(),
        network: pod.network.clone(),
        mutual_tls: pod.takes_mutual_tls(),
        identity: Some((pod.namespace.clone(), pod.service_account.clone())),
    }
}

pub(super) fn of_slices(
    service: &Service,
    slices: &[&Object<kubernetes::EndpointSlice>],
    by_name: &HashMap<(&str, &str), &Pod>,
    by_ip: &HashMap<&str, &Pod>,
    networks: &Networks,
) -> Vec<Endpoint> {
    let mut endpoints = Vec::new();
    let mut seen = BTreeSet::new();
    let drains = service.meta.labels.get("istio.io/persistent-session").is_some_and(|name| !name.is_empty());
    let readable = slices.iter().filter(|s| s.spec.address_type.as_ref().is_none_or(|t| t.value != "FQDN"));
    for slice in readable {
        for endpoint in &slice.spec.endpoints {
            let conditions = endpoint.conditions.as_ref();
            let health = health(conditions, drains);
            let target =
                endpoint.target_ref.as_ref().filter(|t| t.kind.as_ref().is_some_and(|k| k.value == "Pod"));
            let named = target.and_then(|target| {
                let namespace = target.namespace.as_ref().map_or(slice.namespace(), |n| n.value.as_str());
                by_name.get(&(namespace, target.name.as_ref()?.value.as_str()))
            });
            for address in &endpoint.addresses {
                let pod = named.or_else(|| by_ip.get(address.value.as_str()));
                if pod.is_none() && target.is_some() {
                    // The pod is not known: Istio waits for it.
                    continue;
                }
                for port in &slice.spec.ports {
                    let name = port.name.as_ref().map_or("", |name| name.value.as_str());
                    let Some(of_service) = service.ports.iter().find(|p| p.name == name) else { continue };
                    let number = port.port.as_ref().and_then(|port| u16::try_from(port.value).ok());
                    if !seen.insert((address.value.clone(), of_service.number)) {
                        continue;
                    }
                    let base =
                        pod.map_or_else(|| unknown(&networks.of(None, &address.value)), |pod| of_pod(pod));
                    endpoints.push(Endpoint {
                        service_port: of_service.number,
                        address: address.value.clone(),
                        port: number.unwrap_or(of_service.number),
                        health: if service.publish_not_ready { Health::Healthy } else { health },
                        ..base
                    });
                }
            }
        }
    }
    endpoints
}

/// What the conditions of an endpoint say; what is absent says yes. One that goes away serves on only where sessions
/// are bound to endpoints.
fn health(conditions: Option<&Spanned<kubernetes::EndpointConditions>>, drains: bool) -> Health {
    let yes = |of: fn(&kubernetes::EndpointConditions) -> Option<&Spanned<bool>>| {
        conditions.and_then(|conditions| of(conditions)).is_none_or(|value| value.value)
    };
    if yes(|conditions| conditions.ready.as_ref()) {
        Health::Healthy
    } else if !yes(|conditions| conditions.terminating.as_ref()) {
        Health::Unhealthy
    } else if drains && yes(|conditions| conditions.serving.as_ref()) {
        Health::Draining
    } else {
        Health::Terminating
    }
}

/// An endpoint that is no pod: an address that someone wrote into an EndpointSlice.
fn unknown(network: &str) -> Endpoint {
    Endpoint {
        service_port: 0,
        address: String::new(),
        port: 0,
        weight: 1,
        labels: augmented(&BTreeMap::new(), "", "", network).into(),
        workload: String::new(),
        namespace: String::new(),
        pod: None,
        health: Health::Healthy,
        locality: String::new(),
        network: network.to_owned(),
        mutual_tls: false,
        identity: None,
    }
}
