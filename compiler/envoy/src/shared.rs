//! The resources of many nodes at once: what is equal is held once.

use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::protojson;
use crate::{Cluster, ClusterLoadAssignment, Listener, NodeConfig, RouteConfiguration};

/// Resources that several nodes may share. Sets and members that are the same allocation are written once.
pub type SharedSet<T> = Arc<Vec<Arc<T>>>;

/// A resource as it is written: of our own type, or as a patch left it, which may have fields that our types do not.
#[derive(Debug, Clone, PartialEq)]
pub enum Emitted<T> {
    /// One that nobody changed.
    Typed(T),
    /// One that was changed.
    Patched(Patched),
}

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
    pub listeners: SharedSet<Emitted<Listener>>,
    /// By name.
    pub routes: SharedSet<Emitted<RouteConfiguration>>,
    /// By name.
    pub clusters: SharedSet<Emitted<Cluster>>,
    /// By cluster's name: facts.
    pub endpoints: SharedSet<ClusterLoadAssignment>,
}

// === impl Emitted ===

impl<T> From<T> for Emitted<T> {
    fn from(typed: T) -> Self {
        Self::Typed(typed)
    }
}

impl<T: Clone + DeserializeOwned> Emitted<T> {
    /// It as our own type, if that knows all of it.
    pub fn to_typed(&self) -> Result<T, UnknownPatch> {
        match self {
            Self::Typed(typed) => Ok(typed.clone()),
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
        }
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

fn own<T: Clone + DeserializeOwned>(set: &SharedSet<Emitted<T>>) -> Result<Vec<T>, UnknownPatch> {
    set.iter().map(|member| member.to_typed()).collect()
}

// === impl UnknownPatch ===

impl std::fmt::Display for UnknownPatch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "an EnvoyFilter changed {} to what is not known here: {}", self.name, self.reason)
    }
}

impl std::error::Error for UnknownPatch {}
