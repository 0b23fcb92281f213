//! Kubernetes Secret and ConfigMap.

use indexmap::IndexMap;
use meshc_syntax::de::Spanned;
use schemars::JsonSchema;
use serde::Deserialize;

use super::forms;
use crate::{Ignored, Metadata};

/// Secrets: for a mesh, certificates with their keys.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(transform = forms::holds(
    "!has(self.type) || self.type != 'kubernetes.io/tls' || ['tls.crt', 'tls.key'].all(k, \
     has(self.data) && k in self.data || has(self.stringData) && k in self.stringData)",
    "a Secret of type kubernetes.io/tls needs `tls.crt` and `tls.key`"
))]
pub struct Secret {
    api_version: Ignored,
    kind: Ignored,
    /// Name, namespace, labels.
    pub metadata: Metadata,
    /// `Opaque` when absent; `kubernetes.io/tls` for a certificate with its key.
    #[serde(rename = "type")]
    pub kind_of: Option<Spanned<String>>,
    /// In Base64.
    #[schemars(transform = forms::file_names, transform = meshc_schema::values(serde_json::json!({"format": "byte"})))]
    pub data: IndexMap<Spanned<String>, Spanned<String>>,
    /// As it is, before `data`.
    #[schemars(transform = forms::file_names)]
    pub string_data: IndexMap<Spanned<String>, Spanned<String>>,
    /// Never changed.
    pub immutable: Option<Spanned<bool>>,
}

/// Settings.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(transform = forms::holds(
    "!has(self.data) || !has(self.binaryData) || self.data.all(k, !(k in self.binaryData))",
    "a key is in `data` or in `binaryData`, not in both"
))]
pub struct ConfigMap {
    api_version: Ignored,
    kind: Ignored,
    /// Name, namespace, labels.
    pub metadata: Metadata,
    /// Text.
    #[schemars(transform = forms::file_names)]
    pub data: IndexMap<Spanned<String>, Spanned<String>>,
    /// In Base64.
    #[schemars(transform = forms::file_names, transform = meshc_schema::values(serde_json::json!({"format": "byte"})))]
    pub binary_data: IndexMap<Spanned<String>, Spanned<String>>,
    /// Never changed.
    pub immutable: Option<Spanned<bool>>,
}
