//! Gateways between networks whose addresses no file says: a cluster gives them, or istiod looks their names up.

use std::collections::BTreeSet;
use std::net::IpAddr;

use meshc_resources::istio::mesh::MeshNetworks;
use meshc_resources::kubernetes::ServiceSpec;
use meshc_resources::{Object, Resources, gateway_api};
use meshc_source::Span;

use super::{NamedGateways, external_addresses, is_usable, network_of, passes_by_name, ports};
use crate::Meta;
use crate::hostname::service_host;
use crate::meta::plain;

/// The class of Gateways for which nothing is made: their addresses are what is written, or they have none.
const REMOTE_CLASS: &str = "istio-remote";

/// A gateway to a network, or one of its addresses, that takes no part here though it would in a cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unaddressed {
    /// The network behind it.
    pub network: String,
    /// The Service, or the Gateway of the Gateway API; none where `MeshNetworks` names a Service that is not here.
    pub meta: Option<Meta>,
    /// The same in words.
    pub text: String,
    /// The name that istiod looks up; none where nothing is known of an address.
    pub name: Option<String>,
    /// Where it is said.
    pub span: Span,
}

/// All of them.
pub(super) fn all(
    written: &MeshNetworks,
    by_name: &NamedGateways<'_>,
    resources: &Resources,
) -> Vec<Unaddressed> {
    let mut found = Vec::new();
    let mut hosts = BTreeSet::new();
    for object in &resources.services {
        hosts.insert(service_host(object.name(), object.namespace()));
        of_service(object, by_name, &mut found);
    }
    for object in &resources.kubernetes_gateways {
        of_gateway(object, &mut found);
    }
    for (network, settings) in &written.networks {
        for gateway in &settings.gateways {
            let Some(service) = gateway.registry_service_name.as_ref().filter(|name| !name.is_empty()) else {
                continue;
            };
            let is_here = by_name.contains_key(service.as_str()) && hosts.contains(service.as_str());
            if !is_here {
                found.push(Unaddressed {
                    network: network.value.clone(),
                    meta: None,
                    text: format!(
                        "the Service `{}` in `meshNetworks`, which is not among these files",
                        service.value
                    ),
                    name: None,
                    span: service.span,
                });
            }
        }
    }
    found
}

fn of_service(object: &Object<ServiceSpec>, by_name: &NamedGateways<'_>, found: &mut Vec<Unaddressed>) {
    let networks: BTreeSet<&str> = ports(object, by_name)
        .into_iter()
        .filter(|(_, port)| *port != 0)
        .map(|(network, _)| network)
        .collect();
    for network in networks {
        let told = |name| told(network, Meta::new("Service", &object.metadata, object.span), name);
        let addresses = external_addresses(object);
        if addresses.is_empty() {
            found.push(told(None));
        }
        found.extend(names(addresses.into_iter()).map(|name| told(Some(name))));
    }
}

fn of_gateway(object: &Object<gateway_api::Gateway>, found: &mut Vec<Unaddressed>) {
    let Some(network) = network_of(&object.metadata) else { return };
    let labels = plain(&object.metadata.labels);
    if !object.spec.listeners.iter().any(|listener| passes_by_name(&labels, listener)) {
        return;
    }
    let told = |name| told(network, Meta::new("Gateway", &object.metadata, object.span), name);
    let usable = object.spec.addresses.iter().filter(|address| is_usable(address));
    let addresses: Vec<String> =
        usable.filter_map(|address| Some(address.value.value.as_ref()?.value.clone())).collect();
    let is_remote = object.spec.gateway_class_name.as_ref().is_some_and(|class| class.value == REMOTE_CLASS);
    if addresses.is_empty() && !is_remote {
        // Istio makes a Service for it, whose address the cluster says.
        found.push(told(None));
    }
    found.extend(names(addresses.into_iter()).map(|name| told(Some(name))));
}

fn told(network: &str, meta: Meta, name: Option<String>) -> Unaddressed {
    Unaddressed {
        network: network.to_owned(),
        text: meta.to_string(),
        name,
        span: meta.span,
        meta: Some(meta),
    }
}

/// Those that are no IP addresses.
fn names(addresses: impl Iterator<Item = String>) -> impl Iterator<Item = String> {
    addresses.filter(|address| address.parse::<IpAddr>().is_err())
}
