//! What is configured, in Envoy's shapes.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::control::{Control, State};
use crate::stats::Scope;

/// `/config_dump`: a section for each kind of resource.
pub(super) fn config(state: &State) -> Value {
    let resources = &state.resources;
    let version = state.digest.clone().unwrap_or_default();
    let typed = |url: &str, resource: &dyn ErasedJson| {
        let mut value = resource.json();
        if let Value::Object(fields) = &mut value {
            fields.insert("@type".to_owned(), Value::from(format!("type.googleapis.com/{url}")));
        }
        value
    };
    let mut configs = Vec::new();
    if let Some(bootstrap) = &state.bootstrap {
        configs.push(json!({
            "@type": "type.googleapis.com/envoy.admin.v3.BootstrapConfigDump",
            "bootstrap": bootstrap.as_ref().json(),
        }));
    }
    let is_static = state.bootstrap.is_some();
    let clusters: Vec<Value> = resources
        .clusters
        .iter()
        .map(|cluster| json!({"version_info": version, "cluster": typed("envoy.config.cluster.v3.Cluster", cluster)}))
        .collect();
    let (name, value) =
        if is_static { ("static_clusters", clusters) } else { ("dynamic_active_clusters", clusters) };
    configs.push(json!({"@type": "type.googleapis.com/envoy.admin.v3.ClustersConfigDump", "version_info": version, name: value}));
    let listeners: Vec<Value> = resources
        .listeners
        .iter()
        .map(|listener| {
            let typed = typed("envoy.config.listener.v3.Listener", listener);
            if is_static {
                json!({"listener": typed})
            } else {
                json!({"name": listener.name, "active_state": {"version_info": version, "listener": typed}})
            }
        })
        .collect();
    let name = if is_static { "static_listeners" } else { "dynamic_listeners" };
    configs.push(json!({"@type": "type.googleapis.com/envoy.admin.v3.ListenersConfigDump", "version_info": version, name: listeners}));
    let routes: Vec<Value> = resources
        .routes
        .iter()
        .map(|table| {
            json!({"version_info": version, "route_config": typed("envoy.config.route.v3.RouteConfiguration", table)})
        })
        .collect();
    configs.push(json!({"@type": "type.googleapis.com/envoy.admin.v3.RoutesConfigDump", "dynamic_route_configs": routes}));
    let endpoints: Vec<Value> = resources
        .endpoints
        .iter()
        .map(|set| {
            let version = state.endpoints_digest.clone().unwrap_or_default();
            json!({"version_info": version, "endpoint_config": typed("envoy.config.endpoint.v3.ClusterLoadAssignment", set)})
        })
        .collect();
    configs.push(json!({"@type": "type.googleapis.com/envoy.admin.v3.EndpointsConfigDump", "dynamic_endpoint_configs": endpoints}));
    json!({ "configs": configs })
}

/// A resource as JSON.
trait ErasedJson {
    fn json(&self) -> Value;
}

macro_rules! erased_json {
    ($($type:ident,)*) => { $(
        impl ErasedJson for meshc_envoy::$type {
            fn json(&self) -> Value {
                // Resources are maps with text keys, which always are JSON.
                serde_json::to_value(self).unwrap_or_default()
            }
        }
    )* };
}

erased_json! { Bootstrap, Cluster, Listener, RouteConfiguration, ClusterLoadAssignment, }

/// `/clusters`, as Envoy writes it.
pub(super) fn clusters_text(control: &Control) -> String {
    let mut out = String::new();
    for (scope, sums) in control.registry.sums() {
        let Scope::Host(cluster, address) = scope else { continue };
        for (name, sum) in sums {
            let _ = writeln!(out, "{cluster}::{address}::{name}::{}", sum.value);
        }
        let _ = writeln!(out, "{cluster}::{address}::health_flags::healthy");
    }
    out
}

/// `/clusters?format=json`.
pub(super) fn clusters_json(control: &Control) -> Value {
    let mut clusters: Vec<(String, Vec<Value>)> = Vec::new();
    for (scope, sums) in control.registry.sums() {
        match scope {
            Scope::Cluster(name) => clusters.push((name, Vec::new())),
            Scope::Host(cluster, address) => {
                let stats: Vec<Value> = sums
                    .into_iter()
                    .map(|(name, sum)| json!({"name": name, "value": sum.value.to_string()}))
                    .collect();
                let (ip, port) = address.rsplit_once(':').unwrap_or((&address, "0"));
                let host = json!({
                    "address": {"socket_address": {"address": ip, "port_value": port.parse::<u16>().unwrap_or(0)}},
                    "stats": stats,
                    "health_status": {"eds_health_status": "HEALTHY"},
                });
                if let Some((_, hosts)) = clusters.iter_mut().find(|(name, _)| *name == cluster) {
                    hosts.push(host);
                }
            }
            _ => {}
        }
    }
    let statuses: Vec<Value> =
        clusters.into_iter().map(|(name, hosts)| json!({"name": name, "host_statuses": hosts})).collect();
    json!({ "cluster_statuses": statuses })
}

/// `/listeners`, as Envoy writes it: name and address.
pub(super) fn listeners_text(state: &State) -> String {
    let mut out = String::new();
    for (name, address) in state.listeners.values() {
        let _ = writeln!(out, "{name}::{address}");
    }
    out
}

/// `/listeners?format=json`.
pub(super) fn listeners_json(state: &State) -> Value {
    let statuses: Vec<Value> = state
        .listeners
        .values()
        .map(|(name, address)| {
            json!({
                "name": name,
                "local_address": {"socket_address": {"address": address.ip().to_string(), "port_value": address.port()}},
            })
        })
        .collect();
    json!({ "listener_statuses": statuses })
}
