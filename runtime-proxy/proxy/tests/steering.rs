//! What no caller may say to the proxy: headers that steer it do not get past the connection manager.

mod common;

use common::{Upstream, bootstrap, cluster, get, listener};
use meshc_envoy::request::{CONNECTION_HEADERS, STEERING_HEADERS, STEERING_HEADERS_AT_THE_EDGE};
use serde_json::{Value, json};

/// Headers that the proxy sets anew, so that what arrives is its own.
const OWN: [&str; 2] = ["x-envoy-expected-rq-timeout-ms", "x-envoy-original-path"];

/// What arrives of a request that has all of these headers.
fn arrives(at: std::net::SocketAddr) -> Value {
    let all = STEERING_HEADERS.iter().chain(&STEERING_HEADERS_AT_THE_EDGE);
    let lines: Vec<String> = all.map(|name| format!("{name}: caller")).collect();
    let mut lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    lines.extend(["keep-alive: 5", "proxy-connection: close", "x-plain: caller"]);
    let answer = get(at, "/old/path", &lines);
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()["headers"].clone()
}

#[test]
fn steering_headers_end_here() {
    let folder = tempfile::tempdir().unwrap();
    let upstream = Upstream::start("up");
    let routes =
        json!([{"match": {"prefix": "/old/"}, "route": {"cluster": "up", "prefix_rewrite": "/new/"}}]);
    let inner = listener("inner", &routes);
    let mut edge = listener("edge", &routes);
    edge["filter_chains"][0]["filters"][0]["typed_config"]["use_remote_address"] = json!(true);
    let proxy = bootstrap(folder.path(), &[inner, edge], &[cluster("up", &[upstream.address])]);

    for (name, dropped) in [
        ("inner", STEERING_HEADERS.to_vec()),
        ("edge", [&STEERING_HEADERS[..], &STEERING_HEADERS_AT_THE_EDGE].concat()),
    ] {
        let headers = arrives(proxy.listener(name));
        assert_eq!(headers["x-plain"], "caller", "{name}");
        assert_eq!(headers["x-envoy-expected-rq-timeout-ms"], "15000", "{name}");
        assert_eq!(headers["x-envoy-original-path"], "/old/path", "{name}");
        for header in dropped.iter().filter(|header| !OWN.contains(header)) {
            assert_eq!(headers[*header], Value::Null, "{name}: {header}");
        }
        for header in CONNECTION_HEADERS {
            assert_eq!(headers[header], Value::Null, "{name}: {header}");
        }
    }
    // Between the proxies of the mesh these say what the first one saw.
    let headers = arrives(proxy.listener("inner"));
    for header in STEERING_HEADERS_AT_THE_EDGE.iter().filter(|header| !OWN.contains(header)) {
        assert_eq!(headers[*header], "caller", "{header}");
    }
}
