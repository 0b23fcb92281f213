//! Delivery to stock Envoy: a bootstrap, and files that Envoy watches for its listeners, routes, clusters and
//! endpoints (path configuration sources).
//!
//! Envoy takes resources one by one, so an update comes in an order in which nothing names what is not there yet:
//! endpoints and clusters, old ones still beside the new; then listeners and routes; then the clusters that are
//! left. Each step waits until Envoy says that it has taken it.

mod acceptance;
mod files;
mod sources;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use meshc_envoy::{Address, Admin as AdminConfig, Bootstrap, Cluster, DynamicResources, Node, NodeConfig};

use crate::DeliveryError;
use crate::admin::Admin;
use files::{File, Files};

/// What has files of its own, beside listeners and clusters. Each file costs Envoy an inotify instance, of which Linux
/// gives a user 128 by default; what has no file stands inside that which names it, and comes with its updates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Watched {
    /// Each route table; otherwise they stand in the listeners.
    pub routes: bool,
    /// Each cluster's endpoints; otherwise they stand in the clusters.
    pub endpoints: bool,
}

impl Watched {
    /// From the most files to the fewest.
    pub const CHOICES: [Self; 3] = [
        Self { routes: true, endpoints: true },
        Self { routes: true, endpoints: false },
        Self { routes: false, endpoints: false },
    ];

    /// How many files an Envoy watches that has this configuration.
    pub fn files(self, tables: usize, clusters: usize) -> usize {
        2 + if self.routes { tables } else { 0 } + if self.endpoints { clusters } else { 0 }
    }
}

/// The folder and the administration of one Envoy.
#[derive(Debug)]
pub struct EnvoyNode {
    directory: PathBuf,
    watched: Watched,
    admin: Admin,
    /// Where its log is, for the reason when it refuses something.
    log: PathBuf,
    current: NodeConfig,
}

impl EnvoyNode {
    /// Writes all that Envoy needs to start into `directory`: `bootstrap.json` and the files that it names.
    pub fn prepare(
        directory: &Path,
        log: &Path,
        admin: Admin,
        config: NodeConfig,
        watched: Watched,
    ) -> Result<Self, DeliveryError> {
        let config = sources::inline(config, watched);
        let files = Files::create(directory)?;
        for file in all(&files, &config) {
            files.replace(&file)?;
        }
        let bootstrap = bootstrap(&files, &admin.node, admin.address);
        Files::write_json(&directory.join("bootstrap.json"), &bootstrap)?;
        Ok(Self { directory: directory.to_owned(), watched, admin, log: log.to_owned(), current: config })
    }

    /// The file to give to `envoy -c`.
    pub fn bootstrap(&self) -> PathBuf {
        self.directory.join("bootstrap.json")
    }

    /// Its administration.
    pub fn admin(&self) -> &Admin {
        &self.admin
    }

    /// Waits until Envoy, once it is started, serves everything that was prepared.
    pub async fn started(&self, within: Duration) -> Result<(), DeliveryError> {
        self.admin.ready(within).await?;
        let files = all(&Files::create(&self.directory)?, &self.current);
        acceptance::wait(&self.admin, &files, &self.current, &acceptance::Refusals::none(&self.log), within)
            .await
    }

    /// Brings Envoy to `config` and waits until it serves it. On an error the files are those of the step that Envoy
    /// refused; Envoy itself goes on with what it had.
    pub async fn apply(&mut self, config: NodeConfig, within: Duration) -> Result<(), DeliveryError> {
        let config = sources::inline(config, self.watched);
        let files = Files::create(&self.directory)?;
        let before = all(&files, &self.current);
        let both = union(&self.current.clusters, &config.clusters);
        let mut first: Vec<File> = files.endpoints(&config);
        first.push(files.clusters(&both));
        let mut second: Vec<File> = files.routes(&config);
        second.push(files.listeners(&config));
        let third = vec![files.clusters(&config.clusters)];
        let mut known = before.clone();
        for step in [first, second, third] {
            // Envoy counts only what changes; a file that stays as it is would be waited for in vain.
            let changed: Vec<File> = step.into_iter().filter(|file| !known.contains(file)).collect();
            let refusals = acceptance::Refusals::now(&self.admin, &self.log).await?;
            for file in &changed {
                files.replace(file)?;
                known.retain(|old| old.path != file.path);
                known.push(file.clone());
            }
            acceptance::wait(&self.admin, &changed, &config, &refusals, within).await?;
        }
        let now = all(&files, &config);
        for gone in before.iter().filter(|old| now.iter().all(|file| file.path != old.path)) {
            Files::remove(gone);
        }
        self.current = config;
        Ok(())
    }
}

