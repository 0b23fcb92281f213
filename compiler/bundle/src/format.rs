//! The documents that a bundle is made of.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Digest;

/// The version of everything here.
pub(crate) const VERSION: u64 = 2;

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
pub(crate) const MEDIA_CONTENTS: &str = "application/vnd.meshc.contents.v1+json";
pub(crate) const MEDIA_PACK: &str = "application/vnd.meshc.pack.v1";

/// How a bundle lies on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// `bundle.json` beside the blobs, one file for each part: what changes costs its own files only.
    Dir,
    /// An OCI image layout, as registries and `oras`, `skopeo` or `crane` copy it. Its parts lie in a few packs: a
    /// large mesh has a hundred thousand of them, and registries take a manifest of some thousand layers.
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Pointer {
    pub(crate) version: u64,
    /// The [`ConfigurationIndex`]; its digest is the digest of the bundle.
    pub(crate) configuration: Digest,
    /// The [`EndpointsIndex`].
    pub(crate) endpoints: Digest,
    /// Where the parts are that are no blobs of their own.
    pub(crate) packs: Vec<Pack>,
}

/// Parts one behind the other in one blob. It is not verified as a whole: each part is, when it is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Pack {
    /// A blob with the digest and the length of each part, in their order: [`Contents`].
    pub(crate) contents: Digest,
    /// The parts.
    pub(crate) parts: Digest,
}

/// What lies in a pack.
pub(crate) type Contents = Vec<(Digest, u64)>;

/// The intent: what each node does.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConfigurationIndex {
    pub(crate) version: u64,
    /// By Envoy node id.
    pub(crate) nodes: BTreeMap<String, NodeSets>,
}

/// The sets that are a node's resources of one kind, one behind the other. Each is a blob with a list of digests.
pub(crate) type Sets = Vec<Digest>;

/// One node's sets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NodeSets {
    pub(crate) listeners: Sets,
    pub(crate) routes: Sets,
    pub(crate) clusters: Sets,
}

/// The facts: where each node's clusters lead.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EndpointsIndex {
    pub(crate) version: u64,
    /// By Envoy node id, sets of `ClusterLoadAssignment`.
    pub(crate) nodes: BTreeMap<String, Sets>,
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
