//! The whole configuration of one proxy, complete and immutable.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use meshc_envoy as envoy;

use crate::cluster::{Assignments, Cluster};
use crate::error::{At, ConfigError};
use crate::http_config::Tables;
use crate::listener::{Listener, Network};

/// Resources of one kind at most.
const MAX_RESOURCES: usize = 200_000;

/// The configuration of one proxy.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    /// Listeners, as configured.
    pub listeners: Vec<Listener>,
    /// Clusters, as configured; routes refer to them by index.
    pub clusters: Vec<Cluster>,
}

impl Snapshot {
    /// Compiles all that one node loads.
    pub fn new(node: &envoy::NodeConfig) -> Result<Self, ConfigError> {
        Self::build(node, &At::root(""))
    }

    /// Compiles the static resources of a bootstrap.
    pub fn from_bootstrap(bootstrap: &envoy::Bootstrap) -> Result<Self, ConfigError> {
        let root = At::root("");
        let envoy::Bootstrap { node: _, static_resources, dynamic_resources, admin } = bootstrap;
        if let Some(envoy::DynamicResources { lds_config, cds_config }) = dynamic_resources {
            let field = root.field("dynamic_resources");
            field.refuse("lds_config", lds_config)?;
            field.refuse("cds_config", cds_config)?;
        }
        if let Some(admin) = admin {
            root.field("admin").refuse("access_log", &admin.access_log)?;
        }
        let envoy::StaticResources { listeners, clusters } = static_resources.clone().unwrap_or_default();
        let node = envoy::NodeConfig { listeners, clusters, routes: Vec::new(), endpoints: Vec::new() };
        Self::build(&node, &At::root("static_resources"))
    }

    /// What is not served until certificates come over SDS, a line a secret; nothing else is left out of a snapshot.
    pub fn awaited_secrets(&self) -> Vec<String> {
        let mut chains: BTreeMap<&str, (usize, BTreeSet<&str>)> = BTreeMap::new();
        for listener in &self.listeners {
            for network in listener.networks() {
                if let Network::AwaitsSecret(secret) = network {
                    let (count, listeners) = chains.entry(secret).or_default();
                    *count += 1;
                    listeners.insert(&listener.name);
                }
            }
        }
        let line = |(secret, (count, listeners)): (&str, (usize, BTreeSet<&str>))| {
            let listeners = listeners.into_iter().collect::<Vec<_>>().join(", ");
            let chains =
                if count == 1 { "1 filter chain".to_owned() } else { format!("{count} filter chains") };
            format!(
                "{chains} of {listeners} wait for the certificate {secret:?}, which comes over SDS; mesh-proxy does not \
                 ask for it yet, so that TLS connections to them are closed and plaintext is served alone"
            )
        };
        chains.into_iter().map(line).collect()
    }

    fn build(node: &envoy::NodeConfig, root: &At<'_>) -> Result<Self, ConfigError> {
        let envoy::NodeConfig { listeners, routes, clusters, endpoints } = node;
        for (name, count) in [
            ("listeners", listeners.len()),
            ("routes", routes.len()),
            ("clusters", clusters.len()),
            ("endpoints", endpoints.len()),
        ] {
            if count > MAX_RESOURCES {
                return Err(root
                    .field(name)
                    .error(format!("{count}; at most {MAX_RESOURCES} are implemented")));
            }
        }
        let mut assignments = Assignments::new();
        for (index, set) in endpoints.iter().enumerate() {
            if assignments.insert(&set.cluster_name, (index, set)).is_some() {
                return Err(root.index("endpoints", index).error(twice(&set.cluster_name)));
            }
        }
        let mut compiled = Vec::with_capacity(clusters.len());
        let mut indices = HashMap::new();
        for (index, cluster) in clusters.iter().enumerate() {
            let at = root.index("clusters", index);
            compiled.push(Cluster::new(cluster, &assignments, root, &at)?);
            if indices.insert(cluster.name.as_str(), index).is_some() {
                return Err(at.error(twice(&cluster.name)));
            }
        }
        let mut tables = HashMap::new();
        for (index, table) in routes.iter().enumerate() {
            if tables.insert(table.name.as_str(), (index, table)).is_some() {
                return Err(root.index("routes", index).error(twice(&table.name)));
            }
        }
        let tables = Tables { clusters: &indices, routes: &tables };
        let mut snapshot = Self { listeners: Vec::with_capacity(listeners.len()), clusters: compiled };
        let (mut names, mut addresses) = (HashMap::new(), HashMap::new());
        for (index, listener) in listeners.iter().enumerate() {
            let at = root.index("listeners", index);
            let listener = Listener::new(listener, &tables, root, &at)?;
            if names.insert(listener.name.clone(), index).is_some() {
                return Err(at.error(twice(&listener.name)));
            }
            // Port 0 means any, which is never the same.
            if listener.address.port() != 0
                && let Some(other) = addresses.insert(listener.address, index)
            {
                return Err(at.error(format!("listens on {}, as listeners[{other}] does", listener.address)));
            }
            snapshot.listeners.push(listener);
        }
        Ok(snapshot)
    }
}

fn twice(name: &str) -> String {
    format!("the name {name:?} stands twice")
}
