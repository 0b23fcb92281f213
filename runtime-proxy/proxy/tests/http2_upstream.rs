//! HTTP/2 to upstreams: with prior knowledge where the cluster says so, and where the client spoke it.

mod common;

use std::convert::Infallible;
use std::net::SocketAddr;

use bytes::Bytes;
use common::{bootstrap, cluster, get, listener};
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// An upstream that speaks what it is spoken to in, and says what came.
fn upstream() -> SocketAddr {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async move {
            let listener = TcpListener::from_std(listener).unwrap();
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let builder = hyper_util::server::conn::auto::Builder::new(TokioExecutor::new());
                    let _ = builder.serve_connection(TokioIo::new(stream), service_fn(echo)).await;
                });
            }
        });
    });
    address
}

async fn echo(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let host = request.headers().get("host").map(|host| host.to_str().unwrap().to_owned());
    let line = format!("{:?} {} {}", request.version(), request.method(), request.uri());
    let body = request.into_body().collect().await.unwrap().to_bytes();
    let said = json!({"line": line, "host": host, "body": String::from_utf8_lossy(&body)});
    Ok(Response::new(Full::new(said.to_string().into())))
}

fn speaking(name: &str, address: SocketAddr, protocol: Value) -> Value {
    let mut cluster = cluster(name, &[address]);
    let options = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";
    let mut config = json!({"@type": format!("type.googleapis.com/{options}")});
    config.as_object_mut().unwrap().extend(protocol.as_object().unwrap().clone());
    cluster["typed_extension_protocol_options"] = json!({ options: config });
    cluster
}

fn routes() -> Value {
    json!([
        {"match": {"prefix": "/two"}, "route": {"cluster": "two"}},
        {"match": {"prefix": "/same"}, "route": {"cluster": "same"}},
    ])
}

#[test]
fn clusters_are_spoken_to_as_they_say() {
    let folder = tempfile::tempdir().unwrap();
    let address = upstream();
    let two = speaking("two", address, json!({"explicit_http_config": {"http2_protocol_options": {}}}));
    let both = json!({"use_downstream_protocol_config": {"http_protocol_options": {}, "http2_protocol_options": {}}});
    let same = speaking("same", address, both);
    let proxy = bootstrap(folder.path(), &[listener("in", &routes())], &[two, same]);
    let at = proxy.listener("in");
    let workers = std::thread::available_parallelism().unwrap().get();
    for turn in 0..3 * workers {
        let answer = get(at, &format!("/two/{turn}"), &[]);
        assert_eq!(answer.status, 200, "{answer:?}");
        let said = answer.json();
        let line = said["line"].as_str().unwrap();
        assert!(
            line.starts_with("HTTP/2.0 GET http://") && line.ends_with(&format!("/two/{turn}")),
            "{line}"
        );
        assert!(answer.head.starts_with("http/1.1 200"), "{answer:?}");
    }
    // A worker keeps one connection for all of its requests.
    let connections = proxy.stat("cluster.two.upstream_cx_total");
    assert!(connections <= workers as u64, "{connections}");
    assert_eq!(proxy.stat("cluster.two.upstream_cx_http2_total"), connections);
    let said = get(at, "/same", &[]).json();
    assert_eq!(said["line"], "HTTP/1.1 GET /same");
    let posted = common::request(
        at,
        "POST /two/body HTTP/1.1\r\nhost: h\r\ncontent-length: 5\r\nconnection: close\r\n\r\nhello",
    );
    assert_eq!(posted.json()["body"], "hello", "{posted:?}");
    let upgraded = common::request(
        at,
        "GET /two HTTP/1.1\r\nhost: h\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n",
    );
    assert!(upgraded.status != 101, "{upgraded:?}");
}
