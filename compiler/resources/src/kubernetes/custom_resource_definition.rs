//! Kubernetes CustomResourceDefinition: kinds that the tree itself defines.

use meshc_syntax::de::{Raw, Spanned};
use schemars::JsonSchema;
use serde::Deserialize;

use super::forms;
use crate::Ignored;

/// A kind.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct CustomResourceDefinition {
    /// The group of its `apiVersion`.
    #[schemars(required, transform = forms::dns_name, transform = forms::holds(
        "self.contains('.')",
        "must be a domain with at least one dot"
    ))]
    pub group: Option<Spanned<String>>,
    /// What it is called.
    #[schemars(required)]
    pub names: Option<Spanned<DefinitionNames>>,
    /// Whether its objects live in namespaces.
    #[schemars(required, extend("enum" = ["Namespaced", "Cluster"]))]
    pub scope: Option<Spanned<String>>,
    /// Its versions.
    #[schemars(length(min = 1), extend("x-meshc-required" = true))]
    #[schemars(transform = forms::holds(
        "self.exists_one(v, has(v.storage) && v.storage)",
        "exactly one version must have `storage: true`"
    ))]
    #[schemars(transform = forms::holds(
        "self.all(v, self.exists_one(o, o.name == v.name))",
        "the names of versions must differ"
    ))]
    pub versions: Vec<Spanned<DefinitionVersion>>,
    conversion: Ignored,
    preserve_unknown_fields: Option<Spanned<bool>>,
}

/// What a kind is called.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct DefinitionNames {
    /// As documents write it.
    #[schemars(required, length(min = 1))]
    pub kind: Option<Spanned<String>>,
    /// As paths write it.
    #[schemars(required, transform = forms::dns_label)]
    pub plural: Option<Spanned<String>>,
    /// As people write it.
    pub singular: Option<Spanned<String>>,
    /// Of lists of objects.
    pub list_kind: Option<Spanned<String>>,
    /// Abbreviations.
    pub short_names: Vec<Spanned<String>>,
    /// Groups of kinds that it belongs to.
    pub categories: Vec<Spanned<String>>,
}

/// A version of a kind.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct DefinitionVersion {
    /// Its name.
    #[schemars(required, transform = forms::dns_label)]
    pub name: Option<Spanned<String>>,
    /// Whether documents may be of it.
    #[schemars(required)]
    pub served: Option<Spanned<bool>>,
    /// Whether objects are kept in it.
    #[schemars(required)]
    pub storage: Option<Spanned<bool>>,
    /// What its documents are like.
    #[schemars(required)]
    pub schema: Option<Spanned<DefinitionSchema>>,
    /// Whether it will be gone.
    pub deprecated: Option<Spanned<bool>>,
    /// What is said of that.
    pub deprecation_warning: Option<Spanned<String>>,
    subresources: Ignored,
    additional_printer_columns: Ignored,
    selectable_fields: Ignored,
}

/// What documents of a version are like.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct DefinitionSchema {
    /// A structural schema.
    #[serde(rename = "openAPIV3Schema")]
    #[schemars(required)]
    pub open_api_v3_schema: Option<Spanned<Raw>>,
}
