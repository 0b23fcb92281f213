//! Writes a bundle: blobs first, the pointer last.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use meshc_envoy::{SharedNode, SharedSet};
use serde::Serialize;

use crate::format::{
    BLOBS, ConfigurationIndex, Descriptor, EndpointsIndex, MEDIA_INDEX, MEDIA_MANIFEST, MEDIA_PART,
    MEDIA_POINTER, NodeSets, OCI_LAYOUT, OciIndex, OciManifest, Pointer, VERSION,
};
use crate::{BundleError, Digest, Format, POINTER_DIR, POINTER_OCI};

/// What was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    /// The digest of the bundle: of its intent.
    pub configuration: Digest,
    /// The digest of its endpoints.
    pub endpoints: Digest,
    /// All blobs.
    pub blobs: usize,
    /// Their bytes.
    pub bytes: usize,
}

/// Collects the parts of a bundle; the order of calls does not matter.
#[derive(Debug, Default)]
pub struct BundleBuilder {
    blobs: BTreeMap<Digest, Vec<u8>>,
    configuration: ConfigurationIndex,
    endpoints: EndpointsIndex,
    /// Digests by address of the shared part. The parts are kept alive in `held`, so an address is never reused.
    known: HashMap<usize, Digest>,
    held: Vec<Held>,
}

/// Keeps a shared part alive while its address is a key.
#[derive(Debug)]
#[expect(dead_code, reason = "held only so that it is not freed")]
struct Held(Arc<dyn std::any::Any + Send + Sync>);

impl BundleBuilder {
    /// An empty bundle.
    pub fn new() -> Self {
        Self {
            configuration: ConfigurationIndex { version: VERSION, ..ConfigurationIndex::default() },
            endpoints: EndpointsIndex { version: VERSION, ..EndpointsIndex::default() },
            ..Self::default()
        }
    }

    /// Adds the node called `id` (`POD.NAMESPACE`); an earlier one of that name is replaced.
    pub fn node(&mut self, id: &str, node: &SharedNode) {
        let sets = NodeSets {
            listeners: self.set(&node.listeners),
            routes: self.set(&node.routes),
            clusters: self.set(&node.clusters),
        };
        self.configuration.nodes.insert(id.to_owned(), sets);
        let endpoints = self.set(&node.endpoints);
        self.endpoints.nodes.insert(id.to_owned(), endpoints);
    }

    /// The digests, without writing anything.
    pub fn digests(&self) -> (Digest, Digest) {
        (Digest::of(&json(&self.configuration)), Digest::of(&json(&self.endpoints)))
    }

    /// Writes the bundle to the directory `out`, which is empty, absent, or holds a bundle that is replaced.
    pub fn write(mut self, out: &Path, format: Format) -> Result<Written, BundleError> {
        prepare(out)?;
        let configuration = self.blob(json(&self.configuration));
        let endpoints = self.blob(json(&self.endpoints));
        let pointer = Pointer { version: VERSION, configuration, endpoints };
        let pointer_bytes = match format {
            Format::Dir => json(&pointer),
            Format::Oci => {
                let layers =
                    self.blobs.iter().map(|(digest, bytes)| describe(MEDIA_PART, *digest, bytes)).collect();
                let config_bytes = json(&pointer);
                let config = describe(MEDIA_POINTER, Digest::of(&config_bytes), &config_bytes);
                self.blob(config_bytes);
                let manifest_bytes = json(&OciManifest {
                    schema_version: 2,
                    media_type: Some(MEDIA_MANIFEST.to_owned()),
                    artifact_type: Some(MEDIA_POINTER.to_owned()),
                    config,
                    layers,
                });
                let manifest = describe(MEDIA_MANIFEST, Digest::of(&manifest_bytes), &manifest_bytes);
                self.blob(manifest_bytes);
                json(&OciIndex {
                    schema_version: 2,
                    media_type: Some(MEDIA_INDEX.to_owned()),
                    manifests: vec![manifest],
                })
            }
        };
        let there = blobs_of(out);
        let replaced = crate::read::references(out);
        let mut bytes = 0;
        for (digest, blob) in &self.blobs {
            bytes += blob.len();
            let path = out.join(BLOBS).join(digest.hex());
            if !there.contains(&digest.hex()) {
                replace(&path, blob)?;
            }
        }
        if format == Format::Oci {
            replace(&out.join(OCI_LAYOUT), br#"{"imageLayoutVersion":"1.0.0"}"#)?;
        }
        // The other form's pointer would be an older bundle.
        let other = if format == Format::Oci { POINTER_DIR } else { POINTER_OCI };
        let _ = fs::remove_file(out.join(other));
        replace(&out.join(format.pointer()), &pointer_bytes)?;
        self.prune(out, &there, &replaced);
        Ok(Written { configuration, endpoints, blobs: self.blobs.len(), bytes })
    }

    /// Removes the blobs that neither this bundle nor the one that it replaced names: a reader that still has the
    /// pointer of the one before finds its blobs.
    fn prune(&self, out: &Path, there: &BTreeSet<String>, replaced: &BTreeSet<Digest>) {
        for hex in there {
            let path = out.join(BLOBS).join(hex);
            if hex.starts_with('.') && is_forgotten(&path) {
                let _ = fs::remove_file(path);
                continue;
            }
            let Some(digest) = Digest::parse(&format!("sha256:{hex}")) else { continue };
            if !self.blobs.contains_key(&digest) && !replaced.contains(&digest) {
                // A blob that stays costs only space.
                let _ = fs::remove_file(path);
            }
        }
    }

    fn set<T: Serialize + Send + Sync + 'static>(&mut self, set: &SharedSet<T>) -> Digest {
        self.shared(set, |this| {
            let members: Vec<Digest> =
                set.iter().map(|member| this.shared(member, |this| this.blob(json(&**member)))).collect();
            this.blob(json(&members))
        })
    }

