//! What is refused, and in which words.

use meshc_envoy::{Bootstrap, NodeConfig, protojson};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{with_hosts, with_manager, with_resources, with_routes};
use crate::{ConfigError, Snapshot};

fn said(result: Result<Snapshot, ConfigError>) -> String {
    result.map_or_else(|error| error.to_string(), |_| "accepted".to_owned())
}

#[test]
fn refusals_name_the_field() {
    let to = |more: Value| {
        let mut route = json!({"match": {"prefix": "/"}, "route": {"cluster": "c"}});
        for (name, value) in more.as_object().unwrap() {
            if name == "match" {
                route["match"] = value.clone();
            } else if route["route"].get(name).is_some() || !name.ends_with("_to_add") {
                route["route"][name] = value.clone();
            } else {
                route[name] = value.clone();
            }
        }
        said(with_routes(&json!([route])))
    };
    let add = |key: &str, value: &str| json!({"request_headers_to_add": [{"header": {"key": key, "value": value}}]});
    let hosts = |domains: Value| said(with_hosts(&json!([{"name": "a", "domains": domains}])));
    let cluster = |more: Value| {
        let mut cluster = json!({"name": "c"});
        cluster.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        said(with_resources(&json!({"clusters": [cluster]})))
    };
    let lines = [
        to(json!({"cluster": "missing"})),
        to(json!({"match": {}})),
        to(
            json!({"match": {"prefix": "/", "headers": [{"name": "x", "string_match": {"safe_regex": {"regex": "("}}}]}}),
        ),
        to(json!({"weighted_clusters": {"clusters": []}})),
        to(json!({"hash_policy": [{}]})),
        to(json!({"retry_policy": {"retry_on": "5xx,often"}})),
        to(json!({"regex_rewrite": {"pattern": {"regex": "a"}, "substitution": "\\1"}})),
        to(add(":path", "/")),
        to(add("host", "a")),
        to(add("x", "%WHO%")),
        to(add("x", "100%")),
        to(json!({"max_stream_duration": {"max_stream_duration": "1s"}})),
        hosts(json!([])),
        hosts(json!(["a.com", "A.com"])),
        hosts(json!(["*", "*"])),
        cluster(json!({"lb_policy": "RING_HASH"})),
        cluster(json!({"type": "EDS"})),
        cluster(json!({"health_checks": [{}]})),
        cluster(json!({"circuit_breakers": {"thresholds": [{"max_requests": 1}]}})),
        cluster(
            json!({"transport_socket": {"name": "tls", "typed_config": {"@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext"}}}),
        ),
        cluster(
            json!({"load_assignment": {"endpoints": [{"lb_endpoints": [{"endpoint": {"address": {"socket_address": {"address": "db", "port_value": 1}}}}]}]}}),
        ),
        said(with_manager(&json!({}))),
        said(with_manager(&json!({"route_config": {}, "http_filters": []}))),
        said(with_manager(&json!({"route_config": {}, "codec_type": "HTTP3"}))),
        said(with_manager(
            &json!({"route_config": {}, "access_log": [{"name": "f", "typed_config": {"@type": "type.googleapis.com/x.Y"}}]}),
        )),
        said(with_manager(&json!({"route_config": {}, "tracing": {"provider": {"name": "zipkin"}}}))),
        said(with_resources(
            &json!({"listeners": [{"name": "l", "address": {"socket_address": {"address": "::1", "port_value": 70000}}}]}),
        )),
        said(with_resources(&json!({"listeners": [{"name": "l", "address": {"pipe": {"path": "/x"}}}]}))),
        said(with_resources(&json!({"clusters": [{"name": "c"}, {"name": "c"}]}))),
    ];
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn dynamic_resources_of_a_bootstrap_are_refused() {
    let bootstrap: Bootstrap =
        protojson::from_value(json!({"dynamic_resources": {"lds_config": {"ads": {}}}})).unwrap();
    assert_eq!(
        said(Snapshot::from_bootstrap(&bootstrap)),
        "dynamic_resources.lds_config: not implemented by mesh-proxy"
    );
}

#[test]
fn endpoints_that_are_ill_are_left_out_until_too_few_are_left() {
    let count = |states: &[&str]| {
        let endpoints: Vec<Value> = states
            .iter()
            .enumerate()
            .map(|(port, state)| json!({"health_status": state, "endpoint": {"address": {"socket_address": {"address": "127.0.0.1", "port_value": port + 1}}}}))
            .collect();
        let set = json!({"endpoints": [{"lb_endpoints": endpoints}]});
        with_resources(&json!({"clusters": [{"name": "c", "load_assignment": set}]})).unwrap().clusters[0]
            .endpoints
            .len()
    };
    assert_eq!(count(&["HEALTHY", "UNKNOWN", "UNHEALTHY"]), 2);
    assert_eq!(count(&["HEALTHY", "DRAINING"]), 1);
    assert_eq!(count(&["HEALTHY", "DRAINING", "TIMEOUT"]), 3);
}

fn tree() -> impl Strategy<Value = Value> {
    let key = prop::sample::select(vec![
        "listeners",
        "clusters",
        "routes",
        "endpoints",
        "name",
        "address",
        "socket_address",
        "port_value",
        "filter_chains",
        "filters",
        "typed_config",
        "virtual_hosts",
        "domains",
        "route",
        "match",
        "prefix",
        "cluster",
        "route_config",
        "load_assignment",
    ]);
    let leaf =
        prop_oneof![Just(json!("*")), Just(json!("a")), Just(json!(1)), Just(json!(true)), Just(json!("1s"))];
    leaf.prop_recursive(6, 60, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::btree_map(key.clone().prop_map(str::to_owned), inner, 0..5)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn no_resources_panic(tree in tree()) {
        if let Ok(node) = protojson::from_value::<NodeConfig>(tree) {
            let _ = Snapshot::new(&node);
        }
    }
}
