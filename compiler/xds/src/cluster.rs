//! Clusters and their endpoints.

use std::collections::BTreeMap;

use meshc_effective::model::{Address, Cluster, ClusterKind, EndpointGroup, LoadBalancer};
use meshc_envoy as envoy;
use serde_json::{Value, json};

use crate::Target;

/// Istio switches Envoy's limits off; its own come from a DestinationRule's `connectionPool`.
const NO_LIMIT: Option<u32> = Some(u32::MAX);

/// Envoy's cluster.
pub(crate) fn cluster(cluster: &Cluster, _target: Target) -> envoy::Cluster {
    let kind = match cluster.kind {
        ClusterKind::Eds => envoy::DiscoveryType::Eds,
        ClusterKind::Static => envoy::DiscoveryType::Static,
        ClusterKind::StrictDns => envoy::DiscoveryType::StrictDns,
        ClusterKind::OriginalDst => envoy::DiscoveryType::OriginalDst,
    };
    let lb_policy = match cluster.load_balancer {
        LoadBalancer::RoundRobin => envoy::LbPolicy::RoundRobin,
        LoadBalancer::LeastRequest => envoy::LbPolicy::LeastRequest,
        LoadBalancer::Random => envoy::LbPolicy::Random,
        LoadBalancer::ClusterProvided => envoy::LbPolicy::ClusterProvided,
    };
    let by_discovery = cluster.kind == ClusterKind::Eds;
    let has_endpoints = matches!(cluster.kind, ClusterKind::Static | ClusterKind::StrictDns);
    envoy::Cluster {
        name: cluster.name.clone(),
        r#type: Some(kind),
        eds_cluster_config: by_discovery
            .then(|| envoy::EdsClusterConfig { eds_config: Some(ads()), service_name: cluster.name.clone() }),
        load_assignment: (has_endpoints && cluster.has_endpoints()).then(|| assignment(cluster)),
        connect_timeout: Some(cluster.connect_timeout.into()),
        lb_policy,
        circuit_breakers: Some(envoy::CircuitBreakers {
            thresholds: vec![envoy::Thresholds {
                max_connections: NO_LIMIT,
                max_pending_requests: NO_LIMIT,
                max_requests: NO_LIMIT,
                max_retries: NO_LIMIT,
                ..envoy::Thresholds::default()
            }],
        }),
        common_lb_config: by_discovery.then(|| envoy::CommonLbConfig {
            // Zero: an endpoint that is not healthy is never used, however few are left.
            healthy_panic_threshold: Some(envoy::Percent::default()),
            ..envoy::CommonLbConfig::default()
        }),
        metadata: metadata(cluster),
        ..envoy::Cluster::default()
    }
}

/// The endpoints of a cluster.
pub(crate) fn assignment(cluster: &Cluster) -> envoy::ClusterLoadAssignment {
    envoy::ClusterLoadAssignment {
        cluster_name: cluster.name.clone(),
        endpoints: cluster.endpoints.iter().map(group).collect(),
        policy: None,
    }
}

/// Discovery over the stream that the bundle is delivered by.
pub(crate) fn ads() -> envoy::ConfigSource {
    envoy::ConfigSource {
        ads: Some(envoy::Empty::default()),
        initial_fetch_timeout: Some(envoy::Duration::from_secs(0)),
        resource_api_version: envoy::ApiVersion::V3,
        ..envoy::ConfigSource::default()
    }
}

fn group(group: &EndpointGroup) -> envoy::LocalityLbEndpoints {
    let mut parts = group.locality.splitn(3, '/').map(str::to_owned);
    let mut part = || parts.next().unwrap_or_default();
    envoy::LocalityLbEndpoints {
        locality: Some(envoy::Locality { region: part(), zone: part(), sub_zone: part() }),
        lb_endpoints: group.endpoints.iter().map(endpoint).collect(),
        load_balancing_weight: Some(group.weight),
        ..envoy::LocalityLbEndpoints::default()
    }
}

fn endpoint(endpoint: &meshc_effective::model::Endpoint) -> envoy::LbEndpoint {
    let Address::Socket { address, port } = &endpoint.address;
    envoy::LbEndpoint {
        endpoint: Some(envoy::Endpoint {
            address: Some(envoy::Address::socket(address.clone(), *port)),
            hostname: String::new(),
        }),
        health_status: if endpoint.healthy {
            envoy::HealthStatus::Healthy
        } else {
            envoy::HealthStatus::Unhealthy
        },
        load_balancing_weight: Some(endpoint.weight),
        ..envoy::LbEndpoint::default()
    }
}

/// Istio's metadata: the service that the cluster stands for, and its subset.
fn metadata(cluster: &Cluster) -> Option<envoy::Metadata> {
    if cluster.host.is_empty() {
        return None;
    }
    let mut parts = cluster.host.split('.');
    let (name, namespace) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let service = if cluster.host.contains(".svc.") {
        json!({"host": cluster.host, "name": name, "namespace": namespace})
    } else {
        json!({"host": cluster.host, "name": cluster.host})
    };
    let mut istio = envoy::Struct::new();
    istio.insert("services".to_owned(), Value::Array(vec![service]));
    if let Some(subset) = &cluster.subset {
        istio.insert("subset".to_owned(), Value::String(subset.clone()));
    }
    Some(envoy::Metadata { filter_metadata: BTreeMap::from([("istio".to_owned(), istio)]) })
}
