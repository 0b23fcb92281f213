//! The Services and pods that Istio deploys for Gateways of the Gateway API, and whose pods are gateways by them.

use std::collections::BTreeMap;
use std::sync::Arc;

use meshc_resources::Resources;

use super::pods::Replica;
use crate::gateway_api::{Deployment, deployments};
use crate::hostname::service_host;
use crate::{
    Distribution, ExportTo, Gateway, Namespace, Port, Protocol, Registry, Resolution, Service, TargetPort,
};

/// Namespace and selector of a Service.
pub(super) type Selector = (String, BTreeMap<String, String>);

/// Adds those that the tree does not have.
pub(super) fn add(
    resources: &Resources,
    namespaces: &BTreeMap<String, Namespace>,
    services: &mut Vec<Service>,
    made: &mut Vec<Replica>,
) {
    for deployment in deployments(resources, namespaces) {
        let namespace = &deployment.gateway.namespace;
        if !services.iter().any(|s| s.name == deployment.name && s.namespace() == namespace) {
            services.push(service(&deployment));
        }
        let (key, value) = &deployment.label;
        let is_its = |replica: &Replica| {
            replica.pod.namespace == *namespace && replica.pod.labels.get(key) == Some(value)
        };
        if !made.iter().any(is_its) {
            made.push(Replica::of_gateway(
                deployment.gateway.clone(),
                &deployment.name,
                deployment.service_account.clone(),
                BTreeMap::from([deployment.label.clone()]),
            ));
        }
    }
}

/// The Services that Gateways are bound to: their pods are gateways.
pub(super) fn selectors(gateways: &[Arc<Gateway>], services: &[Service]) -> Vec<Selector> {
    let is_bound = |service: &&Service| gateways.iter().any(|gateway| gateway.is_bound_to(service));
    services
        .iter()
        .filter(|service| !service.selector.is_empty())
        .filter(is_bound)
        .map(|service| (service.namespace().to_owned(), service.selector.clone()))
        .collect()
}

fn service(deployment: &Deployment) -> Service {
    let meta = &deployment.gateway;
    let labels = BTreeMap::from([deployment.label.clone()]);
    let ports = deployment.ports.iter().map(|(name, number, protocol)| Port {
        name: name.clone(),
        number: *number,
        protocol: Protocol::of_service_port(*number, name, None, Some(protocol)),
        target: TargetPort::Number(*number),
        span: meta.span,
    });
    Service {
        meta: meta.clone(),
        hostname: service_host(&deployment.name, &meta.namespace),
        name: deployment.name.clone(),
        registry: Registry::Kubernetes,
        resolution: Resolution::ClientSide,
        ports: ports.collect(),
        addresses: Vec::new(),
        derived_address: None,
        alias_of: None,
        aliases: Vec::new(),
        auto_addresses: Vec::new(),
        selector: labels,
        export_to: ExportTo::default(),
        external: false,
        made_up: true,
        publish_not_ready: false,
        distribution: Distribution::Any,
        node_local: false,
        subject_alt_names: Vec::new(),
        port_overrides: BTreeMap::new(),
        endpoints: Vec::new(),
    }
}
