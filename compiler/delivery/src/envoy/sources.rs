//! Where Envoy finds route tables and endpoints: in the bundle they come over one stream, here from files.

use std::path::{Path, PathBuf};

use meshc_envoy::{ApiVersion, Cluster, ConfigSource, Duration, Listener, PathConfigSource, TypedConfig};

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
