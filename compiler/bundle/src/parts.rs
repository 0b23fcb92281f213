//! The parts of a bundle while it is put together: what is the same in memory is one part, and all of them are written
//! side by side.

use std::any::Any;
use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use meshc_envoy::Layered;
use rayon::prelude::*;
use serde::Serialize;

use crate::Digest;

/// What a part is: parts of one kind lie together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// A list of digests.
    Set,
    /// Envoy's `Listener`.
    Listener,
    /// Envoy's `RouteConfiguration`.
    Route,
    /// Envoy's `Cluster`.
    Cluster,
    /// Envoy's `ClusterLoadAssignment`.
    Endpoints,
}

/// Bytes under their address.
#[derive(Debug)]
pub(crate) struct Blob {
    pub(crate) kind: Kind,
    pub(crate) digest: Digest,
    pub(crate) bytes: Vec<u8>,
}

/// Something that is written as JSON.
trait Part: Send + Sync {
    fn json(&self) -> Vec<u8>;
}

/// Sets and their members. Whatever has an entry is held, so that its address never comes to mean something else.
#[derive(Default)]
pub(crate) struct Parts {
    members: Vec<(Kind, Arc<dyn Part>)>,
    /// The members of each set, by their places.
    sets: Vec<Vec<usize>>,
    places: HashMap<usize, usize>,
    held: Vec<Arc<dyn Any + Send + Sync>>,
}

/// The parts as blobs.
#[derive(Debug)]
pub(crate) struct Made {
    members: Vec<Blob>,
    sets: Vec<Blob>,
}

// === impl Parts ===

impl Parts {
    /// Adds the resources of one kind that a node has; the places of their sets.
    pub(crate) fn add<T>(&mut self, kind: Kind, layers: &Layered<T>) -> Vec<usize>
    where
        T: Serialize + Send + Sync + 'static,
    {
        layers
            .layers()
            .iter()
            .map(|set| {
                let address = Arc::as_ptr(set).addr();
                if let Some(&known) = self.places.get(&address) {
                    return known;
                }
                let members = set.iter().map(|member| self.member(kind, member)).collect();
                let place = self.sets.len();
                self.sets.push(members);
                self.places.insert(address, place);
                self.held.push(Arc::clone(set) as _);
                place
            })
            .collect()
    }

    fn member<T: Serialize + Send + Sync + 'static>(&mut self, kind: Kind, member: &Arc<T>) -> usize {
        *self.places.entry(Arc::as_ptr(member).addr()).or_insert_with(|| {
            self.members.push((kind, Arc::clone(member) as _));
            self.members.len() - 1
        })
    }

    /// All of them as blobs.
    pub(crate) fn made(&self) -> Made {
        let members: Vec<Blob> =
            self.members.par_iter().map(|(kind, part)| Blob::new(*kind, part.json())).collect();
        let digests = |set: &Vec<usize>| -> Vec<Digest> {
            set.iter().filter_map(|&place| members.get(place)).map(|member| member.digest).collect()
        };
        let sets = self.sets.par_iter().map(|set| Blob::new(Kind::Set, json(&digests(set)))).collect();
        Made { members, sets }
    }
}

impl fmt::Debug for Parts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} parts in {} sets", self.members.len(), self.sets.len())
    }
}

// === impl Made ===

impl Made {
    /// The digests of sets at these places.
    pub(crate) fn sets(&self, places: &[usize]) -> Vec<Digest> {
        places.iter().filter_map(|&place| self.sets.get(place)).map(|set| set.digest).collect()
    }

    /// All blobs, each once, by kind and digest.
    pub(crate) fn into_blobs(self) -> Vec<Blob> {
        let mut blobs = self.members;
        blobs.extend(self.sets);
        blobs.par_sort_unstable_by_key(|blob| (blob.kind, blob.digest));
        blobs.dedup_by_key(|blob| (blob.kind, blob.digest));
        blobs
    }
}

// === impl Blob ===

impl Blob {
    fn new(kind: Kind, bytes: Vec<u8>) -> Self {
        Self { kind, digest: Digest::of(&bytes), bytes }
    }
}

// === impl Part ===

impl<T: Serialize + Send + Sync> Part for T {
    fn json(&self) -> Vec<u8> {
        json(self)
    }
}

thread_local! {
    /// Where values are written: one that grows for each of them would leave as much memory behind as they take.
    static SCRATCH: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Our own types have string keys and finite numbers only, so that serialising them cannot fail.
pub(crate) fn json(value: &impl Serialize) -> Vec<u8> {
    let mut scratch = SCRATCH.take();
    scratch.clear();
    let bytes = match serde_json::to_writer(&mut scratch, value) {
        Ok(()) => scratch.as_slice().to_vec(),
        Err(_) => Vec::new(),
    };
    SCRATCH.set(scratch);
    bytes
}