/// Every file of a configuration.
fn all(files: &Files, config: &NodeConfig) -> Vec<File> {
    let mut every = files.endpoints(config);
    every.extend(files.routes(config));
    every.push(files.clusters(&config.clusters));
    every.push(files.listeners(config));
    every
}

/// The new clusters and those of the old that the new do not replace.
fn union(old: &[Cluster], new: &[Cluster]) -> Vec<Cluster> {
    let left = old.iter().filter(|old| new.iter().all(|new| new.name != old.name));
    new.iter().chain(left).cloned().collect()
}

fn bootstrap(files: &Files, id: &str, admin: SocketAddr) -> Bootstrap {
    Bootstrap {
        node: Some(Node { id: id.to_owned(), cluster: id.to_owned(), ..Node::default() }),
        dynamic_resources: Some(DynamicResources {
            lds_config: Some(sources::file(&files.listeners_path())),
            cds_config: Some(sources::file(&files.clusters_path())),
        }),
        admin: Some(AdminConfig {
            address: Some(Address::socket(admin.ip().to_string(), admin.port())),
            access_log: Vec::new(),
        }),
        ..Bootstrap::default()
    }
}

#[cfg(test)]
mod tests {
    use meshc_envoy::{ClusterLoadAssignment, DiscoveryType, EdsClusterConfig};

    use super::*;

    fn eds(name: &str) -> Cluster {
        Cluster {
            name: name.to_owned(),
            r#type: Some(DiscoveryType::Eds),
            eds_cluster_config: Some(EdsClusterConfig::default()),
            ..Cluster::default()
        }
    }

    #[test]
    fn clusters_that_go_stay_until_nothing_names_them() {
        let changed = Cluster { alt_stat_name: "changed".to_owned(), ..eds("b") };
        let both = union(&[eds("a"), eds("b")], &[changed.clone(), eds("c")]);
        assert_eq!(both, [changed, eds("c"), eds("a")]);
    }

    #[test]
    fn a_folder_holds_all_that_its_bootstrap_names() {
        let folder = std::env::temp_dir().join(format!("meshc-delivery-{}", std::process::id()));
        let admin = Admin { node: "a.b".to_owned(), address: SocketAddr::from(([127, 0, 0, 1], 1)) };
        let assignment =
            ClusterLoadAssignment { cluster_name: "c".to_owned(), ..ClusterLoadAssignment::default() };
        let config =
            NodeConfig { clusters: vec![eds("c")], endpoints: vec![assignment], ..NodeConfig::default() };
        let node = EnvoyNode::prepare(&folder, Path::new("log"), admin, config, Watched::CHOICES[0]);
        let node = node.expect("written");
        let read = |path: PathBuf| -> serde_json::Value {
            serde_json::from_slice(&std::fs::read(path).expect("a file")).expect("JSON")
        };
        let bootstrap = read(node.bootstrap());
        assert_eq!(bootstrap["node"]["id"], "a.b");
        let clusters = &bootstrap["dynamic_resources"]["cds_config"]["path_config_source"]["path"];
        let clusters = read(clusters.as_str().expect("a path").into());
        let cluster = &clusters["resources"][0];
        assert_eq!(cluster["@type"], "type.googleapis.com/envoy.config.cluster.v3.Cluster");
        let endpoints = &cluster["eds_cluster_config"]["eds_config"]["path_config_source"]["path"];
        let endpoints = read(endpoints.as_str().expect("a path").into());
        assert_eq!(endpoints["resources"][0]["cluster_name"], "c");
        std::fs::remove_dir_all(folder).expect("removed");
    }
}
