//! The files that Envoy watches. Each is replaced by a rename: Envoy watches for files that are moved into place,
//! and never reads half of one.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use meshc_bundle::Digest;
use meshc_envoy::{Cluster, ClusterLoadAssignment, NodeConfig};
use serde::Serialize;
use serde_json::{Value, json};

use super::sources;
use crate::DeliveryError;

/// What a file holds.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// All listeners.
    Listeners,
    /// All clusters.
    Clusters,
    /// One route table.
    Routes(String),
    /// One cluster's endpoints.
    Endpoints(String),
}

/// One file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct File {
    pub(super) kind: Kind,
    pub(super) path: PathBuf,
    /// The digest of its resources: the version that Envoy reports when it has taken them.
    pub(super) version: String,
    bytes: Vec<u8>,
}

/// The folder of one Envoy's files.
#[derive(Debug)]
pub(super) struct Files {
    directory: PathBuf,
}

impl Files {
    pub(super) fn create(directory: &Path) -> Result<Self, DeliveryError> {
        let files = Self { directory: directory.to_owned() };
        for folder in ["routes", "endpoints"] {
            let folder = directory.join(folder);
            fs::create_dir_all(&folder).map_err(|e| DeliveryError::file(folder, e))?;
        }
        Ok(files)
    }

    pub(super) fn listeners_path(&self) -> PathBuf {
        self.directory.join("listeners.json")
    }

    pub(super) fn clusters_path(&self) -> PathBuf {
        self.directory.join("clusters.json")
    }

    fn routes_path(&self, table: &str) -> PathBuf {
        self.directory.join("routes").join(file_name(table))
    }

    fn endpoints_path(&self, cluster: &str) -> PathBuf {
        self.directory.join("endpoints").join(file_name(cluster))
    }

    pub(super) fn listeners(&self, config: &NodeConfig) -> File {
        let here = |listener| sources::routes_from_files(listener, |table| self.routes_path(table));
        let resources: Vec<_> = config.listeners.iter().map(here).collect();
        let of = "type.googleapis.com/envoy.config.listener.v3.Listener";
        response(Kind::Listeners, self.listeners_path(), of, &resources)
    }

    pub(super) fn clusters(&self, clusters: &[Cluster]) -> File {
        let here = |cluster| sources::endpoints_from_files(cluster, |name| self.endpoints_path(name));
        let resources: Vec<_> = clusters.iter().map(here).collect();
        let of = "type.googleapis.com/envoy.config.cluster.v3.Cluster";
        response(Kind::Clusters, self.clusters_path(), of, &resources)
    }

    /// A file for each table that a listener names. One that the configuration lacks has an empty file, which Envoy
    /// reports as a table that is missing.
    pub(super) fn routes(&self, config: &NodeConfig) -> Vec<File> {
        let named: BTreeSet<&str> = config.listeners.iter().flat_map(sources::tables).collect();
        let of = "type.googleapis.com/envoy.config.route.v3.RouteConfiguration";
        let file = |name: &str| {
            let tables: Vec<_> = config.routes.iter().filter(|table| table.name == name).collect();
            response(Kind::Routes(name.to_owned()), self.routes_path(name), of, &tables)
        };
        named.into_iter().map(file).collect()
    }

    /// A file for each cluster that finds its endpoints on its own; without any it is an assignment of none.
    pub(super) fn endpoints(&self, config: &NodeConfig) -> Vec<File> {
        let of = "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment";
        let named = config.clusters.iter().filter_map(|cluster| {
            let eds = cluster.eds_cluster_config.as_ref()?;
            Some(if eds.service_name.is_empty() { &cluster.name } else { &eds.service_name })
        });
        let file = |name: &String| {
            let found = config.endpoints.iter().find(|assignment| assignment.cluster_name == *name).cloned();
            let none =
                || ClusterLoadAssignment { cluster_name: name.clone(), ..ClusterLoadAssignment::default() };
            let assignment = found.unwrap_or_else(none);
            response(Kind::Endpoints(name.clone()), self.endpoints_path(name), of, &[assignment])
        };
        named.collect::<BTreeSet<_>>().into_iter().map(file).collect()
    }

    pub(super) fn replace(&self, file: &File) -> Result<(), DeliveryError> {
        let temporary = self.directory.join(".next");
        fs::write(&temporary, &file.bytes).map_err(|e| DeliveryError::file(&temporary, e))?;
        fs::rename(&temporary, &file.path).map_err(|e| DeliveryError::file(&file.path, e))
    }

    pub(super) fn write_json(path: &Path, value: &impl Serialize) -> Result<(), DeliveryError> {
        fs::write(path, bytes(value)).map_err(|e| DeliveryError::file(path, e))
    }

    /// Removes a file that nothing names any more.
    pub(super) fn remove(file: &File) {
        // One that stays costs only space.
        let _ = fs::remove_file(&file.path);
    }
}

/// Envoy's `DiscoveryResponse`.
fn response(kind: Kind, path: PathBuf, type_url: &str, resources: &[impl Serialize]) -> File {
    let typed = |resource| {
        let mut value = serde_json::to_value(resource).unwrap_or_default();
        if let Value::Object(fields) = &mut value {
            fields.insert("@type".to_owned(), Value::String(type_url.to_owned()));
        }
        value
    };
    let resources: Vec<Value> = resources.iter().map(typed).collect();
    let version = Digest::of(&bytes(&resources)).hex();
    let bytes = bytes(&json!({"version_info": version, "resources": resources}));
    File { kind, path, version, bytes }
}

/// Our own types have string keys and finite numbers only, so that serialising them cannot fail.
fn bytes(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_default()
}

/// A file's name for any resource's name: what is readable of it, and a digest that tells it from others.
fn file_name(name: &str) -> String {
    let safe = |c: char| if c.is_ascii_alphanumeric() || c == '.' || c == '-' { c } else { '_' };
    let readable: String = name.chars().take(100).map(safe).collect();
    let digest = Digest::of(name.as_bytes()).hex();
    format!("{readable}-{}.json", digest.get(..12).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::file_name;

    #[test]
    fn names_that_look_alike_have_files_of_their_own() {
        assert_ne!(file_name("outbound|80||a"), file_name("outbound_80__a"));
        assert!(file_name(&"x".repeat(1_000)).len() < 200);
    }
}
