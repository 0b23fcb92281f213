//! One proxy as one file.

use std::collections::BTreeMap;

use meshc_envoy as envoy;
use meshc_envoy::SharedNode;
use serde::Serialize;
use serde_json::{Value, json};

/// A bootstrap that holds everything: listeners with their route tables inside, clusters with their endpoints.
/// `id` becomes Envoy's node id. Stock `envoy -c` runs it as it is, and so does `mesh-proxy run --bootstrap`, if no patch
/// of an EnvoyFilter asks for what that does not have.
pub fn bootstrap(id: &str, node: &SharedNode) -> Value {
    let tables = values(&node.routes);
    let tables: BTreeMap<&str, &Value> = tables.iter().map(|table| (name(table, "name"), table)).collect();
    let endpoints = values(&node.endpoints);
    let endpoints: BTreeMap<&str, &Value> =
        endpoints.iter().map(|assignment| (name(assignment, "cluster_name"), assignment)).collect();
    let mut listeners = values(&node.listeners);
    for listener in &mut listeners {
        with_tables(listener, &tables);
    }
    let mut clusters = values(&node.clusters);
    for cluster in &mut clusters {
        with_endpoints(cluster, &endpoints);
    }
    let node = envoy::Node { id: id.to_owned(), cluster: id.to_owned(), ..envoy::Node::default() };
    let bootstrap = envoy::Bootstrap {
        node: Some(node),
        static_resources: Some(envoy::StaticResources::default()),
        ..envoy::Bootstrap::default()
    };
    let mut bootstrap = value(&bootstrap);
    bootstrap["static_resources"] = json!({"listeners": listeners, "clusters": clusters});
    bootstrap
}

/// Our own types have string keys and finite numbers only, so that serialising them cannot fail.
fn value(of: &impl Serialize) -> Value {
    serde_json::to_value(of).unwrap_or_default()
}

fn values<T: Serialize>(set: &envoy::Layered<T>) -> Vec<Value> {
    set.iter().map(|member| value(&**member)).collect()
}

fn name<'a>(resource: &'a Value, key: &str) -> &'a str {
    resource.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// Replaces tables' names by the tables. A name without a table stays: Envoy and mesh-proxy refuse it by name.
fn with_tables(listener: &mut Value, tables: &BTreeMap<&str, &Value>) {
    let chains = listener.get_mut("filter_chains").and_then(Value::as_array_mut);
    chains.into_iter().flatten().for_each(|chain| chain_with_tables(chain, tables));
    if let Some(fallback) = listener.get_mut("default_filter_chain") {
        chain_with_tables(fallback, tables);
    }
}

fn chain_with_tables(chain: &mut Value, tables: &BTreeMap<&str, &Value>) {
    let filters = chain.get_mut("filters").and_then(Value::as_array_mut);
    for config in filters.into_iter().flatten().filter_map(|filter| filter.get_mut("typed_config")) {
        let table = config.pointer("/rds/route_config_name").and_then(Value::as_str);
        let Some(table) = table.and_then(|table| tables.get(table)) else { continue };
        if let Some(manager) = config.as_object_mut() {
            manager.remove("rds");
            manager.insert("route_config".to_owned(), (*table).clone());
        }
    }
}

/// Puts the endpoints that are discovered into the cluster.
fn with_endpoints(cluster: &mut Value, endpoints: &BTreeMap<&str, &Value>) {
    let own = name(cluster, "name").to_owned();
    let Some(fields) = cluster.as_object_mut() else { return };
    let Some(discovery) = fields.remove("eds_cluster_config") else { return };
    let service = match name(&discovery, "service_name") {
        "" => own,
        service => service.to_owned(),
    };
    let assignment = endpoints
        .get(service.as_str())
        .map_or_else(|| json!({"cluster_name": service}), |assignment| (*assignment).clone());
    fields.insert("type".to_owned(), "STATIC".into());
    fields.insert("load_assignment".to_owned(), assignment);
}
