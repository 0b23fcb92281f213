//! Patches of EnvoyFilters: whatever one says and whatever it is merged into, nothing panics.

use meshc_fuzz::edited;
use meshc_protobuf::{Lists, merge, merge_any, message, read};
use meshc_source::SourceSet;
use serde_json::Value;

/// Messages of every shape: groups, maps, wrappers, free values.
const MESSAGES: [&str; 6] = [
    "envoy.config.cluster.v3.Cluster",
    "envoy.config.listener.v3.Listener",
    "envoy.config.route.v3.RouteConfiguration",
    "envoy.config.bootstrap.v3.Bootstrap",
    "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
    "envoy.config.core.v3.TypedExtensionConfig",
];

/// What the scripts edit: a message into which another one is merged.
const SEED: &str = r#"[
  {"name": "a", "connect_timeout": "1s", "typed_extension_protocol_options": {"x": {"@type": "type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua", "inline_code": "x"}},
   "metadata": {"filter_metadata": {"a": {"b": [1, null]}}}, "virtual_hosts": [{"name": "v", "routes": [{"match": {"prefix": "/"}, "route": {"cluster": "c"}}]}],
   "typed_config": {"@type": "type.googleapis.com/google.protobuf.Struct", "value": {}}, "filter_chains": [{"filters": [{"name": "f"}]}]},
  {"name": "b", "connectTimeout": "5ms", "per_connection_buffer_limit_bytes": 0, "type": "EDS", "cluster_type": {"name": "t"},
   "metadata": {"filter_metadata": {"a": null}}, "filter_chains": [{"filters": [{"typed_config": {"@type": "x/y"}}]}], "virtualHosts": [{"routes": [{"direct_response": {"status": 200}}]}]}
]"#;

fn merged(text: &str) {
    let Ok(Value::Array(items)) = serde_json::from_str::<Value>(text) else { return };
    let [into, from, ..] = items.as_slice() else { return };
    for message in MESSAGES.into_iter().filter_map(message) {
        let Ok(reading) = read(message, from) else { continue };
        for lists in [Lists::Append, Lists::Replace] {
            let mut into = into.clone();
            merge(message, &mut into, &reading.value, lists);
            let _ = merge_any(&mut into, &reading.value);
        }
        // What is in its one form stays in it.
        assert_eq!(read(message, &reading.value).map(|again| again.value), Ok(reading.value));
    }
}

#[test]
fn two_messages_with_edits() {
    bolero::check!().with_type::<Vec<u8>>().for_each(|script| {
        merged(&String::from_utf8_lossy(&edited(SEED.as_bytes(), script)));
    });
}

/// A whole EnvoyFilter over the bookshop's gateway and a sidecar.
fn applied(filter: &str) {
    let world = meshc_fuzz::bookshop().join("\n---\n");
    let sources = SourceSet::of("mesh.yaml", &format!("{world}\n---\n{filter}"));
    let outcome = meshc_resources::read(&sources, &meshc_syntax::Limits::default());
    let effective = meshc_effective::compile(&meshc_mesh::Mesh::new(&outcome.resources));
    let mut writer = meshc_xds::Writer::new();
    for proxy in &effective.proxies {
        let _ = serde_json::to_vec(&meshc_xds::bootstrap::bootstrap("fuzz", &writer.node(proxy)));
    }
    let _ = meshc_xds::rules::check(&effective);
}

#[test]
fn an_envoy_filter_with_edits() {
    let seed = "apiVersion: networking.istio.io/v1alpha3\nkind: EnvoyFilter\nmetadata: {name: a, namespace: istio-system}\n\
                spec:\n  configPatches:\n  - applyTo: HTTP_FILTER\n    match: {context: ANY, listener: {filterChain: {filter: {name: \
                envoy.filters.network.http_connection_manager, subFilter: {name: envoy.filters.http.router}}}}}\n    patch: {operation: \
                INSERT_BEFORE, value: {name: x}}\n  - applyTo: CLUSTER\n    match: {cluster: {portNumber: 9080}}\n    patch: {operation: MERGE, \
                value: {connect_timeout: 1s}}\n  - applyTo: HTTP_ROUTE\n    patch: {operation: MERGE, value: {route: {timeout: 1s}}}\n";
    bolero::check!().with_iterations(40).with_type::<Vec<u8>>().for_each(|script| {
        applied(&String::from_utf8_lossy(&edited(seed.as_bytes(), script)));
    });
}
