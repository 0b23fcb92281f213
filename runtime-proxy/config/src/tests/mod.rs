//! The rules of the configuration, one by one.

mod chains;
mod matching;
mod refusals;
mod routing;

use http::HeaderMap;
use meshc_envoy::{Bootstrap, protojson};
use serde_json::{Value, json};

use crate::{ConfigError, Http, Matched, Network, RequestView, Snapshot};

/// The snapshot of a listener with these routes for all hosts and a cluster `c`.
fn with_routes(routes: &Value) -> Result<Snapshot, ConfigError> {
    with_hosts(&json!([{"name": "all", "domains": ["*"], "routes": routes}]))
}

fn with_hosts(hosts: &Value) -> Result<Snapshot, ConfigError> {
    with_manager(&json!({"route_config": {"name": "t", "virtual_hosts": hosts}}))
}

fn with_manager(more: &Value) -> Result<Snapshot, ConfigError> {
    let mut manager = json!({
        "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "x",
        "http_filters": [{"name": "router", "typed_config": {"@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"}}],
    });
    manager.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    with_resources(&json!({
        "listeners": [{
            "name": "l",
            "address": {"socket_address": {"address": "127.0.0.1", "port_value": 80}},
            "filter_chains": [{"filters": [{"name": "hcm", "typed_config": manager}]}],
        }],
        "clusters": [{"name": "c", "type": "STATIC"}],
    }))
}

fn with_resources(resources: &Value) -> Result<Snapshot, ConfigError> {
    let bootstrap: Bootstrap = protojson::from_value(json!({"static_resources": resources})).unwrap();
    Snapshot::from_bootstrap(&bootstrap)
}

fn http(snapshot: &Snapshot) -> &Http {
    match &snapshot.listeners[0].chains[0] {
        Network::Http(http) => http,
        Network::Tcp(_) | Network::AwaitsSecret(_) => panic!("no HTTP"),
    }
}

/// A request as `METHOD AUTHORITY PATH`, with headers.
struct Asked {
    line: &'static str,
    headers: HeaderMap,
}

fn ask(line: &'static str, headers: &[(&'static str, &'static str)]) -> Asked {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.append(*name, value.parse().unwrap());
    }
    Asked { line, headers: map }
}

impl Asked {
    fn view(&self) -> RequestView<'_> {
        let mut parts = self.line.split(' ');
        let mut next = || parts.next().unwrap();
        RequestView {
            method: next(),
            authority: next(),
            path: next(),
            scheme: "http",
            headers: &self.headers,
        }
    }

    /// The name of the route that is taken.
    fn route(&self, snapshot: &Snapshot) -> Option<String> {
        match http(snapshot).routes.as_ref().unwrap().find(&self.view(), 0, "http", false)? {
            Matched::Route { host, route, .. } => Some(format!("{}/{}", host.name, route.name)),
            Matched::Https { .. } => Some("https".to_owned()),
        }
    }
}
