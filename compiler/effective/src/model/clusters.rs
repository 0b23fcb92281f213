//! The clusters of a proxy: those of its view of the mesh, which many proxies share, and its own.

use std::iter::Peekable;
use std::slice;
use std::sync::Arc;

use serde::{Serialize, Serializer};

use super::Cluster;

/// Clusters by name, in the order of their names.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ByName(Vec<Arc<Cluster>>);

impl ByName {
    /// These clusters; of several with one name the first.
    pub fn new(mut clusters: Vec<Arc<Cluster>>) -> Self {
        clusters.sort_by(|a, b| a.name.cmp(&b.name));
        clusters.dedup_by(|later, first| later.name == first.name);
        Self(clusters)
    }

    /// The cluster of this name.
    pub fn get(&self, name: &str) -> Option<&Arc<Cluster>> {
        self.place(name).and_then(|at| self.0.get(at))
    }

    /// Whether there is a cluster of this name.
    pub fn contains(&self, name: &str) -> bool {
        self.place(name).is_some()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of them.
    pub fn iter(&self) -> slice::Iter<'_, Arc<Cluster>> {
        self.0.iter()
    }

    /// Puts a cluster in the place of the one that has its name, if one has.
    pub(crate) fn replace(&mut self, cluster: &Arc<Cluster>) {
        if let Some(slot) = self.place(&cluster.name).and_then(|at| self.0.get_mut(at)) {
            *slot = Arc::clone(cluster);
        }
    }

    fn place(&self, name: &str) -> Option<usize> {
        self.0.binary_search_by(|cluster| cluster.name.as_str().cmp(name)).ok()
    }
}

impl<'a> IntoIterator for &'a ByName {
    type Item = &'a Arc<Cluster>;
    type IntoIter = slice::Iter<'a, Arc<Cluster>>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl FromIterator<Arc<Cluster>> for ByName {
    fn from_iter<I: IntoIterator<Item = Arc<Cluster>>>(clusters: I) -> Self {
        Self::new(clusters.into_iter().collect())
    }
}

/// The clusters of a proxy by name. A mesh of a thousand services has thousands of proxies with thousands of clusters
/// each: proxies with the same view of the mesh share one map of what it has, beside the few of each that follow from its
/// own workload.
#[derive(Debug, Clone, Default)]
pub struct Clusters {
    /// Those of the view.
    shared: Arc<ByName>,
    /// Those that only some proxies of the view have; no name of `shared` is among them.
    own: Arc<ByName>,
}

// === impl Clusters ===

impl Clusters {
    /// The clusters of a view and a proxy's own; of two with one name the view's holds.
    pub fn layered(shared: Arc<ByName>, mut own: ByName) -> Self {
        own.0.retain(|cluster| !shared.contains(&cluster.name));
        Self { shared, own: Arc::new(own) }
    }

    /// The clusters of a view and those beside, of which none has the name of one of the view's.
    pub(crate) fn of(shared: Arc<ByName>, own: Arc<ByName>) -> Self {
        Self { shared, own }
    }

    /// Those of the view. Proxies that see the same have one map in memory.
    pub fn shared(&self) -> &Arc<ByName> {
        &self.shared
    }

    /// Those beside.
    pub fn own(&self) -> &Arc<ByName> {
        &self.own
    }

    /// Where both parts are in memory: their name as long as they are held.
    pub fn place(&self) -> (usize, usize) {
        (Arc::as_ptr(&self.shared).addr(), Arc::as_ptr(&self.own).addr())
    }

    /// Whether both are the same in memory, so that what was computed for one holds for the other.
    pub fn same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared) && Arc::ptr_eq(&self.own, &other.own)
    }

    /// The cluster of this name.
    pub fn get(&self, name: &str) -> Option<&Arc<Cluster>> {
        self.shared.get(name).or_else(|| self.own.get(name))
    }

    /// Whether there is a cluster of this name.
    pub fn contains_key(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.shared.len() + self.own.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All of them, in the order of their names.
    pub fn iter(&self) -> Iter<'_> {
        Iter { shared: self.shared.iter().peekable(), own: self.own.iter().peekable() }
    }

    /// All of them, in the order of their names.
    pub fn values(&self) -> impl Iterator<Item = &Arc<Cluster>> {
        self.iter().map(|(_, cluster)| cluster)
    }

    /// Their names, in order.
    pub fn keys(&self) -> impl Iterator<Item = &String> {
        self.iter().map(|(name, _)| name)
    }
}

impl PartialEq for Clusters {
    fn eq(&self, other: &Self) -> bool {
        self.same(other) || (self.len() == other.len() && self.iter().eq(other.iter()))
    }
}

impl Serialize for Clusters {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self)
    }
}

impl From<ByName> for Clusters {
    fn from(clusters: ByName) -> Self {
        Self { shared: Arc::new(clusters), own: Arc::default() }
    }
}

impl FromIterator<Arc<Cluster>> for Clusters {
    fn from_iter<I: IntoIterator<Item = Arc<Cluster>>>(clusters: I) -> Self {
        clusters.into_iter().collect::<ByName>().into()
    }
}

impl<'a> IntoIterator for &'a Clusters {
    type Item = (&'a String, &'a Arc<Cluster>);
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
}

/// The clusters of a proxy in the order of their names.
#[derive(Debug, Clone)]
pub struct Iter<'a> {
    shared: Peekable<slice::Iter<'a, Arc<Cluster>>>,
    own: Peekable<slice::Iter<'a, Arc<Cluster>>>,
}

impl<'a> Iterator for Iter<'a> {
    type Item = (&'a String, &'a Arc<Cluster>);

    fn next(&mut self) -> Option<Self::Item> {
        let own_is_next = match (self.shared.peek(), self.own.peek()) {
            (Some(shared), Some(own)) => own.name < shared.name,
            (shared, _) => shared.is_none(),
        };
        let next = if own_is_next { self.own.next() } else { self.shared.next() };
        next.map(|cluster| (&cluster.name, cluster))
    }
}
