//! Which filter chain a connection takes.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::with_resources;
use crate::{ConfigError, ConnectionFacts, Network, Snapshot};

/// A listener with a chain for each match; each chain's name in statistics is its match's number.
fn listener(matches: &[Value], default: bool, more: &Value) -> Result<Snapshot, ConfigError> {
    let chain = |name: String, matches: &Value| {
        json!({"filter_chain_match": matches, "filters": [{"name": "tcp", "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy", "stat_prefix": name, "cluster": "c"}}]})
    };
    let chains: Vec<Value> =
        matches.iter().enumerate().map(|(index, matches)| chain(index.to_string(), matches)).collect();
    let mut listener = json!({
        "name": "l",
        "address": {"socket_address": {"address": "0.0.0.0", "port_value": 15006}},
        "filter_chains": chains,
    });
    if default {
        listener["default_filter_chain"] = chain("default".to_owned(), &json!({}));
    }
    listener.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    with_resources(&json!({"listeners": [listener]}))
}

fn facts(
    destination: &str,
    source: &str,
    server_name: &str,
    tls: bool,
    protocols: &[&str],
) -> ConnectionFacts {
    ConnectionFacts {
        destination: destination.parse().unwrap(),
        source: source.parse().unwrap(),
        server_name: server_name.to_owned(),
        tls,
        protocols: protocols.iter().map(|&name| name.to_owned()).collect(),
    }
}

#[test]
fn the_most_specific_chain_wins_criterion_by_criterion() {
    let matches = [
        json!({}),
        json!({"destination_port": 8080}),
        json!({"destination_port": 9090, "prefix_ranges": [{"address_prefix": "10.0.0.0", "prefix_len": 8}]}),
        json!({"destination_port": 9090, "prefix_ranges": [{"address_prefix": "10.1.0.0", "prefix_len": 16}]}),
        json!({"destination_port": 8443, "server_names": ["a.example.com"], "transport_protocol": "tls"}),
        json!({"destination_port": 8443, "server_names": ["*.example.com"], "transport_protocol": "tls"}),
        json!({"destination_port": 8443, "transport_protocol": "tls", "application_protocols": ["h2", "http/1.1"]}),
        json!({"destination_port": 8443, "transport_protocol": "raw_buffer"}),
        json!({"destination_port": 7000, "source_prefix_ranges": [{"address_prefix": "fd00::", "prefix_len": 8}]}),
    ];
    let snapshot = listener(&matches, true, &json!({})).unwrap();
    let find = |facts: ConnectionFacts| {
        snapshot.listeners[0]
            .table
            .find(&facts)
            .map_or_else(|| "default".to_owned(), |index| index.to_string())
    };
    let ip = "192.0.2.1";
    assert_eq!(find(facts("10.0.0.1:80", ip, "", false, &[])), "0");
    assert_eq!(find(facts("10.0.0.1:8080", ip, "", true, &["h2"])), "1");
    assert_eq!(find(facts("10.9.0.1:9090", ip, "", false, &[])), "2");
    assert_eq!(find(facts("10.1.0.1:9090", ip, "", false, &[])), "3");
    // The port decides first: there is no way back to the chain for all ports.
    assert_eq!(find(facts("172.16.0.1:9090", ip, "", false, &[])), "default");
    assert_eq!(find(facts("10.0.0.1:8443", ip, "a.example.com", true, &["x"])), "4");
    assert_eq!(find(facts("10.0.0.1:8443", ip, "b.a.example.com", true, &[])), "5");
    assert_eq!(find(facts("10.0.0.1:8443", ip, "example.com", true, &["http/1.1"])), "6");
    assert_eq!(find(facts("10.0.0.1:8443", ip, "example.com", true, &["spdy"])), "default");
    assert_eq!(find(facts("10.0.0.1:8443", ip, "", false, &[])), "7");
    assert_eq!(find(facts("[fd00::1]:7000", "fd12::1", "", false, &[])), "8");
    assert_eq!(find(facts("[fd00::1]:7000", "fe80::1", "", false, &[])), "default");
}

#[test]
fn chains_that_ask_for_the_same_are_refused() {
    let said = |matches: &[Value]| {
        listener(matches, false, &json!({})).map_or_else(|error| error.to_string(), |_| "accepted".to_owned())
    };
    let twice = "static_resources.listeners[0].filter_chains[1].filter_chain_match: another filter chain matches the same";
    assert_eq!(said(&[json!({}), json!({})]), twice);
    let protocols = |names: &[&str]| json!({"application_protocols": names});
    assert_eq!(said(&[protocols(&["h2", "h2c"]), protocols(&["h2c"])]), twice);
    assert_eq!(said(&[protocols(&["h2"]), protocols(&["h2c"])]), "accepted");
    assert!(
        said(&[json!({"server_names": ["*a.b"]})]).contains("server_names[0]: a wildcard is a whole label")
    );
    assert!(
        said(&[json!({"prefix_ranges": [{"address_prefix": "10.0.0.0", "prefix_len": 33}]})])
            .contains("33 is more than 32")
    );
}

