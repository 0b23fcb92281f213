//! What `meshc.yaml` may say.

use indexmap::IndexMap;
use meshc_syntax::de::{Raw, Spanned};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{External, LevelSetting, Override};

/// Settings of meshc for the tree that begins at this file's directory. Paths count from there.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(title = "meshc.yaml", deny_unknown_fields)]
pub struct Settings {
    /// What lives elsewhere: nothing that is named here is reported as missing.
    pub external: External,
    /// What Istio's installation brings.
    pub istio: Istio,
    /// How loud a rule is, by its code (`MC1001`), its name (`unknown-host`) or an alias (`IST0101`), and how loud a policy
    /// of a pack is, by its name.
    pub levels: IndexMap<Spanned<String>, Spanned<LevelSetting>>,
    /// Other levels for some paths; of several that hold, the last wins.
    pub overrides: Vec<Spanned<Override>>,
    /// Environments or clusters of one repository, by name: each is a mesh of its own.
    pub views: IndexMap<Spanned<String>, Spanned<View>>,
    /// How directories with a `kustomization.yaml` are rendered.
    pub kustomize: Kustomize,
    /// The charts that are rendered, once for each release.
    pub helm: Vec<Spanned<Chart>>,
    /// Packs of policies that are asked about every resource: `baseline`, `strict-security`, `resilience`,
    /// `multi-tenancy`, and paths of your own, which hold a slash.
    pub policies: Vec<Spanned<String>>,
    /// How old resources are that do not say it: Istio lets the older of two decide [default: name].
    pub creation_order: Option<Spanned<CreationOrder>>,
    /// Istio's `MeshConfig`, where no `istio` ConfigMap of the tree holds it: that one is followed.
    pub mesh_config: Option<Raw>,
    /// Istio's `MeshNetworks`, likewise.
    pub mesh_networks: Option<Raw>,
}

/// How old resources are whose documents carry no `metadata.creationTimestamp`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum CreationOrder {
    /// All of one age: of two the first by name decides, then by namespace.
    #[default]
    Name,
    /// As old as the commit by which each came to the branch, along first parents; what is not committed is the
    /// youngest. The whole history is read once for each tree.
    Git,
}

/// What Istio's installation brings.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(deny_unknown_fields)]
pub struct Istio {
    /// The ingress gateway; `istio-ingressgateway` of `istio-system` with the label `istio: ingressgateway` by default.
    pub ingressgateway: Installed,
    /// The egress gateway; `istio-egressgateway` of `istio-system` with the label `istio: egressgateway` by default.
    pub egressgateway: Installed,
}

/// A gateway of the installation. It is assumed where a Gateway selects it and no workload of the tree is it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(deny_unknown_fields)]
pub struct Installed {
    /// Whether the installation has it [default: true].
    pub present: Option<Spanned<bool>>,
    /// Its Deployment, its Service, and its label `app`.
    pub name: Option<Spanned<String>>,
    /// Where it is.
    pub namespace: Option<Spanned<String>>,
    /// Its label `istio`.
    pub label: Option<Spanned<String>>,
}

/// A part of the repository that is a mesh of its own: an environment, a cluster.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(deny_unknown_fields)]
pub struct View {
    /// The files and directories that are read together.
    #[schemars(required, length(min = 1))]
    pub paths: Vec<Spanned<String>>,
}

/// How directories with a `kustomization.yaml` are rendered.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(deny_unknown_fields)]
pub struct Kustomize {
    /// The program and its words; the directory is added [default: `kustomize build`, else `kubectl kustomize`].
    pub command: Vec<Spanned<String>>,
    /// Whether they are rendered at all [default: true]; otherwise their files are read as they are.
    pub render: Option<Spanned<bool>>,
}

/// A release of a Helm chart.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(deny_unknown_fields)]
pub struct Chart {
    /// The chart's directory.
    #[schemars(required)]
    pub chart: Option<Spanned<String>>,
    /// The release's name [default: that of the directory].
    pub release: Option<Spanned<String>>,
    /// The release's namespace [default: `default`].
    pub namespace: Option<Spanned<String>>,
    /// Files of values, the last one wins.
    pub values: Vec<Spanned<String>>,
}