    fn shared<T: Send + Sync + 'static>(
        &mut self,
        part: &Arc<T>,
        make: impl FnOnce(&mut Self) -> Digest,
    ) -> Digest {
        let address = Arc::as_ptr(part) as usize;
        if let Some(digest) = self.known.get(&address) {
            return *digest;
        }
        let digest = make(self);
        self.known.insert(address, digest);
        self.held.push(Held(Arc::clone(part) as _));
        digest
    }

    fn blob(&mut self, bytes: Vec<u8>) -> Digest {
        let digest = Digest::of(&bytes);
        self.blobs.entry(digest).or_insert(bytes);
        digest
    }
}

/// Our own types have string keys and finite numbers only, so that serialising them cannot fail.
fn json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_default()
}

fn describe(media_type: &str, digest: Digest, bytes: &[u8]) -> Descriptor {
    Descriptor { media_type: media_type.to_owned(), digest, size: bytes.len() as u64 }
}

/// Makes the directories; refuses a directory that holds something else.
fn prepare(out: &Path) -> Result<(), BundleError> {
    let ours = [POINTER_DIR, POINTER_OCI, "blobs"].iter().any(|name| out.join(name).exists());
    if !ours {
        match fs::read_dir(out) {
            Ok(mut entries) => {
                if entries.next().is_some() {
                    return Err(BundleError::Occupied { path: out.to_owned() });
                }
            }
            Err(e) if e.kind() == io::ErrorKind::NotFound => {}
            Err(e) => return Err(BundleError::io(out, e)),
        }
    }
    let blobs = out.join(BLOBS);
    fs::create_dir_all(&blobs).map_err(|e| BundleError::io(&blobs, e))
}

/// Whether a temporary file was left behind by a writer that was killed: one that still writes is quicker than this.
fn is_forgotten(path: &Path) -> bool {
    let age = fs::metadata(path).and_then(|data| data.modified()).ok().and_then(|time| time.elapsed().ok());
    age.is_some_and(|age| age > std::time::Duration::from_secs(60))
}

/// The names of the blobs that are there.
fn blobs_of(out: &Path) -> BTreeSet<String> {
    let Ok(entries) = fs::read_dir(out.join(BLOBS)) else { return BTreeSet::new() };
    entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect()
}

/// Writes beside `path`, then renames: nobody sees half a file. The temporary name is this process's own, so that
/// two writers do not meet in it.
fn replace(path: &Path, bytes: &[u8]) -> Result<(), BundleError> {
    let name = path.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned());
    let temporary: PathBuf = path.with_file_name(format!(".{name}.{}", std::process::id()));
    fs::write(&temporary, bytes).map_err(|e| BundleError::io(&temporary, e))?;
    fs::rename(&temporary, path).map_err(|e| BundleError::io(path, e))
}
