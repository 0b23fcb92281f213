//! Kubernetes Service.

use indexmap::IndexMap;
use meshc_syntax::de::{IntOrString, NotYet, Spanned};
use serde::Deserialize;

use crate::{Ignored, Metadata};

/// A name for some pods.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Service {
    api_version: Ignored,
    kind: Ignored,
    /// Name, namespace, labels.
    pub metadata: Metadata,
    /// What it is.
    pub spec: Option<Spanned<ServiceSpec>>,
    status: Ignored,
}

/// Kubernetes's `ServiceSpec`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ServiceSpec {
    /// `ClusterIP` when absent; `NodePort` and `LoadBalancer` are the same inside the mesh.
    #[serde(rename = "type")]
    pub kind: Option<Spanned<String>>,
    /// `None` for a headless service.
    #[serde(rename = "clusterIP")]
    pub cluster_ip: Option<Spanned<String>>,
    /// All its addresses.
    #[serde(rename = "clusterIPs")]
    pub cluster_ips: Vec<Spanned<String>>,
    /// Labels of its pods.
    pub selector: IndexMap<Spanned<String>, Spanned<String>>,
    /// Ports.
    pub ports: Vec<Spanned<ServicePort>>,
    /// Another name, for type `ExternalName`; not yet.
    pub external_name: Option<NotYet>,
    /// Pods that are not ready count too.
    pub publish_not_ready_addresses: Option<Spanned<bool>>,
    /// `Local` is not yet; `Cluster` is the default.
    pub internal_traffic_policy: Option<Spanned<String>>,
    /// Not yet.
    pub traffic_distribution: Option<NotYet>,
    #[serde(rename = "externalIPs")]
    external_ips: Ignored,
    #[serde(rename = "loadBalancerIP")]
    load_balancer_ip: Ignored,
    load_balancer_source_ranges: Ignored,
    load_balancer_class: Ignored,
    allocate_load_balancer_node_ports: Ignored,
    external_traffic_policy: Ignored,
    health_check_node_port: Ignored,
    session_affinity: Ignored,
    session_affinity_config: Ignored,
    ip_families: Ignored,
    ip_family_policy: Ignored,
}

/// Kubernetes's `ServicePort`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ServicePort {
    /// `PROTOCOL` or `PROTOCOL-WHATEVER` in Istio's convention.
    pub name: Option<Spanned<String>>,
    /// The port that clients use.
    pub port: Option<Spanned<u32>>,
    /// The pods' port, by number or by name; `port` when absent.
    pub target_port: Option<Spanned<IntOrString>>,
    /// `TCP`, `UDP`, `SCTP`.
    pub protocol: Option<Spanned<String>>,
    /// The application protocol, before the name.
    pub app_protocol: Option<Spanned<String>>,
    node_port: Ignored,
}
