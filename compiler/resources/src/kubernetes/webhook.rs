//! Kubernetes MutatingWebhookConfiguration: for a mesh, who gets a sidecar.

use meshc_syntax::de::{Raw, Spanned};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{LabelSelector, forms};
use crate::{Ignored, Metadata};

/// Webhooks that change objects as they are made.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct MutatingWebhookConfiguration {
    api_version: Ignored,
    kind: Ignored,
    /// Name, labels.
    pub metadata: Metadata,
    /// The webhooks.
    #[schemars(extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    pub webhooks: Vec<Spanned<MutatingWebhook>>,
}

/// One webhook.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct MutatingWebhook {
    /// A name of DNS with at least three labels.
    #[schemars(required, transform = forms::dns_name, transform = forms::holds(
        "self.split('.').size() >= 3",
        "must have at least three labels, such as `sidecar.istio.io`"
    ))]
    pub name: Option<Spanned<String>>,
    /// Where it is.
    #[schemars(required)]
    pub client_config: Option<Spanned<WebhookClientConfig>>,
    /// Which requests it sees.
    pub rules: Vec<Spanned<Raw>>,
    /// What happens when it cannot be asked.
    #[schemars(extend("enum" = ["Ignore", "Fail"]))]
    pub failure_policy: Option<Spanned<String>>,
    /// Whether other versions of the objects count too.
    #[schemars(extend("enum" = ["Exact", "Equivalent"]))]
    pub match_policy: Option<Spanned<String>>,
    /// The namespaces whose objects it sees.
    pub namespace_selector: Option<Spanned<LabelSelector>>,
    /// The objects that it sees.
    pub object_selector: Option<Spanned<LabelSelector>>,
    /// Whether it does more than answer.
    #[schemars(required, extend("enum" = ["None", "NoneOnDryRun"]))]
    pub side_effects: Option<Spanned<String>>,
    /// How long it may take, in seconds.
    #[schemars(range(min = 1, max = 30))]
    pub timeout_seconds: Option<Spanned<i32>>,
    /// The versions of the question that it knows.
    #[schemars(extend("x-meshc-required" = true), length(min = 1))]
    pub admission_review_versions: Vec<Spanned<String>>,
    /// Whether it is asked again when another has changed the object.
    #[schemars(extend("enum" = ["Never", "IfNeeded"]))]
    pub reinvocation_policy: Option<Spanned<String>>,
    /// Conditions in CEL.
    pub match_conditions: Vec<Spanned<Raw>>,
}

/// Webhooks that refuse objects.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ValidatingWebhookConfiguration {
    api_version: Ignored,
    kind: Ignored,
    /// Name, labels.
    pub metadata: Metadata,
    /// The webhooks.
    #[schemars(extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    pub webhooks: Vec<Spanned<ValidatingWebhook>>,
}

/// One webhook that refuses objects.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ValidatingWebhook {
    /// A name of DNS with at least three labels.
    #[schemars(required, transform = forms::dns_name, transform = forms::holds(
        "self.split('.').size() >= 3",
        "must have at least three labels, such as `rev.validation.istio.io`"
    ))]
    pub name: Option<Spanned<String>>,
    /// Where it is.
    #[schemars(required)]
    pub client_config: Option<Spanned<WebhookClientConfig>>,
    /// Which requests it sees.
    pub rules: Vec<Spanned<Raw>>,
    /// What happens when it cannot be asked.
    #[schemars(extend("enum" = ["Ignore", "Fail"]))]
    pub failure_policy: Option<Spanned<String>>,
    /// Whether other versions of the objects count too.
    #[schemars(extend("enum" = ["Exact", "Equivalent"]))]
    pub match_policy: Option<Spanned<String>>,
    /// The namespaces whose objects it sees.
    pub namespace_selector: Option<Spanned<LabelSelector>>,
    /// The objects that it sees.
    pub object_selector: Option<Spanned<LabelSelector>>,
    /// Whether it does more than answer.
    #[schemars(required, extend("enum" = ["None", "NoneOnDryRun"]))]
    pub side_effects: Option<Spanned<String>>,
    /// How long it may take, in seconds.
    #[schemars(range(min = 1, max = 30))]
    pub timeout_seconds: Option<Spanned<i32>>,
    /// The versions of the question that it knows.
    #[schemars(extend("x-meshc-required" = true), length(min = 1))]
    pub admission_review_versions: Vec<Spanned<String>>,
    /// Conditions in CEL.
    pub match_conditions: Vec<Spanned<Raw>>,
}

/// Where a webhook is.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(transform = forms::holds(
    "has(self.url) != has(self.service)",
    "exactly one of `url` and `service` must be there"
))]
pub struct WebhookClientConfig {
    /// Outside the cluster.
    pub url: Option<Spanned<String>>,
    /// Inside it.
    pub service: Option<Spanned<WebhookService>>,
    /// The authority of its certificate, in Base64.
    #[schemars(extend("format" = "byte"))]
    pub ca_bundle: Option<Spanned<String>>,
}

/// A webhook inside the cluster.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct WebhookService {
    /// The Service's name.
    #[schemars(required)]
    pub name: Option<Spanned<String>>,
    /// Its namespace.
    #[schemars(required)]
    pub namespace: Option<Spanned<String>>,
    /// The path.
    pub path: Option<Spanned<String>>,
    /// 443 when absent.
    #[schemars(transform = forms::port)]
    pub port: Option<Spanned<u32>>,
}
