//! The resources of many nodes at once: what is equal is held once.

use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::protojson;
use crate::{Cluster, ClusterLoadAssignment, Listener, NodeConfig, RouteConfiguration};

/// Resources that several nodes may share. Sets and members that are the same allocation are written once.
pub type SharedSet<T> = Arc<Vec<Arc<T>>>;

/// The resources of one kind that a node has, in layers: what it shares with many nodes, then what only few have. No
/// two have one name. A mesh of N services has some N workloads that see some N clusters each: it is their layers
/// that are few.
#[derive(Debug, Clone)]
pub struct Layered<T>(Vec<SharedSet<T>>);

/// A resource as it is written: of our own type, or as a patch left it, which may have fields that our types do not.
#[derive(Debug, Clone, PartialEq)]
pub enum Emitted<T> {
    /// One that nobody changed.
    Typed(T),
    /// One that was changed.
    Patched(Patched),
    /// One that is made when it is asked for.
    Later(Later<T>),
}

/// Makes a resource. A mesh's resources together are several times as large as what they are made of and as their text,
/// and most are only written, once.
#[derive(Clone)]
pub struct Later<T>(Arc<dyn Fn() -> T + Send + Sync>);

/// A resource that was changed after it was made.
#[derive(Debug, Clone, PartialEq)]
pub struct Patched {
    /// Its name.
    pub name: String,
    /// It in protojson with proto field names.
    pub value: Value,
}

/// Why a resource that was changed is none that our types know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownPatch {
    /// The resource's name.
    pub name: String,
    /// The field, and what is wrong with it.
    pub reason: String,
}

/// What one node does; a [`NodeConfig`] whose parts may belong to other nodes too.
#[derive(Debug, Clone, Default)]
pub struct SharedNode {
    /// In Envoy's order.
    pub listeners: Layered<Emitted<Listener>>,
    /// By name.
    pub routes: Layered<Emitted<RouteConfiguration>>,
    /// In each layer by name.
    pub clusters: Layered<Emitted<Cluster>>,
    /// In each layer by cluster's name: facts.
    pub endpoints: Layered<ClusterLoadAssignment>,
}

// === impl Layered ===

impl<T> Layered<T> {
    /// These layers; empty ones are left out.
    pub fn new(layers: impl IntoIterator<Item = SharedSet<T>>) -> Self {
        Self(layers.into_iter().filter(|layer| !layer.is_empty()).collect())
    }

    /// The layers, none of them empty.
    pub fn layers(&self) -> &[SharedSet<T>] {
        &self.0
    }

    /// All members.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<T>> {
        self.0.iter().flat_map(|layer| layer.iter())
    }

    /// How many members there are.
    pub fn len(&self) -> usize {
        self.0.iter().map(|layer| layer.len()).sum()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<T> Default for Layered<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> From<SharedSet<T>> for Layered<T> {
    fn from(set: SharedSet<T>) -> Self {
        Self::new([set])
    }
}

impl<T> FromIterator<Arc<T>> for Layered<T> {
    fn from_iter<I: IntoIterator<Item = Arc<T>>>(members: I) -> Self {
        Arc::new(members.into_iter().collect::<Vec<_>>()).into()
    }
}

impl<T: Serialize> Serialize for Layered<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter().map(|member| &**member))
    }
}

// === impl Emitted ===

impl<T> From<T> for Emitted<T> {
    fn from(typed: T) -> Self {
        Self::Typed(typed)
    }
}

impl<T> Emitted<T> {
    /// One that is made by `make`, the same each time.
    pub fn later(make: impl Fn() -> T + Send + Sync + 'static) -> Self {
        Self::Later(Later(Arc::new(make)))
    }
}

impl<T: Clone + DeserializeOwned> Emitted<T> {
    /// It as our own type, if that knows all of it.
    pub fn to_typed(&self) -> Result<T, UnknownPatch> {
        match self {
            Self::Typed(typed) => Ok(typed.clone()),
            Self::Later(later) => Ok(later.make()),
            Self::Patched(Patched { name, value }) => protojson::from_value(value.clone())
                .map_err(|error| UnknownPatch { name: name.clone(), reason: error.to_string() }),
        }
    }
}

impl<T: Serialize> Serialize for Emitted<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Typed(typed) => typed.serialize(serializer),
            Self::Patched(patched) => patched.value.serialize(serializer),
            Self::Later(later) => later.make().serialize(serializer),
        }
    }
}

// === impl Later ===

impl<T> Later<T> {
    /// The resource.
    pub fn make(&self) -> T {
        (self.0)()
    }
}

impl<T> std::fmt::Debug for Later<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Later")
    }
}

impl<T: PartialEq> PartialEq for Later<T> {
    fn eq(&self, other: &Self) -> bool {
        self.make() == other.make()
    }
}

// === impl SharedNode ===

impl SharedNode {
    /// A copy that shares nothing, of our own types; refused where a patch made something that they do not know.
    pub fn to_node_config(&self) -> Result<NodeConfig, UnknownPatch> {
        Ok(NodeConfig {
            listeners: own(&self.listeners)?,
            routes: own(&self.routes)?,
            clusters: own(&self.clusters)?,
            endpoints: self.endpoints.iter().map(|member| ClusterLoadAssignment::clone(member)).collect(),
        })
    }
}

fn own<T: Clone + DeserializeOwned>(set: &Layered<Emitted<T>>) -> Result<Vec<T>, UnknownPatch> {
    set.iter().map(|member| member.to_typed()).collect()
}

// === impl UnknownPatch ===

impl std::fmt::Display for UnknownPatch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "an EnvoyFilter changed {} to what is not known here: {}", self.name, self.reason)
    }
}

impl std::error::Error for UnknownPatch {}
