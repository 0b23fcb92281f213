//! Pods and the workloads that own them.

use std::collections::BTreeMap;

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
    /// Labels.
    pub labels: BTreeMap<String, String>,
    /// Its identity.
    pub service_account: String,
    /// Its address: the one in the YAML, or a stable one in 10.128.0.0/9.
    pub ip: String,
    /// Whether the YAML lists it.
    pub listed: bool,
    /// The ports that its containers declare.
    pub ports: Vec<ContainerPort>,
    /// What stands beside it.
    pub proxy: PodProxy,
    /// Where it, or its workload, is declared.
    pub span: Span,
    /// `Pod`, `Deployment`…: the kind at `span`.
    pub declared_by: &'static str,
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
