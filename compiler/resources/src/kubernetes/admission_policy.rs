//! Kubernetes ValidatingAdmissionPolicy and its binding: what a cluster refuses, in CEL.

use meshc_syntax::de::{Raw, Spanned};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::{LabelSelector, forms};

/// What is asked of objects.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(transform = forms::holds(
    "(has(self.validations) && self.validations.size() > 0) || (has(self.auditAnnotations) && self.auditAnnotations.size() > 0)",
    "`validations` or `auditAnnotations` must be there"
))]
pub struct ValidatingAdmissionPolicy {
    /// The kind of the parameters.
    pub param_kind: Option<Spanned<ParamKind>>,
    /// Which objects are asked about.
    #[schemars(required)]
    pub match_constraints: Option<Spanned<MatchResources>>,
    /// The conditions that must hold.
    pub validations: Vec<Spanned<Validation>>,
    /// What an expression without a value counts as: `Fail` (when absent) or `Ignore`.
    #[schemars(extend("enum" = ["Ignore", "Fail"]))]
    pub failure_policy: Option<Spanned<String>>,
    /// What is noted in the audit log.
    #[schemars(length(max = 20))]
    pub audit_annotations: Vec<Spanned<AuditAnnotation>>,
    /// All must hold for an object to be asked about at all.
    #[schemars(length(max = 64), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    pub match_conditions: Vec<Spanned<NamedExpression>>,
    /// What other expressions read as `variables.NAME`; each may read those before it.
    #[schemars(extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    pub variables: Vec<Spanned<NamedExpression>>,
}

/// The kind of a policy's parameters.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ParamKind {
    /// With its group.
    #[schemars(required, length(min = 1))]
    pub api_version: Option<Spanned<String>>,
    /// Its name.
    #[schemars(required, length(min = 1))]
    pub kind: Option<Spanned<String>>,
}

/// Objects by kind, namespace and labels.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct MatchResources {
    /// The namespaces whose objects are meant.
    pub namespace_selector: Option<Spanned<LabelSelector>>,
    /// The objects that are meant, by their own labels.
    pub object_selector: Option<Spanned<LabelSelector>>,
    /// Any of these; of a binding none means all that the policy means.
    pub resource_rules: Vec<Spanned<ResourceRule>>,
    /// None of these.
    pub exclude_resource_rules: Vec<Spanned<ResourceRule>>,
    /// Whether other versions of the same kind count too (when absent they do).
    #[schemars(extend("enum" = ["Exact", "Equivalent"]))]
    pub match_policy: Option<Spanned<String>>,
}

/// Kinds with what is done to them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ResourceRule {
    /// By these names only.
    pub resource_names: Vec<Spanned<String>>,
    /// `CREATE`, `UPDATE`, …
    #[schemars(extend("x-meshc-required" = true), length(min = 1),
        transform = meshc_schema::items(json!({"enum": ["CREATE", "UPDATE", "DELETE", "CONNECT", "*"]})))]
    pub operations: Vec<Spanned<String>>,
    /// Groups; the empty one is Kubernetes's first.
    #[schemars(extend("x-meshc-required" = true), length(min = 1))]
    pub api_groups: Vec<Spanned<String>>,
    /// Versions.
    #[schemars(extend("x-meshc-required" = true), length(min = 1))]
    pub api_versions: Vec<Spanned<String>>,
    /// In the plural, in small letters: `virtualservices`.
    #[schemars(extend("x-meshc-required" = true), length(min = 1))]
    pub resources: Vec<Spanned<String>>,
    /// `Cluster`, `Namespaced`, or `*`, which it is when absent.
    #[schemars(extend("enum" = ["Cluster", "Namespaced", "*"]))]
    pub scope: Option<Spanned<String>>,
}

/// A condition that must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Validation {
    /// In CEL.
    #[schemars(required, length(min = 1))]
    pub expression: Option<Spanned<String>>,
    /// What is said where it does not hold, on one line.
    #[schemars(length(min = 1))]
    pub message: Option<Spanned<String>>,
    /// The reason of the answer, such as `Forbidden`.
    #[schemars(extend("enum" = ["Unauthorized", "Forbidden", "Invalid", "RequestEntityTooLarge"]))]
    pub reason: Option<Spanned<String>>,
    /// What is said, in CEL; it wins over `message`.
    pub message_expression: Option<Spanned<String>>,
}

/// What is noted in the audit log.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct AuditAnnotation {
    /// Under which name.
    #[schemars(required, length(min = 1))]
    pub key: Option<Spanned<String>>,
    /// A text or null, in CEL.
    #[schemars(required, length(min = 1))]
    pub value_expression: Option<Spanned<String>>,
}

/// An expression with a name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct NamedExpression {
    /// Its name.
    #[schemars(required, length(min = 1))]
    pub name: Option<Spanned<String>>,
    /// In CEL.
    #[schemars(required, length(min = 1))]
    pub expression: Option<Spanned<String>>,
}

/// A policy that is in force.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ValidatingAdmissionPolicyBinding {
    /// Its name.
    #[schemars(required, length(min = 1))]
    pub policy_name: Option<Spanned<String>>,
    /// Its parameters.
    pub param_ref: Option<Spanned<Raw>>,
    /// Where it is in force, of what the policy means.
    pub match_resources: Option<Spanned<MatchResources>>,
    /// What happens where it does not hold.
    #[schemars(extend("x-meshc-required" = true), length(min = 1), extend("x-kubernetes-list-type" = "set"),
        transform = meshc_schema::items(json!({"enum": ["Deny", "Warn", "Audit"]})))]
    pub validation_actions: Vec<Spanned<String>>,
}
