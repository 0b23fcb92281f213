//! Kinds of which the metadata matters most.

use meshc_syntax::de::Spanned;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{Ignored, Metadata};

/// A namespace.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Namespace {
    api_version: Ignored,
    kind: Ignored,
    /// Name, namespace, labels.
    pub metadata: Metadata,
    spec: Ignored,
    status: Ignored,
}

/// A node. Its labels say where it is.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Node {
    api_version: Ignored,
    kind: Ignored,
    /// Name, labels.
    pub metadata: Metadata,
    spec: Ignored,
    status: Ignored,
}

/// An identity of pods.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ServiceAccount {
    api_version: Ignored,
    kind: Ignored,
    /// Name, namespace, labels.
    pub metadata: Metadata,
    secrets: Ignored,
    image_pull_secrets: Ignored,
    /// Whether pods get its token.
    pub automount_service_account_token: Option<Spanned<bool>>,
}
