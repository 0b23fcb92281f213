//! Kinds that make pods from a template: Deployment, StatefulSet, DaemonSet, ReplicaSet, Job and CronJob. The
//! parts of them that a mesh reads; the others are left alone.

use indexmap::IndexMap;
use meshc_syntax::de::Spanned;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{PodSpec, forms};
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
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(transform = forms::holds_at(
    ".selector.matchLabels",
    "!has(self.selector.matchLabels) || self.selector.matchLabels.all(k, has(self.template.metadata) && \
     has(self.template.metadata.labels) && k in self.template.metadata.labels && \
     self.template.metadata.labels[k] == self.selector.matchLabels[k])",
    "`selector` does not match the labels of `template`"
))]
pub struct WorkloadSpec {
    /// How many; 1 when absent. A DaemonSet has none: one pod stands for it.
    pub replicas: Option<Spanned<u32>>,
    /// Which pods are its own.
    #[schemars(required)]
    pub selector: Option<Spanned<LabelSelector>>,
    /// What they are like.
    #[schemars(required)]
    pub template: Option<Spanned<PodTemplate>>,
    strategy: Ignored,
    min_ready_seconds: Ignored,
    revision_history_limit: Ignored,
    paused: Ignored,
    progress_deadline_seconds: Ignored,
    volume_claim_templates: Ignored,
    service_name: Ignored,
    pod_management_policy: Ignored,
    update_strategy: Ignored,
    persistent_volume_claim_retention_policy: Ignored,
    ordinals: Ignored,
}

/// Kubernetes's `LabelSelector`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct LabelSelector {
    /// Equal labels.
    #[schemars(transform = forms::labels)]
    pub match_labels: IndexMap<Spanned<String>, Spanned<String>>,
    /// Other conditions.
    pub match_expressions: Vec<Spanned<LabelSelectorRequirement>>,
}

/// A condition on one label.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(transform = forms::holds(
    "(self.operator in ['In', 'NotIn']) == (has(self.values) && self.values.size() > 0)",
    "In and NotIn need `values`, Exists and DoesNotExist have none"
))]
pub struct LabelSelectorRequirement {
    /// The label.
    #[schemars(required, transform = forms::qualified_name)]
    pub key: Option<Spanned<String>>,
    /// How it is compared.
    #[schemars(required, extend("enum" = ["In", "NotIn", "Exists", "DoesNotExist"]))]
    pub operator: Option<Spanned<String>>,
    /// With what.
    pub values: Vec<Spanned<String>>,
}

/// Kubernetes's `PodTemplateSpec`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct PodTemplate {
    /// Labels and annotations of the pods.
    pub metadata: Metadata,
    /// What they run.
    #[schemars(required)]
    pub spec: Option<Spanned<PodSpec>>,
}

/// A Job.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(transform = forms::open)]
pub struct JobSpec {
    /// What its pods are like.
    #[schemars(required)]
    pub template: Option<Spanned<PodTemplate>>,
}

/// A CronJob.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(transform = forms::open)]
pub struct CronJobSpec {
    /// When.
    #[schemars(required, length(min = 1))]
    pub schedule: Option<Spanned<String>>,
    /// What it makes.
    #[schemars(required)]
    pub job_template: Option<Spanned<JobTemplate>>,
}

/// Kubernetes's `JobTemplateSpec`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct JobTemplate {
    /// Labels and annotations of the jobs.
    pub metadata: Metadata,
    /// The jobs.
    #[schemars(required)]
    pub spec: Option<Spanned<JobSpec>>,
}
