//! New bundles in a running proxy: swapped whole, with no request lost; what is wrong changes nothing.

mod common;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use common::{Proxy, Upstream, cluster, get, listener};
use meshc_bundle::{BundleBuilder, Format};
use meshc_envoy::{Layered, NodeConfig, SharedNode, protojson};
use serde_json::{Value, json};

/// Writes a bundle for the node `shop.default` and returns its digest.
fn write(path: &Path, format: Format, listeners: &[Value], clusters: &[Value]) -> String {
    let node: NodeConfig =
        protojson::from_value(json!({"listeners": listeners, "clusters": clusters})).unwrap();
    let node = SharedNode {
        listeners: shared(node.listeners),
        routes: shared(node.routes),
        clusters: shared(node.clusters),
        endpoints: shared(node.endpoints),
    };
    let mut builder = BundleBuilder::new();
    builder.node("shop.default", &node);
    builder.write(path, format).unwrap().configuration.to_string()
}

fn shared<T, R: From<T>>(resources: Vec<T>) -> Layered<R> {
    resources.into_iter().map(|resource| Arc::new(resource.into())).collect()
}

fn start(path: &Path) -> Proxy {
    Proxy::start(&["--bundle", path.to_str().unwrap(), "--node", "shop.default", "--concurrency", "2"])
}

fn weights(first: u32) -> Value {
    json!([{"match": {"prefix": "/"}, "route": {"timeout": "0s", "weighted_clusters": {"clusters": [
        {"name": "v1", "weight": first}, {"name": "v2", "weight": 100 - first}
    ]}}}])
}

/// One request on a connection that is kept; the status.
fn kept(stream: &mut BufReader<TcpStream>) -> std::io::Result<u16> {
    stream.get_mut().write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n")?;
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let start = head.len();
        if stream.read_line(&mut head)? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        let line = &head[start..];
        if let Some(value) = line.strip_prefix("content-length: ") {
            length = value.trim().parse().unwrap();
        }
        if line == "\r\n" {
            break;
        }
    }
    stream.read_exact(&mut vec![0; length])?;
    Ok(head.split(' ').nth(1).unwrap().parse().unwrap())
}

/// Requests without a pause until told to stop; counts those that were answered and those that failed.
fn load(at: SocketAddr, stop: &AtomicBool, good: &AtomicUsize, bad: &AtomicUsize) {
    let mut stream = BufReader::new(TcpStream::connect(at).unwrap());
    let mut round = 0;
    while !stop.load(Ordering::Relaxed) {
        match kept(&mut stream) {
            Ok(200) => good.fetch_add(1, Ordering::Relaxed),
            _ => bad.fetch_add(1, Ordering::Relaxed),
        };
        round += 1;
        if round % 50 == 0 {
            stream = BufReader::new(TcpStream::connect(at).unwrap());
        }
    }
}

#[test]
fn a_hundred_swaps_lose_no_request_and_a_broken_bundle_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bundle");
    let (v1, v2) = (Upstream::start("v1"), Upstream::start("v2"));
    let clusters = [cluster("v1", &[v1.address]), cluster("v2", &[v2.address])];
    write(&path, Format::Dir, &[listener("http", &weights(100))], &clusters);
    let mut proxy = start(&path);
    let at = proxy.listener("http");
    let (stop, good, bad) = (AtomicBool::new(false), AtomicUsize::new(0), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| load(at, &stop, &good, &bad));
        }
        for round in 1..=100 {
            let digest =
                write(&path, Format::Dir, &[listener("http", &weights(100 - round % 101))], &clusters);
            proxy.wait_for(&format!("configuration {digest} is in use"));
            if round == 50 {
                std::fs::write(path.join("bundle.json"), "{\"version\": 1, \"confi").unwrap();
                proxy.wait_for("was refused");
                assert_eq!(proxy.admin("GET", "/server_info").json()["digest"], digest);
            }
        }
        stop.store(true, Ordering::Relaxed);
    });
    assert_eq!((bad.into_inner(), proxy.stat("mesh_proxy.update_success")), (0, 101));
    assert!(good.into_inner() > 100);
    // The last edit sends all to the second version.
    assert_eq!(get(at, "/", &[]).json()["name"], "v2");
    assert_eq!(proxy.listener("http"), at);
}

#[test]
fn what_is_wrong_is_said_counted_and_not_used() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bundle");
    let v1 = Upstream::start("v1");
    let clusters = [cluster("v1", &[v1.address]), cluster("v2", &[])];
    let first = write(&path, Format::Oci, &[listener("http", &weights(100))], &clusters);
    let mut proxy = start(&path);
    let at = proxy.listener("http");

    let mut refused = listener("http", &weights(100));
    refused["listener_filters"] =
        json!([{"name": "x", "typed_config": {"@type": "type.googleapis.com/x.Unknown"}}]);
    write(&path, Format::Oci, &[refused], &clusters);
    let line = proxy.wait_for("was refused");
    assert!(
        line.contains("listeners[0].listener_filters[0]: type.googleapis.com/x.Unknown is not implemented"),
        "{line}"
    );
    assert!(proxy.admin("GET", "/ready").body.starts_with("LIVE\na newer configuration was refused: "));
    assert_eq!(proxy.admin("GET", "/server_info").json()["digest"], first);
    assert_eq!(proxy.stat("listener_manager.lds.update_rejected"), 1);

    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let mut occupied = listener("other", &weights(100));
    occupied["address"] = common::socket(taken.local_addr().unwrap());
    write(&path, Format::Oci, &[listener("http", &weights(100)), occupied], &clusters);
    let line = proxy.wait_for("was refused");
    assert!(line.contains("another process listens there"), "{line}");
    assert_eq!(get(at, "/", &[]).status, 200);

    let again = write(&path, Format::Oci, &[listener("http", &weights(100))], &[clusters[0].clone()]);
    proxy.wait_for(&format!("configuration {again} is in use"));
    assert_eq!(proxy.admin("GET", "/ready").body, "LIVE\n");
}

#[test]
fn listeners_come_and_go_and_links_are_followed() {
    let folder = tempfile::tempdir().unwrap();
    let (one, two, link) = (folder.path().join("one"), folder.path().join("two"), folder.path().join("link"));
    let v1 = Upstream::start("v1");
    let clusters = [cluster("v1", &[v1.address]), cluster("v2", &[])];
    write(&one, Format::Dir, &[listener("a", &weights(100))], &clusters);
    let second = write(&two, Format::Dir, &[listener("b", &weights(100))], &clusters);
    std::os::unix::fs::symlink(&one, &link).unwrap();
    let mut proxy = start(&link);
    let at = proxy.listener("a");
    let mut stream = BufReader::new(TcpStream::connect(at).unwrap());
    assert_eq!(kept(&mut stream).unwrap(), 200);

    let fresh = folder.path().join("fresh");
    std::os::unix::fs::symlink(&two, &fresh).unwrap();
    std::fs::rename(&fresh, &link).unwrap();
    proxy.wait_for(&format!("configuration {second} is in use"));
    assert_eq!(get(proxy.listener("b"), "/", &[]).status, 200);
    // The connection to the removed listener was idle, so it is closed.
    assert_eq!(stream.read(&mut [0]).unwrap(), 0);
    assert!(!proxy.admin("GET", "/listeners").body.contains("a::"));
}
