//! Where Envoy finds route tables and endpoints: in the bundle they come over one stream, here from files.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use meshc_envoy::{
    ApiVersion, Cluster, ClusterLoadAssignment, ConfigSource, DiscoveryType, Duration, Listener, NodeConfig,
    PathConfigSource, TypedConfig,
};

use super::Watched;

/// A file as a source of configuration.
pub(super) fn file(path: &Path) -> ConfigSource {
    ConfigSource {
        path_config_source: Some(PathConfigSource {
            path: path.to_string_lossy().into_owned(),
            watched_directory: None,
        }),
        // The file is there before it is named: waiting for it would only hide a fault.
        initial_fetch_timeout: Some(Duration::from_secs(0)),
        resource_api_version: ApiVersion::V3,
        ..ConfigSource::default()
    }
}

/// The listener with its route tables taken from the files that `path` gives by table.
pub(super) fn routes_from_files(listener: &Listener, path: impl Fn(&str) -> PathBuf) -> Listener {
    let mut listener = listener.clone();
    let chains = listener.filter_chains.iter_mut().chain(&mut listener.default_filter_chain);
    for filter in chains.flat_map(|chain| &mut chain.filters) {
        if let Some(TypedConfig::HttpConnectionManager(manager)) = &mut filter.typed_config
            && let Some(rds) = &mut manager.rds
        {
            rds.config_source = Some(file(&path(&rds.route_config_name)));
        }
    }
    listener
}

/// The tables that a listener names.
pub(super) fn tables(listener: &Listener) -> impl Iterator<Item = &str> {
    let chains = listener.filter_chains.iter().chain(&listener.default_filter_chain);
    chains.flat_map(|chain| &chain.filters).filter_map(|filter| match &filter.typed_config {
        Some(TypedConfig::HttpConnectionManager(manager)) => {
            manager.rds.as_ref().map(|rds| rds.route_config_name.as_str())
        }
        _ => None,
    })
}

/// The cluster with its endpoints taken from the file that `path` gives by the endpoints' name.
pub(super) fn endpoints_from_files(cluster: &Cluster, path: impl Fn(&str) -> PathBuf) -> Cluster {
    let mut cluster = cluster.clone();
    let name = cluster.name.clone();
    if let Some(eds) = &mut cluster.eds_cluster_config {
        let service = if eds.service_name.is_empty() { &name } else { &eds.service_name };
        eds.eds_config = Some(file(&path(service)));
    }
    cluster
}

/// The configuration with everything that has no file of its own inside that which names it.
pub(super) fn inline(config: NodeConfig, watched: Watched) -> NodeConfig {
    let NodeConfig { mut listeners, mut routes, mut clusters, mut endpoints } = config;
    if !watched.endpoints {
        let mut known: BTreeMap<String, ClusterLoadAssignment> =
            endpoints.drain(..).map(|assignment| (assignment.cluster_name.clone(), assignment)).collect();
        for cluster in &mut clusters {
            let Some(eds) = cluster.eds_cluster_config.take() else { continue };
            let name = if eds.service_name.is_empty() { cluster.name.clone() } else { eds.service_name };
            let none =
                || ClusterLoadAssignment { cluster_name: name.clone(), ..ClusterLoadAssignment::default() };
            cluster.r#type = Some(DiscoveryType::Static);
            cluster.load_assignment = Some(known.remove(&name).unwrap_or_else(none));
        }
    }
    if !watched.routes {
        for listener in &mut listeners {
            let chains = listener.filter_chains.iter_mut().chain(&mut listener.default_filter_chain);
            for filter in chains.flat_map(|chain| &mut chain.filters) {
                if let Some(TypedConfig::HttpConnectionManager(manager)) = &mut filter.typed_config
                    && let Some(rds) = manager.rds.take()
                {
                    manager.route_config =
                        routes.iter().find(|table| table.name == rds.route_config_name).cloned();
                }
            }
        }
        routes.clear();
    }
    NodeConfig { listeners, routes, clusters, endpoints }
}

#[cfg(test)]
mod tests {
    use meshc_envoy::EdsClusterConfig;

    use super::*;

    #[test]
    fn endpoints_without_a_file_stand_in_the_cluster() {
        let cluster = Cluster {
            name: "outbound|80||a".to_owned(),
            r#type: Some(DiscoveryType::Eds),
            eds_cluster_config: Some(EdsClusterConfig::default()),
            ..Cluster::default()
        };
        let assignment =
            ClusterLoadAssignment { cluster_name: cluster.name.clone(), ..ClusterLoadAssignment::default() };
        let config = NodeConfig {
            clusters: vec![cluster],
            endpoints: vec![assignment.clone()],
            ..NodeConfig::default()
        };
        let inlined = inline(config, Watched { routes: true, endpoints: false });
        assert_eq!(inlined.clusters[0].load_assignment, Some(assignment));
        assert_eq!(inlined.clusters[0].r#type, Some(DiscoveryType::Static));
        assert!(inlined.endpoints.is_empty());
    }
}
