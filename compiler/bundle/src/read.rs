//! Reads a bundle and verifies every byte of it that is used.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use meshc_envoy::NodeConfig;
use serde::de::DeserializeOwned;

use crate::format::{BLOBS, ConfigurationIndex, EndpointsIndex, OciIndex, OciManifest, Pointer, VERSION};
use crate::format::{MEDIA_POINTER, POINTER_DIR, POINTER_OCI};
use crate::{BundleError, Digest};

/// The largest blob or pointer that is read, in bytes.
const MAX_BLOB: u64 = 256 << 20;

/// A bundle whose indexes are read and verified; its sets and resources are, when they are asked for.
#[derive(Debug)]
pub struct Bundle {
    path: PathBuf,
    pointer: Pointer,
    configuration: ConfigurationIndex,
    endpoints: EndpointsIndex,
}

/// Reads the pointer and the indexes of the bundle at `path`, in either form.
pub fn read(path: &Path) -> Result<Bundle, BundleError> {
    let pointer = pointer(path)?;
    known("the bundle", pointer.version)?;
    let configuration: ConfigurationIndex = part(path, pointer.configuration, "an index of nodes")?;
    known("the configuration's index", configuration.version)?;
    let endpoints: EndpointsIndex = part(path, pointer.endpoints, "an index of endpoints")?;
    known("the endpoints' index", endpoints.version)?;
    Ok(Bundle { path: path.to_owned(), pointer, configuration, endpoints })
}

impl Bundle {
    /// The digest of the intent: what `meshc build` prints.
    pub fn digest(&self) -> Digest {
        self.pointer.configuration
    }

    /// The digest of the endpoints.
    pub fn endpoints_digest(&self) -> Digest {
        self.pointer.endpoints
    }

    /// The names of all nodes, sorted.
    pub fn nodes(&self) -> impl Iterator<Item = &str> {
        self.configuration.nodes.keys().map(String::as_str)
    }

    /// Everything that the node `name` does, every blob verified; `None` where the bundle has no such node.
    pub fn node(&self, name: &str) -> Result<Option<NodeConfig>, BundleError> {
        let Some(sets) = self.configuration.nodes.get(name) else { return Ok(None) };
        let endpoints = match self.endpoints.nodes.get(name) {
            Some(set) => self.set(*set, "a ClusterLoadAssignment")?,
            None => Vec::new(),
        };
        Ok(Some(NodeConfig {
            listeners: self.set(sets.listeners, "a Listener")?,
            routes: self.set(sets.routes, "a RouteConfiguration")?,
            clusters: self.set(sets.clusters, "a Cluster")?,
            endpoints,
        }))
    }

    fn set<T: DeserializeOwned>(&self, digest: Digest, what: &'static str) -> Result<Vec<T>, BundleError> {
        let members: Vec<Digest> = part(&self.path, digest, "a set of digests")?;
        members.into_iter().map(|member| resource(&self.path, member, what)).collect()
    }
}

/// Every blob that the bundle at `path` names, as far as it can be read: a broken bundle has fewer.
pub(crate) fn references(path: &Path) -> BTreeSet<Digest> {
    let mut named = BTreeSet::new();
    if let Ok(Some(bytes)) = file(&path.join(POINTER_OCI))
        && let Ok(index) = serde_json::from_slice::<OciIndex>(&bytes)
    {
        for manifest in &index.manifests {
            named.insert(manifest.digest);
            if let Ok(manifest) = part::<OciManifest>(path, manifest.digest, "an OCI image manifest") {
                named.insert(manifest.config.digest);
            }
        }
    }
    let Ok(bundle) = read(path) else { return named };
    named.extend([bundle.pointer.configuration, bundle.pointer.endpoints]);
    let configured = bundle.configuration.nodes.values().flat_map(|n| [n.listeners, n.routes, n.clusters]);
    let sets: BTreeSet<Digest> = configured.chain(bundle.endpoints.nodes.values().copied()).collect();
    for set in sets {
        named.insert(set);
        named.extend(part::<Vec<Digest>>(path, set, "a set of digests").unwrap_or_default());
    }
    named
}

/// The pointer, from `bundle.json` or through the OCI manifest.
fn pointer(path: &Path) -> Result<Pointer, BundleError> {
    if let Some(bytes) = file(&path.join(POINTER_DIR))? {
        return parse(&bytes, POINTER_DIR, "the pointer of a bundle");
    }
    let Some(bytes) = file(&path.join(POINTER_OCI))? else {
        return Err(BundleError::NoBundle { path: path.to_owned() });
    };
    let index: OciIndex = parse(&bytes, POINTER_OCI, "an OCI image index")?;
    let [manifest] = index.manifests.as_slice() else {
        let problem = format!("it has {} manifests, not one", index.manifests.len());
        return Err(BundleError::NotOurs { what: POINTER_OCI.to_owned(), problem });
    };
    let what = manifest.digest.to_string();
    let manifest: OciManifest = part(path, manifest.digest, "an OCI image manifest")?;
    if manifest.config.media_type != MEDIA_POINTER {
        let problem = format!("its config is a {}, not a {MEDIA_POINTER}", manifest.config.media_type);
        return Err(BundleError::NotOurs { what, problem });
    }
    part(path, manifest.config.digest, "the pointer of a bundle")
}

fn known(what: &str, version: u64) -> Result<(), BundleError> {
    if version == VERSION {
        return Ok(());
    }
    Err(BundleError::Version { what: what.to_owned(), found: version, known: VERSION })
}

/// Reads and verifies a blob of ours.
fn part<T: DeserializeOwned>(
    bundle: &Path,
    digest: Digest,
    expected: &'static str,
) -> Result<T, BundleError> {
    parse(&blob(bundle, digest)?, &digest.to_string(), expected)
}

/// Reads and verifies a blob that holds an Envoy resource; a field that is not known is refused by its path.
fn resource<T: DeserializeOwned>(
    bundle: &Path,
    digest: Digest,
    expected: &'static str,
) -> Result<T, BundleError> {
    let bytes = blob(bundle, digest)?;
    meshc_envoy::protojson::from_slice(&bytes).map_err(|source| BundleError::Resource {
        digest,
        expected,
        source,
    })
}

/// The bytes of a blob, verified.
fn blob(bundle: &Path, digest: Digest) -> Result<Vec<u8>, BundleError> {
    let path = bundle.join(BLOBS).join(digest.hex());
    let bytes = file(&path)?.ok_or(BundleError::Missing { digest })?;
    let found = Digest::of(&bytes);
    if found == digest { Ok(bytes) } else { Err(BundleError::Altered { digest, found }) }
}

fn parse<T: DeserializeOwned>(bytes: &[u8], what: &str, expected: &'static str) -> Result<T, BundleError> {
    serde_json::from_slice(bytes).map_err(|source| BundleError::Malformed {
        what: what.to_owned(),
        expected,
        source,
    })
}

/// A whole file, up to the limit; `None` where there is none.
fn file(path: &Path) -> Result<Option<Vec<u8>>, BundleError> {
    let opened = match fs::File::open(path) {
        Ok(opened) => opened,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(BundleError::io(path, e)),
    };
    let mut bytes = Vec::new();
    let size =
        opened.take(MAX_BLOB + 1).read_to_end(&mut bytes).map_err(|e| BundleError::io(path, e))? as u64;
    if size > MAX_BLOB {
        return Err(BundleError::TooLarge { what: path.display().to_string(), size, limit: MAX_BLOB });
    }
    Ok(Some(bytes))
}
