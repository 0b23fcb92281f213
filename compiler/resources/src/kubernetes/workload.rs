//! Kinds that make pods from a template: Deployment, StatefulSet, DaemonSet, ReplicaSet. The parts of them
//! that a mesh reads; the others are left alone.

use indexmap::IndexMap;
use meshc_syntax::de::Spanned;
use serde::Deserialize;

use super::PodSpec;
use crate::{Ignored, Metadata};

/// A Deployment, StatefulSet, DaemonSet or ReplicaSet.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Workload {
    api_version: Ignored,
    kind: Ignored,
    /// Name, namespace, labels.
    pub metadata: Metadata,
    /// What it makes.
    pub spec: Option<Spanned<WorkloadSpec>>,
}

/// Its pods.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct WorkloadSpec {
    /// How many; 1 when absent. A DaemonSet has none: one pod stands for it.
    pub replicas: Option<Spanned<u32>>,
    /// Which pods are its own.
    pub selector: Option<Spanned<LabelSelector>>,
    /// What they are like.
    pub template: Option<Spanned<PodTemplate>>,
}

/// Kubernetes's `LabelSelector`, in part.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct LabelSelector {
    /// Equal labels.
    pub match_labels: IndexMap<Spanned<String>, Spanned<String>>,
}

/// Kubernetes's `PodTemplateSpec`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodTemplate {
    /// Labels and annotations of the pods.
    pub metadata: Metadata,
    /// What they run.
    pub spec: Option<Spanned<PodSpec>>,
}
