//! Kubernetes Service.

use indexmap::IndexMap;
use meshc_syntax::de::{IntOrString, Raw, Spanned};
use schemars::JsonSchema;
use serde::Deserialize;

use super::forms;
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
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(transform = forms::holds(
    "has(self.type) && self.type == 'ExternalName' || has(self.clusterIP) && self.clusterIP == 'None' || \
     has(self.ports) && self.ports.size() > 0",
    "a Service needs a port, unless it is headless (`clusterIP: None`) or an ExternalName"
))]
#[schemars(transform = forms::holds(
    "!has(self.type) || self.type != 'ExternalName' || has(self.externalName) && self.externalName != ''",
    "a Service of type ExternalName needs `externalName`"
))]
#[schemars(transform = forms::holds(
    "!has(self.type) || self.type != 'ExternalName' || !has(self.clusterIP) || self.clusterIP in ['', 'None']",
    "a Service of type ExternalName has no `clusterIP`"
))]
#[schemars(transform = forms::holds(
    "!has(self.externalTrafficPolicy) || has(self.type) && self.type in ['NodePort', 'LoadBalancer'] || \
     has(self.externalIPs) && self.externalIPs.size() > 0",
    "`externalTrafficPolicy` needs the type NodePort or LoadBalancer, or `externalIPs`"
))]
#[schemars(transform = forms::holds(
    "!has(self.clusterIPs) || self.clusterIPs.size() == 0 || !has(self.clusterIP) || \
     self.clusterIPs[0] == self.clusterIP",
    "the first of `clusterIPs` must be `clusterIP`"
))]
#[schemars(transform = forms::holds(
    "!has(self.type) || self.type != 'LoadBalancer' || !has(self.clusterIP) || self.clusterIP != 'None'",
    "a Service of type LoadBalancer cannot be headless"
))]
pub struct ServiceSpec {
    /// `ClusterIP` when absent; `NodePort` and `LoadBalancer` are the same inside the mesh.
    #[serde(rename = "type")]
    #[schemars(extend("enum" = ["ClusterIP", "NodePort", "LoadBalancer", "ExternalName"]))]
    pub kind: Option<Spanned<String>>,
    /// `None` for a headless service.
    #[serde(rename = "clusterIP")]
    #[schemars(transform = forms::holds(
        "self in ['', 'None'] || isIP(self)",
        "must be `None`, empty, or an IPv4 or IPv6 address"
    ))]
    pub cluster_ip: Option<Spanned<String>>,
    /// All its addresses.
    #[serde(rename = "clusterIPs")]
    #[schemars(length(max = 2), transform = forms::holds(
        "self.all(a, a == 'None' || isIP(a))",
        "each must be `None`, or an IPv4 or IPv6 address"
    ))]
    pub cluster_ips: Vec<Spanned<String>>,
    /// Labels of its pods.
    #[schemars(transform = forms::labels)]
    pub selector: IndexMap<Spanned<String>, Spanned<String>>,
    /// Ports.
    #[schemars(extend(
        "x-kubernetes-list-type" = "map",
        "x-kubernetes-list-map-keys" = ["port", "protocol"],
    ))]
    #[schemars(transform = forms::holds(
        "self.size() <= 1 || self.all(p, has(p.name) && p.name != '')",
        "each port needs a name where there are several"
    ))]
    #[schemars(transform = forms::holds(
        "self.all(p, !has(p.name) || p.name == '' || self.exists_one(o, has(o.name) && o.name == p.name))",
        "the names of ports must differ"
    ))]
    pub ports: Vec<Spanned<ServicePort>>,
    /// The name that this one stands for, for type `ExternalName`.
    #[schemars(transform = forms::dns_name)]
    pub external_name: Option<Spanned<String>>,
    /// Pods that are not ready count too.
    pub publish_not_ready_addresses: Option<Spanned<bool>>,
    /// `Local`, or `Cluster`, the default.
    #[schemars(extend("enum" = ["Cluster", "Local"]))]
    pub internal_traffic_policy: Option<Spanned<String>>,
    /// Which endpoints come first: `PreferSameZone`, `PreferSameNode`, or `PreferClose`, an older name of the first.
    #[schemars(extend("enum" = ["PreferClose", "PreferSameZone", "PreferSameNode"]))]
    pub traffic_distribution: Option<Spanned<String>>,
    /// Addresses that nodes take traffic for.
    #[serde(rename = "externalIPs")]
    #[schemars(transform = forms::ips)]
    pub external_ips: Vec<Spanned<String>>,
    /// The address asked for at the load balancer.
    #[serde(rename = "loadBalancerIP")]
    pub load_balancer_ip: Option<Spanned<String>>,
    /// Clients that the load balancer takes.
    #[schemars(transform = forms::holds("self.all(r, isCIDR(r.trim()))", "each must be a range such as `10.0.0.0/8`"))]
    pub load_balancer_source_ranges: Vec<Spanned<String>>,
    /// Who implements the load balancer.
    #[schemars(transform = forms::qualified_name)]
    pub load_balancer_class: Option<Spanned<String>>,
    /// Whether nodes open ports for the load balancer.
    pub allocate_load_balancer_node_ports: Option<Spanned<bool>>,
    /// Whether traffic from outside stays on its node.
    #[schemars(extend("enum" = ["Cluster", "Local"]))]
    pub external_traffic_policy: Option<Spanned<String>>,
    /// Where the load balancer asks for the node's health.
    #[schemars(range(min = 0, max = 65535))]
    pub health_check_node_port: Option<Spanned<i32>>,
    /// Whether a client stays with a pod.
    #[schemars(extend("enum" = ["ClientIP", "None"]))]
    pub session_affinity: Option<Spanned<String>>,
    /// For how long.
    pub session_affinity_config: Option<Spanned<Raw>>,
    /// The families of its addresses.
    #[schemars(length(max = 2), transform = meshc_schema::items(serde_json::json!({"enum": ["IPv4", "IPv6"]})))]
    pub ip_families: Vec<Spanned<String>>,
    /// One family or both.
    #[schemars(extend("enum" = ["SingleStack", "PreferDualStack", "RequireDualStack"]))]
    pub ip_family_policy: Option<Spanned<String>>,
}

/// Kubernetes's `ServicePort`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ServicePort {
    /// `PROTOCOL` or `PROTOCOL-WHATEVER` in Istio's convention.
    #[schemars(length(max = 63), regex(pattern = "^([a-z0-9]([-a-z0-9]*[a-z0-9])?)?$"))]
    pub name: Option<Spanned<String>>,
    /// The port that clients use.
    #[schemars(required, transform = forms::port)]
    pub port: Option<Spanned<u32>>,
    /// The pods' port, by number or by name; `port` when absent.
    #[schemars(transform = forms::port_or_name)]
    pub target_port: Option<Spanned<IntOrString>>,
    /// `TCP`, `UDP`, `SCTP`.
    #[schemars(transform = forms::protocol)]
    pub protocol: Option<Spanned<String>>,
    /// The application protocol, before the name.
    #[schemars(transform = forms::qualified_name)]
    pub app_protocol: Option<Spanned<String>>,
    /// The port that nodes open.
    #[schemars(range(min = 0, max = 65535))]
    pub node_port: Option<Spanned<i32>>,
}
