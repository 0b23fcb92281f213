//! One proxy as one file.

use std::collections::BTreeMap;

use meshc_envoy as envoy;
use meshc_envoy::{Bootstrap, NodeConfig};

/// A bootstrap that holds everything: listeners with their route tables inside, clusters with their endpoints.
/// `id` becomes Envoy's node id. Stock `envoy -c` runs it as it is, and so does `mesh-proxy run --bootstrap`.
pub fn bootstrap(id: &str, node: NodeConfig) -> Bootstrap {
    let NodeConfig { mut listeners, routes, mut clusters, endpoints } = node;
    let routes: BTreeMap<String, envoy::RouteConfiguration> =
        routes.into_iter().map(|table| (table.name.clone(), table)).collect();
    let mut endpoints: BTreeMap<String, envoy::ClusterLoadAssignment> =
        endpoints.into_iter().map(|assignment| (assignment.cluster_name.clone(), assignment)).collect();
    for listener in &mut listeners {
        for chain in &mut listener.filter_chains {
            for filter in &mut chain.filters {
                if let Some(envoy::TypedConfig::HttpConnectionManager(manager)) = &mut filter.typed_config {
                    inline(manager, &routes);
                }
            }
        }
    }
    for cluster in &mut clusters {
        if cluster.eds_cluster_config.take().is_some() {
            cluster.r#type = Some(envoy::DiscoveryType::Static);
            let empty = || envoy::ClusterLoadAssignment {
                cluster_name: cluster.name.clone(),
                ..envoy::ClusterLoadAssignment::default()
            };
            cluster.load_assignment = Some(endpoints.remove(&cluster.name).unwrap_or_else(empty));
        }
    }
    Bootstrap {
        node: Some(envoy::Node { id: id.to_owned(), cluster: id.to_owned(), ..envoy::Node::default() }),
        static_resources: Some(envoy::StaticResources { listeners, clusters }),
        ..Bootstrap::default()
    }
}

/// Replaces a table's name by the table. A name without a table stays: Envoy and mesh-proxy refuse it by name.
fn inline(manager: &mut envoy::HttpConnectionManager, routes: &BTreeMap<String, envoy::RouteConfiguration>) {
    let table = manager.rds.as_ref().and_then(|rds| routes.get(&rds.route_config_name));
    if let Some(table) = table.cloned() {
        manager.rds = None;
        manager.route_config = Some(table);
    }
}
