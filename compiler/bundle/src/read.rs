//! Reads a bundle and verifies every byte of it that is used.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use meshc_envoy::NodeConfig;
use serde::de::DeserializeOwned;

use crate::format::{ConfigurationIndex, Contents, EndpointsIndex, OciIndex, OciManifest, Pointer, VERSION};
use crate::format::{MEDIA_POINTER, POINTER_DIR, POINTER_OCI};
use crate::pack::{Shelves, place};
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
    shelves: Shelves,
}

/// Reads the pointer and the indexes of the bundle at `path`, in either form.
pub fn read(path: &Path) -> Result<Bundle, BundleError> {
    let pointer = pointer(path)?;
    known("the bundle", pointer.version)?;
    let mut shelves = Shelves::default();
    for pack in &pointer.packs {
        let contents: Contents = part(path, pack.contents, "the contents of a pack")?;
        shelves.add(*pack, place(path, pack.parts), contents);
    }
    let configuration: ConfigurationIndex = part(path, pointer.configuration, "an index of nodes")?;
    known("the configuration's index", configuration.version)?;
    let endpoints: EndpointsIndex = part(path, pointer.endpoints, "an index of endpoints")?;
    known("the endpoints' index", endpoints.version)?;
    Ok(Bundle { path: path.to_owned(), pointer, configuration, endpoints, shelves })
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
        let endpoints = self.endpoints.nodes.get(name).map(Vec::as_slice).unwrap_or_default();
        Ok(Some(NodeConfig {
            listeners: self.sets(&sets.listeners, "a Listener")?,
            routes: self.sets(&sets.routes, "a RouteConfiguration")?,
            clusters: self.sets(&sets.clusters, "a Cluster")?,
            endpoints: self.sets(endpoints, "a ClusterLoadAssignment")?,
        }))
    }

    fn sets<T: DeserializeOwned>(&self, sets: &[Digest], what: &'static str) -> Result<Vec<T>, BundleError> {
        let mut resources = Vec::new();
        for set in sets {
            for member in self.members(*set)? {
                resources.push(resource(&self.part(member)?, member, what)?);
            }
        }
        Ok(resources)
    }

    /// The members of a set.
    fn members(&self, set: Digest) -> Result<Vec<Digest>, BundleError> {
        parse(&self.part(set)?, &set.to_string(), "a set of digests")
    }

    /// The bytes of a part, verified.
    fn part(&self, digest: Digest) -> Result<Vec<u8>, BundleError> {
        match self.shelves.read(digest, MAX_BLOB)? {
            Some(bytes) => verified(bytes, digest),
            None => blob(&self.path, digest),
        }
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
    named.extend(bundle.pointer.packs.iter().flat_map(|pack| [pack.contents, pack.parts]));
    if !bundle.pointer.packs.is_empty() {
        // No other part is a file.
        return named;
    }
    let configured = bundle.configuration.nodes.values();
    let configured = configured.flat_map(|node| [&node.listeners, &node.routes, &node.clusters]);
    let sets: BTreeSet<Digest> =
        configured.chain(bundle.endpoints.nodes.values()).flatten().copied().collect();
    for set in sets {
        named.insert(set);
        named.extend(bundle.members(set).unwrap_or_default());
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

/// Reads an Envoy resource; a field that is not known is refused by its path.
fn resource<T: DeserializeOwned>(
    bytes: &[u8],
    digest: Digest,
    expected: &'static str,
) -> Result<T, BundleError> {
    meshc_envoy::protojson::from_slice(bytes).map_err(|source| BundleError::Resource {
        digest,
        expected,
        source,
    })
}

/// The bytes of a blob, verified.
fn blob(bundle: &Path, digest: Digest) -> Result<Vec<u8>, BundleError> {
    verified(file(&place(bundle, digest))?.ok_or(BundleError::Missing { digest })?, digest)
}

fn verified(bytes: Vec<u8>, digest: Digest) -> Result<Vec<u8>, BundleError> {
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
