//! The documents that a bundle is made of.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Digest;

/// The version of everything here.
pub(crate) const VERSION: u64 = 1;

/// The pointer of the plain form.
pub const POINTER_DIR: &str = "bundle.json";

/// The pointer of the OCI image layout.
pub const POINTER_OCI: &str = "index.json";

/// The folder of the blobs, the same in both forms.
pub(crate) const BLOBS: &str = "blobs/sha256";

/// The file that says that a directory is an OCI image layout.
pub(crate) const OCI_LAYOUT: &str = "oci-layout";

pub(crate) const MEDIA_INDEX: &str = "application/vnd.oci.image.index.v1+json";
pub(crate) const MEDIA_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
pub(crate) const MEDIA_POINTER: &str = "application/vnd.meshc.bundle.v1+json";
pub(crate) const MEDIA_PART: &str = "application/vnd.meshc.part.v1+json";

/// How a bundle lies on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// `bundle.json` beside the blobs.
    Dir,
    /// An OCI image layout, as registries and `oras`, `skopeo` or `crane` copy it.
    Oci,
}

impl Format {
    /// The file that is replaced last.
    pub fn pointer(self) -> &'static str {
        match self {
            Self::Dir => POINTER_DIR,
            Self::Oci => POINTER_OCI,
        }
    }
}

/// What the pointer says: `bundle.json`, or the config blob of the OCI manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Pointer {
    pub(crate) version: u64,
    /// The [`ConfigurationIndex`]; its digest is the digest of the bundle.
    pub(crate) configuration: Digest,
    /// The [`EndpointsIndex`].
    pub(crate) endpoints: Digest,
}

/// The intent: what each node does.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConfigurationIndex {
    pub(crate) version: u64,
    /// By Envoy node id.
    pub(crate) nodes: BTreeMap<String, NodeSets>,
}

/// One node's sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NodeSets {
    pub(crate) listeners: Digest,
    pub(crate) routes: Digest,
    pub(crate) clusters: Digest,
}

/// The facts: where each node's clusters lead.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EndpointsIndex {
    pub(crate) version: u64,
    /// By Envoy node id, a set of `ClusterLoadAssignment`.
    pub(crate) nodes: BTreeMap<String, Digest>,
}

/// OCI's content descriptor.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Descriptor {
    pub(crate) media_type: String,
    pub(crate) digest: Digest,
    pub(crate) size: u64,
}

/// OCI's image index, as far as we write it; unknown fields are other tools' annotations.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OciIndex {
    pub(crate) schema_version: u64,
    pub(crate) media_type: Option<String>,
    pub(crate) manifests: Vec<Descriptor>,
}

/// OCI's image manifest, as far as we write it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OciManifest {
    pub(crate) schema_version: u64,
    pub(crate) media_type: Option<String>,
    pub(crate) artifact_type: Option<String>,
    pub(crate) config: Descriptor,
    pub(crate) layers: Vec<Descriptor>,
}