#[test]
fn inspectors_say_where_they_look() {
    let filters = json!({
        "listener_filters_timeout": "0s",
        "listener_filters": [
            {"name": "d", "typed_config": {"@type": "type.googleapis.com/envoy.extensions.filters.listener.original_dst.v3.OriginalDst"}},
            {"name": "t", "typed_config": {"@type": "type.googleapis.com/envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector"},
             "filter_disabled": {"destination_port_range": {"start": 15006, "end": 15007}}},
            {"name": "h", "typed_config": {"@type": "type.googleapis.com/envoy.extensions.filters.listener.http_inspector.v3.HttpInspector"},
             "filter_disabled": {"or_match": {"rules": [{"destination_port_range": {"start": 8080, "end": 8081}}, {"not_match": {"destination_port_range": {"start": 1, "end": 15006}}}]}}},
        ],
    });
    let snapshot = listener(&[json!({})], false, &filters).unwrap();
    let inspectors = &snapshot.listeners[0].inspectors;
    assert!(inspectors.original_destination && inspectors.timeout.is_none());
    assert_eq!(
        [15_006, 8_080, 9_090].map(|port| inspectors.looks(port)),
        [(false, false), (true, false), (true, true)]
    );
    let strange = json!({"listener_filters": [{"name": "h", "filter_disabled": {"any_match": false},
        "typed_config": {"@type": "type.googleapis.com/envoy.extensions.filters.listener.http_inspector.v3.HttpInspector"}}]});
    let said = listener(&[json!({})], false, &strange).unwrap_err().to_string();
    assert!(
        said.ends_with("listener_filters[0].filter_disabled.any_match: not implemented by mesh-proxy"),
        "{said}"
    );
}

#[test]
fn a_chain_whose_certificate_comes_over_sds_waits_for_it() {
    let secret = |source: Value| {
        json!({"filter_chains": [{
            "filters": [{"name": "tcp", "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy", "stat_prefix": "x", "cluster": "c"}}],
            "transport_socket": {"name": "tls", "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext",
                "common_tls_context": {"tls_certificate_sds_secret_configs": [{"name": "default", "sds_config": source}]},
            }},
        }]})
    };
    let agent = json!({"api_config_source": {"api_type": "GRPC", "grpc_services": [{"envoy_grpc": {"cluster_name": "sds-grpc"}}]}});
    let snapshot = listener(&[], false, &secret(agent)).unwrap();
    assert!(
        matches!(&snapshot.listeners[0].chains[..], [Network::AwaitsSecret(name)] if &**name == "default")
    );
    let file =
        listener(&[], false, &secret(json!({"path_config_source": {"path": "/x"}}))).unwrap_err().to_string();
    assert!(file.contains("DownstreamTlsContext is not implemented by mesh-proxy"), "{file}");
}

proptest! {
    /// Among chains for single ports and ranges, the one that is found is for the connection.
    #[test]
    fn what_is_found_matches(
        chains in prop::collection::btree_set((0_u16..4, 0_u8..4), 1..8),
        port in 0_u16..4,
        last in 0_u8..8,
    ) {
        let chains: Vec<(u16, u8)> = chains.into_iter().collect();
        let matches: Vec<Value> = chains.iter().map(|(port, bits)| {
            let range = json!([{"address_prefix": "10.0.0.0", "prefix_len": 24 + 2 * u32::from(*bits)}]);
            if *port == 0 { json!({"prefix_ranges": range}) } else { json!({"destination_port": port, "prefix_ranges": range}) }
        }).collect();
        let snapshot = listener(&matches, false, &json!({})).unwrap();
        let facts = facts(&format!("10.0.0.{}:{port}", last * 32), "192.0.2.1", "", false, &[]);
        let takes = |asked: u16, (of, bits): &(u16, u8)| *of == asked && u32::from(last) * 32 < 256 >> (2 * u32::from(*bits));
        let asked = if chains.iter().any(|(of, _)| *of == port) { port } else { 0 };
        let best = chains.iter().enumerate().filter(|(_, chain)| takes(asked, chain)).max_by_key(|(_, (_, bits))| *bits);
        prop_assert_eq!(snapshot.listeners[0].table.find(&facts), best.map(|(index, _)| index));
    }
}
