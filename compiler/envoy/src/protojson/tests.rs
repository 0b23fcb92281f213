//! The rules of protojson, one by one.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{from_slice, from_value};
use crate::{
    Bootstrap, Cluster, Duration, Listener, NodeConfig, RouteConfiguration, RouteMatch, TypedConfig,
    VirtualHost,
};

fn refusal(value: Value) -> String {
    from_value::<Bootstrap>(value).map_or_else(|error| error.to_string(), |_| "accepted".to_owned())
}

#[test]
fn both_spellings_of_a_name_are_read_and_one_is_written() {
    let cluster: Cluster = from_value(json!({"connectTimeout": "1.5s", "lb_policy": "RANDOM"})).unwrap();
    assert_eq!(
        serde_json::to_string(&cluster).unwrap(),
        r#"{"connect_timeout":"1.500s","lb_policy":"RANDOM"}"#
    );
}

#[test]
fn numbers_may_be_texts_and_enums_numbers_and_null_is_absent() {
    let cluster: Cluster = from_value(json!({
        "type": 3, "per_connection_buffer_limit_bytes": "32768", "lb_policy": null,
        "circuit_breakers": {"thresholds": [{"max_requests": 7.0}]}
    }))
    .unwrap();
    assert_eq!(cluster.per_connection_buffer_limit_bytes, Some(32_768));
    assert_eq!(
        serde_json::to_value(&cluster).unwrap(),
        json!({"type": "EDS", "per_connection_buffer_limit_bytes": 32768, "circuit_breakers": {"thresholds": [{"max_requests": 7}]}})
    );
}

#[test]
fn keys_of_maps_are_the_users_own() {
    let host: VirtualHost = from_value(json!({"typedPerFilterConfig": {"my.ownFilter_name": {
        "@type": "type.googleapis.com/some.Type", "camelCase": {"a": null}
    }}}))
    .unwrap();
    assert_eq!(
        serde_json::to_value(&host).unwrap(),
        json!({"typed_per_filter_config": {"my.ownFilter_name": {"@type": "type.googleapis.com/some.Type", "camelCase": {"a": null}}}})
    );
}

#[test]
fn a_typed_config_is_read_by_its_type() {
    let listener: Listener = from_value(json!({"filter_chains": [{"filters": [{"typed_config": {
        "statPrefix": "x",
        "@type": "type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy",
        "cluster": "c"
    }}]}]}))
    .unwrap();
    let typed = listener.filter_chains[0].filters[0].typed_config.clone().unwrap();
    assert!(matches!(&typed, TypedConfig::TcpProxy(proxy) if proxy.stat_prefix == "x"));
    assert_eq!(
        serde_json::to_string(&typed).unwrap(),
        r#"{"@type":"type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy","stat_prefix":"x","cluster":"c"}"#
    );
}

#[test]
fn refusals_name_the_path() {
    let hcm = "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager";
    let mut text = String::new();
    for value in [
        json!({"layered_runtime": {}}),
        json!({"static_resources": {"listeners": [{}, {"name": 7}]}}),
        json!({"static_resources": {"listeners": [{"filter_chains": [{"filters": [{"typed_config": {"@type": hcm, "routeConfig": {"virtual_hosts": [{"foo": 1}]}}}]}]}]}}),
        json!({"static_resources": {"listeners": [{"filter_chains": [{"filters": [{"typed_config": {"stat_prefix": "x"}}]}]}]}}),
        json!({"static_resources": {"clusters": [{"connect_timeout": "-1s"}]}}),
        json!({"static_resources": {"clusters": [{"connect_timeout": "5"}]}}),
        json!({"static_resources": {"clusters": [{"lb_policy": "CLEVER"}]}}),
        json!({"static_resources": {"clusters": [{"dns_lookup_family": 9}]}}),
        json!({"static_resources": {"clusters": [{"per_connection_buffer_limit_bytes": -1}]}}),
        json!({"static_resources": {"clusters": [{"load_assignment": [], "loadAssignment": {}}]}}),
        json!({"node": {"id": "a", "metadata": []}}),
        json!([]),
    ] {
        text.push_str(&refusal(value));
        text.push('\n');
    }
    insta::assert_snapshot!(text);
}

#[test]
fn a_key_twice_and_deep_nesting_are_refused() {
    let twice = from_slice::<Bootstrap>(br#"{"node": {"id": "a", "id": "b"}}"#).unwrap_err().to_string();
    assert!(twice.contains("stands twice"), "{twice}");
    let deep = "[".repeat(100_000);
    assert!(from_slice::<Bootstrap>(deep.as_bytes()).unwrap_err().to_string().contains("recursion limit"));
}

#[test]
fn what_a_oneof_holds_is_written_even_when_it_is_empty() {
    let everything = RouteMatch { prefix: Some(String::new()), ..RouteMatch::default() };
    assert_eq!(serde_json::to_string(&everything).unwrap(), r#"{"prefix":""}"#);
}

fn json_tree() -> impl Strategy<Value = Value> {
    let key = prop::sample::select(vec![
        "name",
        "virtual_hosts",
        "virtualHosts",
        "routes",
        "match",
        "route",
        "cluster",
        "@type",
        "typed_config",
        "x",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,6}".prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(key.clone().prop_map(str::to_owned), inner, 0..5)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn no_tree_makes_it_panic(tree in json_tree()) {
        let _ = from_value::<RouteConfiguration>(tree.clone());
        let _ = from_value::<NodeConfig>(tree);
    }

    #[test]
    fn what_is_read_is_written_and_read_again(tree in json_tree()) {
        if let Ok(config) = from_value::<RouteConfiguration>(tree) {
            let written = serde_json::to_value(&config).unwrap();
            prop_assert_eq!(from_value::<RouteConfiguration>(written).unwrap(), config);
        }
    }

    #[test]
    fn durations_survive(seconds in 0u64..315_576_000_000, nanoseconds in 0u32..1_000_000_000) {
        let duration = Duration(std::time::Duration::new(seconds, nanoseconds));
        prop_assert_eq!(from_value::<Duration>(serde_json::to_value(duration).unwrap()).unwrap(), duration);
    }
}
