//! Packs: many parts in one blob, because a registry takes a few thousand layers and a directory no hundred thousand
//! files gladly. A part's own digest is its name as before; a pack is only where it lies.

use std::collections::HashMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use crate::format::{Contents, Pack};
use crate::parts::{Blob, json};
use crate::{BundleError, Digest};

/// How large a pack may grow, in bytes, before the parts of its kind are divided among more.
const ROOM: usize = 16 << 20;

/// A pack that was made: its pointer, and both of its blobs.
pub(crate) struct Packed {
    pub(crate) pack: Pack,
    pub(crate) contents: Vec<u8>,
    /// One after the other.
    pub(crate) parts: Vec<Vec<u8>>,
}

/// Packs blobs, which are sorted by kind and digest. Parts of different kinds are apart, and many of one kind are divided
/// by how their digests begin: what changes in a commit changes few packs, however much stands in front of it.
pub(crate) fn pack(blobs: Vec<Blob>) -> Vec<Packed> {
    let mut groups: Vec<Vec<Blob>> = Vec::new();
    for blob in blobs {
        match groups.last_mut().filter(|group| group.first().is_some_and(|first| first.kind == blob.kind)) {
            Some(group) => group.push(blob),
            None => groups.push(vec![blob]),
        }
    }
    let divided: Vec<Vec<Blob>> = groups.into_iter().flat_map(divide).collect();
    divided.into_par_iter().map(packed).collect()
}

/// The parts of one kind in as many packs as they need: 1, 2, 4, up to 256.
fn divide(group: Vec<Blob>) -> Vec<Vec<Blob>> {
    let bytes: usize = group.iter().map(|blob| blob.bytes.len()).sum();
    let count = bytes.div_ceil(ROOM).next_power_of_two().min(256);
    let mut packs: Vec<Vec<Blob>> = Vec::new();
    packs.resize_with(count, Vec::new);
    for blob in group {
        let place = usize::from(blob.digest.first()) * count / 256;
        if let Some(pack) = packs.get_mut(place) {
            pack.push(blob);
        }
    }
    packs.retain(|pack| !pack.is_empty());
    packs
}

fn packed(blobs: Vec<Blob>) -> Packed {
    let contents: Contents = blobs.iter().map(|blob| (blob.digest, blob.bytes.len() as u64)).collect();
    // Joined they would be there twice for a while, and they are most of what a build holds.
    let parts: Vec<Vec<u8>> = blobs.into_iter().map(|blob| blob.bytes).collect();
    let contents = json(&contents);
    let pack = Pack { contents: Digest::of(&contents), parts: Digest::of_pieces(&parts) };
    Packed { pack, contents, parts }
}

/// Where parts lie that are no blobs of their own.
#[derive(Debug, Default)]
pub(crate) struct Shelves {
    packs: Vec<(Digest, PathBuf)>,
    /// The pack, the offset and the length of each part.
    places: HashMap<Digest, (usize, u64, u64)>,
}

impl Shelves {
    /// Adds a pack, whose blob is at `path`.
    pub(crate) fn add(&mut self, pack: Pack, path: PathBuf, contents: Contents) {
        let mut offset = 0_u64;
        for (digest, length) in contents {
            self.places.insert(digest, (self.packs.len(), offset, length));
            offset = offset.saturating_add(length);
        }
        self.packs.push((pack.parts, path));
    }

    /// The bytes of a part, not verified; none where no pack has it. What is behind the end of a pack that was cut off is
    /// not there.
    pub(crate) fn read(&self, digest: Digest, limit: u64) -> Result<Option<Vec<u8>>, BundleError> {
        let Some(&(pack, offset, length)) = self.places.get(&digest) else { return Ok(None) };
        let Some((of, path)) = self.packs.get(pack) else { return Ok(None) };
        if length > limit {
            return Err(BundleError::TooLarge { what: digest.to_string(), size: length, limit });
        }
        let mut file = match File::open(path) {
            Ok(file) => file,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
                return Err(BundleError::Missing { digest: *of });
            }
            Err(e) => return Err(BundleError::io(path, e)),
        };
        part(&mut file, offset, length).map(Some).map_err(|e| BundleError::io(path, e))
    }
}

fn part(file: &mut File, offset: u64, length: u64) -> std::io::Result<Vec<u8>> {
    file.seek(SeekFrom::Start(offset))?;
    let mut bytes = Vec::new();
    file.take(length).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Where a blob is in a bundle.
pub(crate) fn place(bundle: &Path, digest: Digest) -> PathBuf {
    bundle.join(crate::format::BLOBS).join(digest.hex())
}
