//! The endpoints that a cluster has for a caller (Istio's `EndpointBuilder`).

use std::collections::BTreeMap;

use meshc_mesh::{
    Distribution, Endpoint as MeshEndpoint, Health as MeshHealth, MtlsMode, Resolution, selects,
};
use meshc_resources::istio::ClientTlsMode;

use super::policy::Policy;
use super::service::Context;
use super::split_horizon;
use crate::model::{Address, Endpoint, EndpointGroup, Health};

/// Pods that are to get no new requests carry this label.
const DRAINING: &str = "istio.io/draining";
/// A service whose sessions are bound to endpoints carries this label.
pub(super) const PERSISTENT_SESSION: &str = "istio.io/persistent-session";

/// Which endpoints of a service are asked for.
pub(super) struct Asked<'a> {
    pub(super) port: u16,
    /// The labels of a subset.
    pub(super) labels: Option<&'a BTreeMap<String, String>>,
    /// The mode of TLS that a DestinationRule says.
    pub(super) tls_mode: Option<ClientTlsMode>,
    /// What holds for the port.
    pub(super) policy: &'a Policy<'a>,
    /// Only those that take Istio's mutual TLS, for connections that are passed through as they are.
    pub(super) mutual_tls_only: bool,
}

/// In groups by locality.
pub(super) fn groups(context: &Context<'_>, asked: &Asked<'_>) -> Vec<EndpointGroup> {
    let by_name = matches!(context.service.resolution, Resolution::Dns | Resolution::DnsRoundRobin);
    let mut by_locality: BTreeMap<&str, Vec<(Endpoint, &str)>> = BTreeMap::new();
    for endpoint in context.service.endpoints_of(asked.port) {
        if !by_name && endpoint.port != 0 && endpoint.address.parse::<std::net::IpAddr>().is_err() {
            // A name among addresses.
            continue;
        }
        if !is_used(context, asked, endpoint) {
            continue;
        }
        let made = (made(context, asked, endpoint), endpoint.network.as_str());
        by_locality.entry(&endpoint.locality).or_default().push(made);
    }
    let groups = by_locality.into_iter().map(|(locality, endpoints)| {
        let mut endpoints = split_horizon::reached(context, endpoints, by_name);
        if asked.mutual_tls_only {
            endpoints.retain(|endpoint| endpoint.mutual_tls);
        }
        let weight = endpoints.iter().fold(0_u32, |sum, endpoint| sum.saturating_add(endpoint.share()));
        EndpointGroup {
            locality: locality.to_owned(),
            weight: Some(weight).filter(|_| !endpoints.is_empty()),
            priority: 0,
            endpoints,
        }
    });
    groups.collect()
}

fn is_used(context: &Context<'_>, asked: &Asked<'_>, endpoint: &MeshEndpoint) -> bool {
    if context.service.node_local {
        let node = endpoint.labels.get(meshc_mesh::place::NODE).map_or("", String::as_str);
        if node != context.caller.node {
            return false;
        }
    }
    if !context.caller.variables.sees(&endpoint.network) {
        return false;
    }
    if asked.labels.is_some_and(|labels| !selects(labels, &endpoint.labels)) {
        return false;
    }
    match health(endpoint) {
        MeshHealth::Terminating => false,
        MeshHealth::Draining => {
            context.service.meta.labels.get(PERSISTENT_SESSION).is_some_and(|name| !name.is_empty())
        }
        // They are sent so that Envoy knows their number, unless it may use them all the same.
        MeshHealth::Unhealthy => {
            context.service.distribution != Distribution::Any
                || asked
                    .policy
                    .outlier_detection
                    .and_then(|outlier| outlier.min_health_percent.as_ref())
                    .is_none_or(|percent| percent.value <= 0)
        }
        MeshHealth::Unknown | MeshHealth::Healthy => true,
    }
}

fn health(endpoint: &MeshEndpoint) -> MeshHealth {
    match endpoint.labels.get(DRAINING) {
        Some(label) if !label.is_empty() && endpoint.health != MeshHealth::Terminating => {
            MeshHealth::Draining
        }
        _ => endpoint.health,
    }
}

fn made(context: &Context<'_>, asked: &Asked<'_>, endpoint: &MeshEndpoint) -> Endpoint {
    let address = if endpoint.port == 0 && endpoint.address.starts_with(['/', '@']) {
        Address::Pipe { path: endpoint.address.clone() }
    } else {
        Address::Socket { address: endpoint.address.clone(), port: endpoint.port }
    };
    Endpoint {
        address,
        weight: Some(endpoint.weight),
        workload: Some(endpoint.workload.clone()).filter(|workload| !workload.is_empty()),
        namespace: Some(endpoint.namespace.clone()).filter(|namespace| !namespace.is_empty()),
        pod: endpoint.pod.clone(),
        labels: endpoint.labels.clone(),
        health: match health(endpoint) {
            MeshHealth::Unknown => Health::Unknown,
            MeshHealth::Healthy => Health::Healthy,
            MeshHealth::Unhealthy | MeshHealth::Terminating => Health::Unhealthy,
            MeshHealth::Draining => Health::Draining,
        },
        mutual_tls: match asked.tls_mode {
            Some(mode) => mode == ClientTlsMode::IstioMutual && endpoint.mutual_tls,
            None => endpoint.mutual_tls && takes_mutual_tls(context, endpoint),
        },
        described: true,
        of_no_cluster: false,
    }
}

/// Whether the policies of the endpoint's workload let it take mutual TLS.
fn takes_mutual_tls(context: &Context<'_>, endpoint: &MeshEndpoint) -> bool {
    let mtls = context.mesh.policies.mtls(&endpoint.namespace, &endpoint.labels);
    mtls.mode(endpoint.port) != MtlsMode::Disable
}
