//! The running proxy: routes, tries, timeouts, faults, mirrors, statistics, and its end.

mod common;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::Ordering;

use common::{Upstream, bootstrap, cluster, get, listener, request, socket};
use serde_json::json;

fn closed() -> SocketAddr {
    // Nothing listens where a socket was just closed.
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

#[test]
fn requests_are_routed_changed_and_answered() {
    let folder = tempfile::tempdir().unwrap();
    let (v1, v2) = (Upstream::start("v1"), Upstream::start("v2"));
    let routes = json!([
        {"match": {"prefix": "/old"}, "redirect": {"path_redirect": "/new", "response_code": "FOUND"}},
        {"match": {"path": "/hello"}, "direct_response": {"status": 200, "body": {"inline_string": "hello"}}},
        {"match": {"prefix": "/none"}, "route": {"cluster": "none"}},
        {"match": {"prefix": "/empty"}, "route": {"cluster": "empty"}},
        {"match": {"prefix": "/api/", "headers": [{"name": "x-app-version", "string_match": {"exact": "v2"}}]},
         "route": {"cluster": "v2", "prefix_rewrite": "/", "host_rewrite_literal": "inner.example", "timeout": "3s"},
         "request_headers_to_add": [{"header": {"key": "x-from", "value": "%REQ(:AUTHORITY)%"}}],
         "response_headers_to_add": [{"header": {"key": "x-route", "value": "api"}}],
         "response_headers_to_remove": ["x-upstream"]},
        {"match": {"prefix": "/"}, "route": {"cluster": "v1", "timeout": "0s"}},
    ]);
    let clusters = [cluster("v1", &[v1.address]), cluster("v2", &[v2.address]), cluster("empty", &[])];
    let proxy = bootstrap(folder.path(), &[listener("http", &routes)], &clusters);
    let at = proxy.listener("http");

    let answer = get(at, "/api/../api/items?q=1", &["x-app-version: v2"]);
    assert_eq!(
        (answer.status, answer.header("x-route"), answer.header("x-upstream")),
        (200, Some("api"), None)
    );
    let seen = answer.json();
    assert_eq!(seen["line"], "GET /items?q=1 HTTP/1.1");
    assert_eq!(seen["headers"]["host"], "inner.example");
    assert_eq!(seen["headers"]["x-from"], "shop.example");
    assert_eq!(seen["headers"]["x-envoy-original-path"], "/api/items?q=1");
    assert_eq!(seen["headers"]["x-envoy-expected-rq-timeout-ms"], "3000");
    assert_eq!(seen["headers"]["x-envoy-attempt-count"], "1");
    assert_eq!(seen["headers"]["x-request-id"].as_str().unwrap().len(), 36);

    assert_eq!(get(at, "/api/items", &[]).json()["name"], "v1");
    let redirect = get(at, "/old?x=1", &[]);
    assert_eq!((redirect.status, redirect.header("location")), (302, Some("http://shop.example/new?x=1")));
    assert_eq!(get(at, "/hello", &[]).body, "hello");
    assert_eq!(get(at, "/none", &[]).status, 503);
    let empty = get(at, "/empty", &[]);
    assert_eq!((empty.status, empty.body.as_str()), (503, "no healthy upstream"));

    assert_eq!(proxy.stat("http.http.downstream_rq_total"), 6);
    assert_eq!(proxy.stat("cluster.v2.upstream_rq_200"), 1);
    let prometheus = proxy.admin("GET", "/stats/prometheus").body;
    assert!(
        prometheus.contains(
            "envoy_cluster_upstream_rq_xx{envoy_response_code_class=\"2\",envoy_cluster_name=\"v2\"} 1"
        ),
        "{prometheus}"
    );
    let dump = proxy.admin("GET", "/config_dump").json();
    assert_eq!(dump["configs"][1]["static_clusters"][0]["cluster"]["name"], "v1");
    assert_eq!(proxy.admin("GET", "/ready").status, 200);
    assert_eq!(proxy.admin("GET", "/quitquitquit").status, 405);
}

#[test]
fn tries_timeouts_and_faults() {
    let folder = tempfile::tempdir().unwrap();
    let upstream = Upstream::start("up");
    let fault = |fault: serde_json::Value| {
        let mut fault = fault;
        fault["@type"] = json!("type.googleapis.com/envoy.extensions.filters.http.fault.v3.HTTPFault");
        json!({"envoy.filters.http.fault": fault})
    };
    let routes = json!([
        {"match": {"path": "/flaky"}, "route": {"cluster": "up", "retry_policy": {"retry_on": "5xx", "num_retries": 2, "retry_back_off": {"base_interval": "0.001s"}}}},
        {"match": {"path": "/hang"}, "route": {"cluster": "up", "timeout": "0.1s"}},
        {"match": {"path": "/reset"}, "route": {"cluster": "up"}},
        {"match": {"path": "/second"}, "route": {"cluster": "half", "prefix_rewrite": "/x", "retry_policy": {
            "retry_on": "connect-failure", "num_retries": 5, "host_selection_retry_max_attempts": "5",
            "retry_host_predicate": [{"name": "previous", "typed_config": {"@type": "type.googleapis.com/envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate"}}]}}},
        {"match": {"path": "/abort"}, "route": {"cluster": "up"}, "typed_per_filter_config": fault(json!({"abort": {"http_status": 418, "percentage": {"numerator": 100}}}))},
        {"match": {"path": "/delay"}, "route": {"cluster": "up"}, "typed_per_filter_config": fault(json!({"delay": {"fixed_delay": "0.05s", "percentage": {"numerator": 100}}}))},
        {"match": {"prefix": "/"}, "route": {"cluster": "up"}},
    ]);
    let clusters = [cluster("up", &[upstream.address]), cluster("half", &[closed(), upstream.address])];
    let proxy = bootstrap(folder.path(), &[listener("http", &routes)], &clusters);
    let at = proxy.listener("http");

    let body = "POST /flaky HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: 5\r\n\r\nhello";
    let retried = request(at, body);
    assert_eq!(retried.status, 200, "{retried:?}");
    assert_eq!(retried.json()["body"], "hello");
    assert_eq!(retried.json()["headers"]["x-envoy-attempt-count"], "2");
    let late = get(at, "/hang", &[]);
    assert_eq!((late.status, late.body.as_str()), (504, "upstream request timeout"));
    let broken = get(at, "/reset", &[]);
    let text =
        "upstream connect error or disconnect/reset before headers. reset reason: connection termination";
    assert_eq!((broken.status, broken.body.as_str()), (503, text));
    for _ in 0..4 {
        assert_eq!(get(at, "/second", &[]).status, 200);
    }
    let aborted = get(at, "/abort", &[]);
    assert_eq!((aborted.status, aborted.body.as_str()), (418, "fault filter abort"));
    let begun = std::time::Instant::now();
    assert_eq!(get(at, "/delay", &[]).status, 200);
    assert!(begun.elapsed() >= std::time::Duration::from_millis(50));
    assert_eq!(proxy.stat("cluster.up.upstream_rq_retry"), 1);
    assert_eq!(proxy.stat("cluster.up.upstream_rq_timeout"), 1);
    assert_eq!(proxy.stat("http.http.fault.aborts_injected"), 1);
}

#[test]
fn weights_are_kept_and_copies_are_sent() {
    let folder = tempfile::tempdir().unwrap();
    let (v1, v2, copy) = (Upstream::start("v1"), Upstream::start("v2"), Upstream::start("copy"));
    let routes = json!([
        {"match": {"path": "/copied"}, "route": {"cluster": "v1", "request_mirror_policies": [{"cluster": "copy"}]}},
        {"match": {"prefix": "/"}, "route": {"weighted_clusters": {"clusters": [{"name": "v1", "weight": 75}, {"name": "v2", "weight": 25}]}}},
    ]);
    let clusters =
        [cluster("v1", &[v1.address]), cluster("v2", &[v2.address]), cluster("copy", &[copy.address])];
    let proxy = bootstrap(folder.path(), &[listener("http", &routes)], &clusters);
    let at = proxy.listener("http");
    let second = (0..400).filter(|_| get(at, "/", &[]).json()["name"] == "v2").count();
    assert!((50..150).contains(&second), "{second} of 400 for 25 %");
    let before = copy.hits.load(Ordering::SeqCst);
    assert_eq!(get(at, "/copied", &[]).json()["name"], "v1");
    let end = std::time::Instant::now() + std::time::Duration::from_secs(10);
    while copy.hits.load(Ordering::SeqCst) == before {
        assert!(std::time::Instant::now() < end, "the copy did not arrive");
        std::thread::yield_now();
    }
}

#[test]
fn bytes_are_passed_both_ways() {
    let folder = tempfile::tempdir().unwrap();
    let upstream = Upstream::start("tcp");
    let tcp = json!({"name": "tcp", "address": socket("127.0.0.1:0".parse().unwrap()), "filter_chains": [{"filters": [
        {"name": "tcp", "typed_config": {"@type": "type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy", "stat_prefix": "t", "cluster": "up"}}
    ]}]});
    let proxy = bootstrap(folder.path(), &[tcp], &[cluster("up", &[upstream.address])]);
    let mut stream = TcpStream::connect(proxy.listener("tcp")).unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
    let mut first = [0; 8];
    stream.read_exact(&mut first).unwrap();
    assert_eq!(&first, b"HTTP/1.1");
}

#[test]
fn a_websocket_passes_where_it_is_allowed() {
    let folder = tempfile::tempdir().unwrap();
    let upstream = Upstream::start("up");
    let mut http = listener("http", &json!([{"match": {"prefix": "/"}, "route": {"cluster": "up"}}]));
    http["filter_chains"][0]["filters"][0]["typed_config"]["upgrade_configs"] =
        json!([{"upgrade_type": "websocket"}]);
    let proxy = bootstrap(folder.path(), &[http], &[cluster("up", &[upstream.address])]);
    let mut stream = TcpStream::connect(proxy.listener("http")).unwrap();
    stream
        .write_all(b"GET / HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n")
        .unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
    assert!(head.starts_with(b"HTTP/1.1 101 "), "{}", String::from_utf8_lossy(&head));
    stream.write_all(b"ping").unwrap();
    let mut back = [0; 4];
    stream.read_exact(&mut back).unwrap();
    assert_eq!(&back, b"ping");
}

#[test]
fn hostile_bytes_never_end_the_process() {
    let folder = tempfile::tempdir().unwrap();
    let upstream = Upstream::start("up");
    let routes = json!([{"match": {"prefix": "/"}, "route": {"cluster": "up"}}]);
    let proxy = bootstrap(folder.path(), &[listener("http", &routes)], &[cluster("up", &[upstream.address])]);
    let at = proxy.listener("http");
    let long = format!("GET / HTTP/1.1\r\nhost: a\r\nx: {}\r\n\r\n", "x".repeat(100_000));
    let many = format!("GET / HTTP/1.1\r\nhost: a\r\n{}\r\n", "x: 1\r\n".repeat(200));
    for (text, status) in [
        (long.as_str(), 431),
        (many.as_str(), 431),
        ("BAD\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nhost: a/b\r\nconnection: close\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nconnection: close\r\n\r\n", 400),
        ("GET / HTTP/1.0\r\nhost: a\r\n\r\n", 426),
        ("GET /%00 HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n", 400),
        ("GET /a#b HTTP/1.1\r\nhost: a\r\n\r\n", 400),
        (
            "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
            400,
        ),
        (
            "POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\ncontent-length: 4\r\n\r\n0\r\n\r\n",
            400,
        ),
        ("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 4\r\ncontent-length: 5\r\n\r\nabcd", 400),
        ("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: +4\r\n\r\nabcd", 400),
        ("POST / HTTP/1.1\r\nhost: a\r\ncontent-length : 4\r\n\r\nabcd", 400),
        ("POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked, gzip\r\n\r\n0\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nhost: a\r\n folded: 1\r\n\r\n", 400),
        ("CONNECT a:1 HTTP/1.1\r\nhost: a:1\r\n\r\n", 404),
        ("GET / HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n", 403),
    ] {
        assert_eq!(request(at, text).status, status, "{text:.60}");
    }
    let mut random = 88_172_645_463_325_252_u64;
    for round in 0..200 {
        let bytes: Vec<u8> = (0..round * 7 % 400)
            .map(|_| {
                random ^= random << 13;
                random ^= random >> 7;
                random ^= random << 17;
                random as u8
            })
            .collect();
        let mut stream = TcpStream::connect(at).unwrap();
        // The proxy may close while it is being written to.
        let _ = stream.write_all(if round % 2 == 0 {
            b"GET / HTTP/1.1\r\n"
        } else {
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
        });
        let _ = stream.write_all(&bytes);
    }
    assert_eq!(get(at, "/", &[]).status, 200);
}

#[test]
fn requests_under_way_are_finished_before_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let upstream = Upstream::start("up");
    let routes = json!([{"match": {"prefix": "/"}, "route": {"cluster": "up"}}]);
    let mut proxy =
        bootstrap(folder.path(), &[listener("http", &routes)], &[cluster("up", &[upstream.address])]);
    let at = proxy.listener("http");
    let held = upstream.gate.lock().unwrap();
    let client = std::thread::spawn(move || get(at, "/wait", &[]));
    while upstream.hits.load(Ordering::SeqCst) == 0 {
        std::thread::yield_now();
    }
    proxy.terminate();
    proxy.wait_for("ending");
    drop(held);
    let answer = client.join().unwrap();
    assert_eq!((answer.status, answer.header("connection")), (200, Some("close")));
    assert_eq!(proxy.wait().code(), Some(0));
}
