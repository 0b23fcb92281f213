//! Writes a bundle: blobs first, the pointer last.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};

use meshc_envoy::SharedNode;
use rayon::prelude::*;

use crate::format::{
    BLOBS, ConfigurationIndex, Descriptor, EndpointsIndex, MEDIA_CONTENTS, MEDIA_INDEX, MEDIA_MANIFEST,
    MEDIA_PACK, MEDIA_PART, MEDIA_POINTER, NodeSets, OCI_LAYOUT, OciIndex, OciManifest, Pointer, VERSION,
};
use crate::pack::{pack, place};
use crate::parts::{Kind, Made, Parts, json};
use crate::{BundleError, Digest, Format, POINTER_DIR, POINTER_OCI};

/// What was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    /// The digest of the bundle: of its intent.
    pub configuration: Digest,
    /// The digest of its endpoints.
    pub endpoints: Digest,
    /// All parts: resources, sets, and the two indexes.
    pub blobs: usize,
    /// Their bytes.
    pub bytes: usize,
}

/// Collects the parts of a bundle; the order of calls does not matter.
#[derive(Debug, Default)]
pub struct BundleBuilder {
    nodes: BTreeMap<String, Node>,
    parts: Parts,
}

/// The places of a node's sets.
#[derive(Debug)]
struct Node {
    listeners: Vec<usize>,
    routes: Vec<usize>,
    clusters: Vec<usize>,
    endpoints: Vec<usize>,
}

/// The files of a bundle under `blobs`, and the pointer beside.
#[derive(Debug, Default)]
struct Files {
    /// Each in pieces.
    blobs: BTreeMap<Digest, Vec<Vec<u8>>>,
    layers: Vec<Descriptor>,
}

impl BundleBuilder {
    /// An empty bundle.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the node called `id` (`POD.NAMESPACE`); an earlier one of that name is replaced.
    pub fn node(&mut self, id: &str, node: &SharedNode) {
        let node = Node {
            listeners: self.parts.add(Kind::Listener, &node.listeners),
            routes: self.parts.add(Kind::Route, &node.routes),
            clusters: self.parts.add(Kind::Cluster, &node.clusters),
            endpoints: self.parts.add(Kind::Endpoints, &node.endpoints),
        };
        self.nodes.insert(id.to_owned(), node);
    }

    /// The digests, without writing anything.
    pub fn digests(&self) -> (Digest, Digest) {
        let (configuration, endpoints) = self.indexes(&self.parts.made());
        (Digest::of(&configuration), Digest::of(&endpoints))
    }

    /// The indexes of the configuration and of the endpoints.
    fn indexes(&self, made: &Made) -> (Vec<u8>, Vec<u8>) {
        let sets = |node: &Node| NodeSets {
            listeners: made.sets(&node.listeners),
            routes: made.sets(&node.routes),
            clusters: made.sets(&node.clusters),
        };
        let configuration = ConfigurationIndex {
            version: VERSION,
            nodes: self.nodes.iter().map(|(id, node)| (id.clone(), sets(node))).collect(),
        };
        let endpoints = EndpointsIndex {
            version: VERSION,
            nodes: self.nodes.iter().map(|(id, node)| (id.clone(), made.sets(&node.endpoints))).collect(),
        };
        rayon::join(|| json(&configuration), || json(&endpoints))
    }

    /// Writes the bundle to the directory `out`, which is empty, absent, or holds a bundle that is replaced.
    pub fn write(self, out: &Path, format: Format) -> Result<Written, BundleError> {
        prepare(out)?;
        let made = self.parts.made();
        let (configuration_index, endpoints_index) = self.indexes(&made);
        // What is behind a part in memory is not needed any more.
        drop(self);
        let parts = made.into_blobs();
        let bytes = parts.iter().map(|part| part.bytes.len()).sum::<usize>();
        let bytes = bytes + configuration_index.len() + endpoints_index.len();
        let blobs = parts.len() + 2;
        let mut files = Files::default();
        let configuration = files.add(MEDIA_PART, configuration_index);
        let endpoints = files.add(MEDIA_PART, endpoints_index);
        let mut pointer = Pointer { version: VERSION, configuration, endpoints, packs: Vec::new() };
        let pointer_bytes = match format {
            Format::Dir => {
                files.blobs.extend(parts.into_iter().map(|part| (part.digest, vec![part.bytes])));
                json(&pointer)
            }
            Format::Oci => {
                for packed in pack(parts) {
                    pointer.packs.push(packed.pack);
                    files.add_known(MEDIA_CONTENTS, packed.pack.contents, vec![packed.contents]);
                    files.add_known(MEDIA_PACK, packed.pack.parts, packed.parts);
                }
                files.image(&pointer)
            }
        };
        let there = blobs_of(out);
        let replaced = crate::read::references(out);
        files
            .blobs
            .par_iter()
            .filter(|(digest, _)| !there.contains(&digest.hex()))
            .try_for_each(|(digest, blob)| replace(&place(out, *digest), blob))?;
        if format == Format::Oci {
            replace(&out.join(OCI_LAYOUT), &[br#"{"imageLayoutVersion":"1.0.0"}"#.to_vec()])?;
        }
        // The other form's pointer would be an older bundle.
        let other = if format == Format::Oci { POINTER_DIR } else { POINTER_OCI };
        let _ = fs::remove_file(out.join(other));
        replace(&out.join(format.pointer()), &[pointer_bytes])?;
        files.prune(out, &there, &replaced);
        Ok(Written { configuration, endpoints, blobs, bytes })
    }
}

impl Files {
    fn add(&mut self, media_type: &str, bytes: Vec<u8>) -> Digest {
        let digest = Digest::of(&bytes);
        self.add_known(media_type, digest, vec![bytes]);
        digest
    }

    fn add_known(&mut self, media_type: &str, digest: Digest, pieces: Vec<Vec<u8>>) {
        let size = pieces.iter().map(|piece| piece.len() as u64).sum();
        self.layers.push(Descriptor { media_type: media_type.to_owned(), digest, size });
        self.blobs.insert(digest, pieces);
    }

    /// Makes an image of all files; what `index.json` says.
    fn image(&mut self, pointer: &Pointer) -> Vec<u8> {
        let layers = std::mem::take(&mut self.layers);
        self.add(MEDIA_POINTER, json(pointer));
        let config = self.layers.pop();
        let manifest = config.map(|config| {
            json(&OciManifest {
                schema_version: 2,
                media_type: Some(MEDIA_MANIFEST.to_owned()),
                artifact_type: Some(MEDIA_POINTER.to_owned()),
                config,
                layers,
            })
        });
        self.add(MEDIA_MANIFEST, manifest.unwrap_or_default());
        json(&OciIndex {
            schema_version: 2,
            media_type: Some(MEDIA_INDEX.to_owned()),
            manifests: std::mem::take(&mut self.layers),
        })
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
fn replace(path: &Path, pieces: &[Vec<u8>]) -> Result<(), BundleError> {
    let name = path.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned());
    let temporary: PathBuf = path.with_file_name(format!(".{name}.{}", std::process::id()));
    let write = || {
        let mut file = BufWriter::new(fs::File::create(&temporary)?);
        pieces.iter().try_for_each(|piece| file.write_all(piece))?;
        file.flush()
    };
    write().map_err(|e| BundleError::io(&temporary, e))?;
    fs::rename(&temporary, path).map_err(|e| BundleError::io(path, e))
}
