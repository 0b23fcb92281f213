//! Kubernetes Pod: the parts of it that a mesh reads. A pod has many others; they are left alone.

use meshc_syntax::de::Spanned;
use serde::Deserialize;

use crate::{Ignored, Metadata};

/// A pod.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Pod {
    api_version: Ignored,
    kind: Ignored,
    /// Name, namespace, labels.
    pub metadata: Metadata,
    /// What it runs.
    pub spec: Option<Spanned<PodSpec>>,
    /// What has become of it.
    pub status: Option<Spanned<PodStatus>>,
}

/// Kubernetes's `PodSpec`, in part.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodSpec {
    /// The identity; `default` when absent.
    pub service_account_name: Option<Spanned<String>>,
    /// Deprecated name of the same.
    pub service_account: Option<Spanned<String>>,
    /// Containers.
    pub containers: Vec<Spanned<Container>>,
    /// The node's own network: no sidecar.
    pub host_network: Option<Spanned<bool>>,
    /// The node.
    pub node_name: Option<Spanned<String>>,
}

/// Kubernetes's `Container`, in part.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Container {
    /// Its name.
    pub name: Option<Spanned<String>>,
    /// Ports that it says it listens on.
    pub ports: Vec<Spanned<ContainerPort>>,
}

/// A port of a container.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ContainerPort {
    /// For `targetPort` by name.
    pub name: Option<Spanned<String>>,
    /// The port.
    pub container_port: Option<Spanned<u32>>,
    /// `TCP`, `UDP`, `SCTP`.
    pub protocol: Option<Spanned<String>>,
}

/// Kubernetes's `PodStatus`, in part.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodStatus {
    /// `Running`…
    pub phase: Option<Spanned<String>>,
    /// Its address.
    #[serde(rename = "podIP")]
    pub pod_ip: Option<Spanned<String>>,
    /// All its addresses.
    #[serde(rename = "podIPs")]
    pub pod_ips: Vec<Spanned<PodIp>>,
}

/// One address of a pod.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodIp {
    /// IPv4 or IPv6.
    pub ip: Option<Spanned<String>>,
}
