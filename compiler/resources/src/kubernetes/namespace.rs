//! Kinds of which only the metadata matters.

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

/// An identity of pods.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ServiceAccount {
    api_version: Ignored,
    kind: Ignored,
    /// Name, namespace, labels.
    pub metadata: Metadata,
    secrets: Ignored,
    image_pull_secrets: Ignored,
    automount_service_account_token: Ignored,
}
