//! Pods and the workloads that own them.

use std::collections::BTreeMap;
use std::sync::Arc;

use meshc_resources::istio::mesh::MeshProxyConfig;
use meshc_source::Span;

use crate::Meta;

/// What stands beside a pod.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PodProxy {
    /// A sidecar.
    Sidecar,
    /// The pod is a gateway.
    Gateway,
    /// None: the workload opted out, or its namespace did.
    None,
}

/// How a pod's traffic comes to its sidecar.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Interception {
    /// Redirected by iptables.
    #[default]
    Redirect,
    /// Redirected by iptables; both ends' addresses are kept.
    Tproxy,
    /// Not at all: applications speak to the sidecar's own ports.
    None,
}

/// What makes pods: a Deployment, StatefulSet, DaemonSet or ReplicaSet, a bare Pod, or Istio's installation.
#[derive(Debug, Clone, PartialEq)]
pub struct Workload {
    /// The resource; of a gateway of Istio's installation, the Gateway that names it.
    pub meta: Meta,
    /// Labels of its pods.
    pub labels: BTreeMap<String, String>,
    /// Its pods, as indices of [`Mesh::pods`](crate::Mesh::pods).
    pub pods: Vec<usize>,
    /// It is part of Istio's installation and not in the YAML.
    pub made_up: bool,
}

/// A pod that the YAML lists, or one of a workload's replicas.
#[derive(Debug, Clone, PartialEq)]
pub struct Pod {
    /// Its name; replicas that are not listed are `NAME-0`, `NAME-1`…
    pub name: String,
    /// Its namespace.
    pub namespace: String,
    /// The workload's name, or its own.
    pub workload: String,
    /// Labels; its replicas have the same in memory.
    pub labels: Arc<BTreeMap<String, String>>,
    /// Its labels with those that say where it is.
    pub placed: Arc<BTreeMap<String, String>>,
    /// Its identity.
    pub service_account: String,
    /// Its address: the one in the YAML, or a stable one in 10.128.0.0/9.
    pub ip: String,
    /// Its other addresses, where it has several.
    pub other_ips: Vec<String>,
    /// `region/zone/subzone`, empty where unknown.
    pub locality: String,
    /// The node that it runs on, empty where unknown.
    pub node: String,
    /// The network that it is in, empty for the mesh's own.
    pub network: String,
    /// The network that its proxy says it is in, empty where nothing says it.
    pub proxy_network: String,
    /// Whether the YAML lists it.
    pub listed: bool,
    /// The ports that its containers declare.
    pub ports: Arc<[ContainerPort]>,
    /// What stands beside it.
    pub proxy: PodProxy,
    /// How its traffic comes to its sidecar.
    pub interception: Interception,
    /// How its proxy runs.
    pub proxy_config: Arc<MeshProxyConfig>,
    /// Where it, or its workload, is declared.
    pub span: Span,
    /// `Pod`, `Deployment`…: the kind at `span`.
    pub declared_by: &'static str,
}

impl Pod {
    /// Whether it takes Istio's mutual TLS: a listed pod says so by the label that injection gives it; one that is made
    /// from its workload will have been injected.
    pub fn takes_mutual_tls(&self) -> bool {
        match self.labels.get("security.istio.io/tlsMode") {
            Some(mode) => mode == "istio",
            None => !self.listed && self.proxy != PodProxy::None,
        }
    }

    /// Whether its proxy answers its DNS questions: then hosts without an address have one that Istio gives them.
    pub fn answers_dns(&self) -> bool {
        let written = self.proxy_config.variable("ISTIO_META_DNS_CAPTURE");
        // As Go's `strconv.ParseBool` reads it.
        matches!(written, Some("1" | "t" | "T" | "true" | "TRUE" | "True"))
    }
}

/// A port that a container declares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContainerPort {
    /// For `targetPort` by name.
    pub name: String,
    /// The port.
    pub number: u16,
    /// `TCP` where none is written.
    pub transport: String,
}
