//! Endpoints.

use std::collections::BTreeMap;

use meshc_effective::model::{Address, Cluster, Endpoint, EndpointGroup, Health};
use meshc_envoy as envoy;
use serde_json::Value;

use crate::Target;

/// What Istio calls a cluster that was given no name.
const CLUSTER: &str = "Kubernetes";

/// The endpoints of a cluster.
pub(crate) fn assignment(cluster: &Cluster, target: Target) -> envoy::ClusterLoadAssignment {
    envoy::ClusterLoadAssignment {
        cluster_name: cluster.name.clone(),
        endpoints: cluster.endpoints.iter().map(|of| group(of, target)).collect(),
        policy: None,
    }
}

fn group(group: &EndpointGroup, target: Target) -> envoy::LocalityLbEndpoints {
    let mut parts = group.locality.splitn(3, '/').map(str::to_owned);
    let mut part = || parts.next().unwrap_or_default();
    let placed = group.weight.is_some() || group.endpoints.is_empty();
    envoy::LocalityLbEndpoints {
        locality: placed.then(|| envoy::Locality { region: part(), zone: part(), sub_zone: part() }),
        lb_endpoints: group.endpoints.iter().map(|of| endpoint(of, target)).collect(),
        load_balancing_weight: group.weight,
        priority: group.priority,
    }
}

fn endpoint(endpoint: &Endpoint, target: Target) -> envoy::LbEndpoint {
    let address = match &endpoint.address {
        Address::Socket { address, port } => envoy::Address::socket(address.clone(), *port),
        Address::Pipe { path } => envoy::Address {
            pipe: Some(envoy::Pipe { path: path.clone(), ..envoy::Pipe::default() }),
            ..envoy::Address::default()
        },
    };
    envoy::LbEndpoint {
        endpoint: Some(envoy::Endpoint { address: Some(address), hostname: String::new() }),
        health_status: match endpoint.health {
            Health::Unknown => envoy::HealthStatus::Unknown,
            Health::Healthy => envoy::HealthStatus::Healthy,
            Health::Unhealthy => envoy::HealthStatus::Unhealthy,
            Health::Draining => envoy::HealthStatus::Draining,
        },
        metadata: (endpoint.described && target == Target::IstioProxy).then(|| metadata(endpoint)),
        load_balancing_weight: endpoint.weight,
    }
}

/// What Istio's filters are told of an endpoint, and whether Istio's mutual TLS is spoken to it.
fn metadata(endpoint: &Endpoint) -> envoy::Metadata {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let workload = text(&endpoint.workload);
    let label = |keys: [&str; 3]| keys.iter().find_map(|key| endpoint.labels.get(*key));
    let name = label(["service.istio.io/canonical-name", "app.kubernetes.io/name", "app"]);
    let revision = label(["service.istio.io/canonical-revision", "app.kubernetes.io/version", "version"]);
    let revision = revision.filter(|revision| *revision != "latest").map_or("", String::as_str);
    let cluster = if endpoint.of_no_cluster { "" } else { CLUSTER };
    let described = format!(
        "{workload};{};{};{revision};{cluster}",
        text(&endpoint.namespace),
        name.unwrap_or(&workload),
    );
    let mut all = BTreeMap::from([("istio".to_owned(), one("workload", described))]);
    if endpoint.mutual_tls {
        all.insert("envoy.transport_socket_match".to_owned(), one("tlsMode", "istio".to_owned()));
    }
    envoy::Metadata { filter_metadata: all }
}

fn one(key: &str, value: String) -> envoy::Struct {
    [(key.to_owned(), Value::String(value))].into_iter().collect()
}
