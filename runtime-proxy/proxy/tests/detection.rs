//! Which filter chain a connection takes by what its first bytes are, on one address.

mod common;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use common::{Upstream, bootstrap, cluster, get, listener};
use serde_json::{Value, json};

const EXTENSIONS: &str = "type.googleapis.com/envoy.extensions";

/// A server that says in capitals what it hears, line by line.
fn shouting() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            std::thread::spawn(move || {
                let mut buffer = [0; 1024];
                while let Ok(count @ 1..) = stream.read(&mut buffer) {
                    if stream.write_all(&buffer[..count].to_ascii_uppercase()).is_err() {
                        break;
                    }
                }
            });
        }
    });
    address
}

/// A sidecar's listener: HTTP where it is HTTP, the mesh's own TLS, and bytes otherwise.
fn detecting(timeout: &str) -> Value {
    let routes = json!([{"match": {"prefix": "/"}, "route": {"cluster": "up"}}]);
    let mut listener = listener("in", &routes);
    let bytes = json!([{"name": "tcp", "typed_config": {
        "@type": format!("{EXTENSIONS}.filters.network.tcp_proxy.v3.TcpProxy"), "stat_prefix": "bytes", "cluster": "raw"}}]);
    let http = listener["filter_chains"][0]["filters"].clone();
    let secret = json!({"name": "default", "sds_config": {"api_config_source": {"api_type": "GRPC"}}});
    listener["filter_chains"] = json!([
        {"filter_chain_match": {"transport_protocol": "raw_buffer", "application_protocols": ["http/1.1", "h2c"]}, "filters": http},
        {
            "filter_chain_match": {"transport_protocol": "tls", "application_protocols": ["istio"]},
            "filters": bytes,
            "transport_socket": {"name": "tls", "typed_config": {
                "@type": format!("{EXTENSIONS}.transport_sockets.tls.v3.DownstreamTlsContext"),
                "common_tls_context": {"tls_certificate_sds_secret_configs": [secret]}}},
        },
    ]);
    listener["default_filter_chain"] = json!({"filters": bytes});
    listener["listener_filters"] = json!([
        {"name": "tls", "typed_config": {"@type": format!("{EXTENSIONS}.filters.listener.tls_inspector.v3.TlsInspector")}},
        {"name": "http", "typed_config": {"@type": format!("{EXTENSIONS}.filters.listener.http_inspector.v3.HttpInspector")}},
    ]);
    listener["listener_filters_timeout"] = json!(timeout);
    listener["continue_on_listener_filters_timeout"] = json!(true);
    listener
}

/// Sends the pieces, each as a packet of its own, and reads as many bytes as they have.
fn echoed(at: SocketAddr, pieces: &[&[u8]]) -> Vec<u8> {
    let mut stream = TcpStream::connect(at).unwrap();
    stream.set_nodelay(true).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    for piece in pieces {
        stream.write_all(piece).unwrap();
    }
    let mut answer = vec![0; pieces.concat().len()];
    match stream.read_exact(&mut answer) {
        Ok(()) => answer,
        Err(_) => Vec::new(),
    }
}

/// The beginning of TLS that offers one protocol.
fn hello(protocol: &str) -> Vec<u8> {
    let vector = |size: usize, bytes: &[u8]| [&bytes.len().to_be_bytes()[8 - size..], bytes].concat();
    let extension = |kind: u16, bytes: &[u8]| [&kind.to_be_bytes()[..], &vector(2, bytes)].concat();
    let extensions = [
        extension(10, &vector(2, &[0, 0x1d])),
        extension(13, &vector(2, &[4, 3, 8, 4])),
        extension(16, &vector(2, &vector(1, protocol.as_bytes()))),
    ]
    .concat();
    let body = [
        &[3, 3][..],
        &[7; 32],
        &vector(1, &[]),
        &vector(2, &[0xc0, 0x2b]),
        &vector(1, &[0]),
        &vector(2, &extensions),
    ]
    .concat();
    [&[22, 3, 1][..], &vector(2, &[&[1][..], &vector(3, &body)].concat())].concat()
}

#[test]
fn the_first_bytes_choose_the_filter_chain() {
    let folder = tempfile::tempdir().unwrap();
    let upstream = Upstream::start("up");
    let clusters = [cluster("up", &[upstream.address]), cluster("raw", &[shouting()])];
    let mut proxy = bootstrap(folder.path(), &[detecting("0s")], &clusters);
    let at = proxy.listener("in");

    // HTTP, whole or in pieces.
    assert_eq!(get(at, "/a", &[]).json()["name"], json!("up"));
    // Bytes that cannot become HTTP are passed on, those that were looked at first.
    assert_eq!(echoed(at, &[b"*1\r\n", b"ping\r\n"]), b"*1\r\nPING\r\n");
    assert_eq!(echoed(at, &[b"G", b"o away\n"]), b"GO AWAY\n");
    // TLS of someone else's goes through as it is; the mesh's own waits for its certificate.
    let other = hello("h2");
    assert_eq!(echoed(at, &[&other[..9], &other[9..]]), other.to_ascii_uppercase());
    assert_eq!(echoed(at, &[&hello("istio")]), b"");
    let stat = |name: &str| {
        let text = proxy.admin("GET", "/stats").body;
        let line = text.lines().find(|line| line.contains(name)).unwrap_or_else(|| panic!("{name}: {text}"));
        line.rsplit(' ').next().unwrap().parse::<u64>().unwrap()
    };
    assert_eq!(stat("ssl.downstream_context_secrets_not_ready"), 1);
    // A client that says nothing does not hold up the end.
    let silent = TcpStream::connect(at).unwrap();
    proxy.terminate();
    assert!(proxy.wait().success());
    drop(silent);
}

#[test]
fn a_silent_client_goes_on_as_bytes_when_the_time_is_over() {
    let folder = tempfile::tempdir().unwrap();
    // A server that speaks first, as databases do.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let server = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            // The client may be gone.
            let _ = stream.write_all(b"welcome");
        }
    });
    let clusters = [cluster("up", &[server]), cluster("raw", &[server])];
    let proxy = bootstrap(folder.path(), &[detecting("0.05s")], &clusters);
    let mut stream = TcpStream::connect(proxy.listener("in")).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let mut said = [0; 7];
    stream.read_exact(&mut said).unwrap();
    assert_eq!(&said, b"welcome");
}
