//! Endpoints that someone wrote: Kubernetes copies them to EndpointSlices, which are what Istio reads.

use std::collections::BTreeSet;

use indexmap::IndexMap;
use meshc_resources::kubernetes::{
    EndpointConditions, EndpointSlice, EndpointSliceEndpoint, EndpointSlicePort, EndpointSubset, Endpoints,
};
use meshc_resources::{Object, Resources};
use meshc_syntax::de::Spanned;

use crate::Service;

/// The label that a slice names its service by.
const SERVICE: &str = "kubernetes.io/service-name";
/// The label on Endpoints that are not to be copied.
const SKIP: &str = "endpointslice.kubernetes.io/skip-mirror";

/// The slices of Endpoints whose Service selects no pods; those of others Kubernetes overwrites.
pub(super) fn slices(resources: &Resources, services: &[Service]) -> Vec<Object<EndpointSlice>> {
    if resources.endpoints.is_empty() {
        return Vec::new();
    }
    let selecting = services.iter().filter(|service| !service.selector.is_empty());
    let selecting: BTreeSet<(&str, &str)> =
        selecting.map(|service| (service.namespace(), service.name.as_str())).collect();
    let copied = resources.endpoints.iter().filter(|object| {
        object.metadata.label(SKIP) != Some("true")
            && !selecting.contains(&(object.namespace(), object.name()))
    });
    copied.flat_map(|object| object.spec.subsets.iter().map(|subset| slice(object, subset))).collect()
}

fn slice(object: &Object<Endpoints>, subset: &EndpointSubset) -> Object<EndpointSlice> {
    let name = Spanned::new(object.name().to_owned());
    let mut metadata = object.metadata.clone();
    metadata.labels = IndexMap::from([(Spanned::new(SERVICE.to_owned()), name)]);
    let ready = |addresses: &[Spanned<meshc_resources::kubernetes::EndpointAddress>], ready: bool| {
        let endpoint = |address: &Spanned<meshc_resources::kubernetes::EndpointAddress>| {
            let conditions =
                EndpointConditions { ready: Some(Spanned::new(ready)), ..EndpointConditions::default() };
            let made = EndpointSliceEndpoint {
                addresses: address.ip.iter().cloned().collect(),
                conditions: Some(Spanned::new(conditions)),
                target_ref: address.target_ref.clone(),
                node_name: address.node_name.clone(),
                ..EndpointSliceEndpoint::default()
            };
            Spanned::at(made, address.span)
        };
        addresses.iter().map(endpoint).collect::<Vec<_>>()
    };
    let mut endpoints = ready(&subset.addresses, true);
    endpoints.extend(ready(&subset.not_ready_addresses, false));
    let ports = subset.ports.iter().map(|port| {
        let made =
            EndpointSlicePort { name: port.name.clone(), port: port.port, ..EndpointSlicePort::default() };
        Spanned::at(made, port.span)
    });
    let mut spec = EndpointSlice::default();
    spec.metadata = metadata.clone();
    spec.ports = ports.collect();
    spec.endpoints = endpoints;
    Object { kind: object.kind, metadata, spec, status: None, span: object.span }
}
