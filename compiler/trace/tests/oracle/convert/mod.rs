//! Envoy's protojson, as Istio writes it, read into the intermediate representation. A field that is not
//! known here stops the test.

mod action;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use meshc_effective::model::{
    Action, Address, Cluster, ClusterKind, Clusters, Endpoint, EndpointGroup, HeaderCondition, HeaderMatch,
    LoadBalancer, PathMatch, QueryCondition, QueryMatch, Route, RouteMatch, RouteTable, StringMatch,
    VirtualHost,
};
use serde_json::Value;

use action::{action, cors, fault, operations};

/// The fields of an object, none of which may be unknown.
fn fields(value: &Value, known: &[&str]) {
    for key in value.as_object().into_iter().flat_map(|o| o.keys()) {
        assert!(known.contains(&key.as_str()), "the recording has a field that is not read: {key}");
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn optional(value: &Value) -> Option<String> {
    value.as_str().filter(|s| !s.is_empty()).map(str::to_owned)
}

fn strings(value: &Value) -> Vec<String> {
    list(value).iter().map(text).collect()
}

fn number(value: &Value) -> u32 {
    u32::try_from(value.as_u64().unwrap_or_default()).expect("a small number")
}

fn duration(value: &Value) -> Option<Duration> {
    let seconds = value.as_str()?.strip_suffix('s').expect("seconds");
    Some(Duration::from_secs_f64(seconds.parse().expect("a number")))
}

pub(crate) fn table(value: &Value) -> RouteTable {
    fields(
        value,
        &[
            "name",
            "virtual_hosts",
            "ignore_port_in_host_matching",
            "validate_clusters",
            "max_direct_response_body_size_bytes",
        ],
    );
    RouteTable {
        name: text(&value["name"]),
        virtual_hosts: list(&value["virtual_hosts"]).iter().map(|h| Arc::new(host(h))).collect(),
        ignore_port_in_host: value["ignore_port_in_host_matching"].as_bool().unwrap_or_default(),
    }
}

fn host(value: &Value) -> VirtualHost {
    fields(value, &["name", "domains", "routes", "include_request_attempt_count", "require_tls"]);
    VirtualHost {
        name: text(&value["name"]),
        domains: strings(&value["domains"]),
        routes: list(&value["routes"]).iter().map(route).collect(),
        include_attempt_count: value["include_request_attempt_count"].as_bool().unwrap_or_default(),
        require_tls: value["require_tls"] == "ALL",
        origins: Vec::new(),
    }
}

fn route(value: &Value) -> Route {
    fields(
        value,
        &[
            "name",
            "match",
            "route",
            "redirect",
            "direct_response",
            "decorator",
            "metadata",
            "typed_per_filter_config",
            "request_headers_to_add",
            "request_headers_to_remove",
            "response_headers_to_add",
            "response_headers_to_remove",
        ],
    );
    let filters = &value["typed_per_filter_config"];
    fields(filters, &["envoy.filters.http.fault", "envoy.filters.http.cors"]);
    Route {
        name: optional(&value["name"]),
        matches: conditions(&value["match"]),
        action: action(value),
        headers: operations(value),
        fault: filters.get("envoy.filters.http.fault").map(fault),
        cors: filters.get("envoy.filters.http.cors").map(cors),
        decorator: optional(&value["decorator"]["operation"]),
        config: None,
        stat_prefix: None,
        origins: Vec::new(),
    }
}

fn conditions(value: &Value) -> RouteMatch {
    fields(
        value,
        &[
            "path",
            "prefix",
            "path_separated_prefix",
            "safe_regex",
            "case_sensitive",
            "headers",
            "query_parameters",
        ],
    );
    let path = match value {
        v if v["path"].is_string() => PathMatch::Exact(text(&v["path"])),
        v if v["prefix"].is_string() => PathMatch::Prefix(text(&v["prefix"])),
        v if v["path_separated_prefix"].is_string() => {
            PathMatch::PathSeparatedPrefix(text(&v["path_separated_prefix"]))
        }
        v => PathMatch::Regex(text(&v["safe_regex"]["regex"])),
    };
    let header = |h: &Value| {
        fields(
            h,
            &["name", "present_match", "string_match", "invert_match", "treat_missing_header_as_empty"],
        );
        HeaderMatch {
            name: text(&h["name"]),
            condition: match h["present_match"].as_bool() {
                Some(_) => HeaderCondition::Present,
                None => HeaderCondition::Value(string(&h["string_match"])),
            },
            invert: h["invert_match"].as_bool().unwrap_or_default(),
            treat_missing_as_empty: h["treat_missing_header_as_empty"].as_bool().unwrap_or_default(),
            ignore_case: false,
        }
    };
    let query = |q: &Value| {
        fields(q, &["name", "string_match"]);
        QueryMatch { name: text(&q["name"]), condition: QueryCondition::Value(string(&q["string_match"])) }
    };
    RouteMatch {
        path,
        case_sensitive: value["case_sensitive"].as_bool().unwrap_or(true),
        is_written: true,
        headers: list(&value["headers"]).iter().map(header).collect(),
        query: list(&value["query_parameters"]).iter().map(query).collect(),
        metadata: Vec::new(),
    }
}

fn string(value: &Value) -> StringMatch {
    fields(value, &["exact", "prefix", "safe_regex"]);
    match value {
        v if v["exact"].is_string() => StringMatch::Exact(text(&v["exact"])),
        v if v["prefix"].is_string() => StringMatch::Prefix(text(&v["prefix"])),
        v => StringMatch::Regex(text(&v["safe_regex"]["regex"])),
    }
}

pub(crate) fn cluster_names(table: &RouteTable) -> BTreeSet<String> {
    let routes = table.virtual_hosts.iter().flat_map(|h| &h.routes);
    let forwards = routes.filter_map(|r| match &r.action {
        Action::Forward(forward) => Some(forward),
        _ => None,
    });
    forwards.flat_map(|f| &f.destinations).map(|d| d.cluster.clone()).collect()
}

pub(crate) fn clusters<'n>(known: impl Iterator<Item = (&'n str, bool)>) -> Clusters {
    let endpoint = || Endpoint {
        address: Address::Socket { address: "10.0.0.2".to_owned(), port: 80 },
        weight: Some(1),
        ..Endpoint::default()
    };
    let cluster = |(name, up): (&str, bool)| {
        let endpoints = if up { vec![endpoint()] } else { Vec::new() };
        let cluster = Cluster {
            name: name.to_owned(),
            kind: ClusterKind::Eds,
            load_balancer: LoadBalancer::LeastRequest,
            endpoints: vec![EndpointGroup { weight: Some(1), endpoints, ..EndpointGroup::default() }],
            port: 80,
            ..Cluster::default()
        };
        Arc::new(cluster)
    };
    known.map(cluster).collect()
}
