//! HTTP/1.1 as clients and upstreams really speak it: pipelines, slow bodies, connections that end when they like.

mod common;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use common::{Proxy, Upstream, bootstrap, cluster, get, listener, request};
use serde_json::{Value, json};

/// Waits until a number of `/stats` is this one.
fn until(proxy: &Proxy, name: &str, value: u64) {
    let end = Instant::now() + Duration::from_secs(20);
    while proxy.stat(name) != value {
        assert!(Instant::now() < end, "{name} is {}, not {value}", proxy.stat(name));
    }
}

/// Reads until what came ends so.
fn read_until(stream: &mut TcpStream, end: &str) -> String {
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let mut came = Vec::new();
    while !came.ends_with(end.as_bytes()) {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        came.push(byte[0]);
    }
    String::from_utf8(came).unwrap()
}

/// A proxy that leads everything to one upstream, with this beside the cluster in the route.
fn start(folder: &tempfile::TempDir, upstream: SocketAddr, retry: Option<Value>) -> (Proxy, SocketAddr) {
    let mut route = json!({"cluster": "up", "timeout": "0s"});
    if let Some(retry) = retry {
        route["retry_policy"] = retry;
    }
    let routes = json!([{"match": {"prefix": "/"}, "route": route}]);
    let proxy = bootstrap(folder.path(), &[listener("http", &routes)], &[cluster("up", &[upstream])]);
    let at = proxy.listener("http");
    (proxy, at)
}

/// An upstream's side of one connection.
struct Served {
    reader: BufReader<TcpStream>,
    stream: TcpStream,
}

impl Served {
    fn accept(listener: &TcpListener) -> Self {
        let (stream, _) = listener.accept().unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        Self { reader: BufReader::new(stream.try_clone().unwrap()), stream }
    }

    /// The next head.
    fn head(&mut self) -> String {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            assert_ne!(self.reader.read_line(&mut head).unwrap(), 0, "{head}");
        }
        head
    }

    fn answer(&mut self, body: &str) {
        write!(self.stream, "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len()).unwrap();
    }
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let upstream = Upstream::start("up");
    let (_proxy, at) = start(&folder, upstream.address, None);
    let mut text = Vec::new();
    for index in 0..20 {
        let head = format!("POST /{index} HTTP/1.1\r\nhost: a\r\ncontent-length: 7");
        write!(text, "{head}\r\n\r\nbody {index:02}").unwrap();
    }
    text.extend_from_slice(b"GET /last HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
    let mut stream = TcpStream::connect(at).unwrap();
    stream.write_all(&text).unwrap();
    let mut answers = String::new();
    stream.read_to_string(&mut answers).unwrap();
    let mut from = 0;
    for index in 0..20 {
        let line = answers[from..].find(&format!("POST /{index} HTTP/1.1")).expect(&answers);
        from += line;
    }
    assert!(answers[from..].contains("GET /last HTTP/1.1"), "{answers}");
    assert_eq!(answers.matches("HTTP/1.1 200").count(), 21, "{answers}");
    assert!(answers.contains("body 19"), "{answers}");
}

#[test]
fn a_smuggled_request_is_never_served() {
    let folder = tempfile::tempdir().unwrap();
    let upstream = Upstream::start("up");
    let (_proxy, at) = start(&folder, upstream.address, None);
    let text = "GET /first HTTP/1.1\r\nhost: a\r\n\r\n\
        POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n\
        GET /smuggled HTTP/1.1\r\nhost: a\r\n\r\n";
    let answer = request(at, text);
    assert_eq!(answer.status, 200);
    let (_, second) = answer.body.split_once("HTTP/1.1 400 Bad Request\r\n").expect(&answer.body);
    assert!(second.contains("connection: close\r\n") && second.ends_with("\r\n\r\nBad Request"), "{second}");
    assert_eq!(upstream.hits.load(Ordering::SeqCst), 1);
}

#[test]
fn slow_bodies_are_passed_on_as_they_come() {
    let folder = tempfile::tempdir().unwrap();
    let upstream = TcpListener::bind("127.0.0.1:0").unwrap();
    let (_proxy, at) =
        start(&folder, upstream.local_addr().unwrap(), Some(json!({"retry_on": "5xx", "num_retries": 2})));
    let mut client = TcpStream::connect(at).unwrap();
    client.write_all(b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 6\r\n\r\na").unwrap();
    let mut served = Served::accept(&upstream);
    assert!(served.head().contains("content-length: 6\r\n"));
    // Each byte arrives before the next is sent.
    for next in [b"b", b"c", b"d", b"e", b"f"] {
        let mut byte = [0];
        served.reader.read_exact(&mut byte).unwrap();
        assert_eq!(byte[0] + 1, next[0]);
        client.write_all(next).unwrap();
    }
    let mut last = [0];
    served.reader.read_exact(&mut last).unwrap();
    // So do those of the answer.
    served.stream.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").unwrap();
    read_until(&mut client, "\r\n\r\n");
    for piece in ["3\r\nabc\r\n", "2\r\nde\r\n", "0\r\n\r\n"] {
        served.stream.write_all(piece.as_bytes()).unwrap();
        let mut came = vec![0; piece.len()];
        client.read_exact(&mut came).unwrap();
        assert_eq!(came, piece.as_bytes());
    }
}

#[test]
fn a_body_that_stops_coming_ends_the_request() {
    let folder = tempfile::tempdir().unwrap();
    let upstream = TcpListener::bind("127.0.0.1:0").unwrap();
    let routes = json!([{"match": {"prefix": "/"}, "route": {"cluster": "up", "timeout": "0s", "idle_timeout": "0.05s"}}]);
    let clusters = [cluster("up", &[upstream.local_addr().unwrap()])];
    let proxy = bootstrap(folder.path(), &[listener("http", &routes)], &clusters);
    let at = proxy.listener("http");
    // A request that is not complete is the client's fault, one that is complete the upstream's.
    for (body, status) in [("abc", 408), ("abcdef", 504)] {
        let answer = request(
            at,
            &format!("POST / HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: 6\r\n\r\n{body}"),
        );
        assert_eq!((answer.status, answer.body.as_str()), (status, "stream timeout"), "{answer:?}");
        let mut served = Served::accept(&upstream);
        served.head();
        let mut came = String::new();
        served.reader.read_to_string(&mut came).unwrap();
        assert_eq!(came, body);
    }
    until(&proxy, "cluster.up.upstream_rq_active", 0);
    assert_eq!(proxy.stat("http.http.downstream_rq_idle_timeout"), 2);
}

#[test]
fn no_more_is_tried_for_a_client_that_left() {
    let folder = tempfile::tempdir().unwrap();
    let upstream = TcpListener::bind("127.0.0.1:0").unwrap();
    let retry = json!({"retry_on": "5xx", "num_retries": 5, "retry_back_off": {"base_interval": "0.001s"}});
    let (proxy, at) = start(&folder, upstream.local_addr().unwrap(), Some(retry));
    let mut client = TcpStream::connect(at).unwrap();
    client.write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").unwrap();
    let mut first = Served::accept(&upstream);
    first.head();
    first.stream.write_all(b"HTTP/1.1 503 X\r\ncontent-length: 0\r\n\r\n").unwrap();
    // The second try is under way when the client leaves: its connection is closed, and no third follows.
    let mut second = Served::accept(&upstream);
    assert!(second.head().contains("x-envoy-attempt-count: 2\r\n"));
    drop(client);
    assert_eq!(second.reader.read(&mut [0]).unwrap(), 0);
    until(&proxy, "http.http.downstream_rq_rx_reset", 1);
    until(&proxy, "http.http.downstream_cx_active", 0);
    assert_eq!(proxy.stat("http.http.downstream_rq_active"), 0);
    assert_eq!(proxy.stat("cluster.up.upstream_rq_active"), 0);
    assert_eq!(proxy.stat("cluster.up.upstream_rq_retry"), 1);
}

#[test]
fn a_kept_connection_that_the_upstream_closed_costs_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let upstream = TcpListener::bind("127.0.0.1:0").unwrap();
    let (proxy, at) = start(&folder, upstream.local_addr().unwrap(), None);
    // One client's connection stays on one worker, which has the kept connection.
    let mut client = TcpStream::connect(at).unwrap();
    for (round, method) in ["GET", "POST", "GET"].into_iter().enumerate() {
        write!(client, "{method} / HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n\r\nhi").unwrap();
        let mut served = Served::accept(&upstream);
        served.head();
        served.reader.read_exact(&mut [0; 2]).unwrap();
        served.answer("yes");
        assert!(read_until(&mut client, "\r\n\r\nyes").starts_with("HTTP/1.1 200 "));
        // Closed while it is kept, and the proxy has seen it.
        drop(served);
        until(&proxy, "cluster.up.upstream_cx_destroy", round as u64 + 1);
    }
    assert_eq!(proxy.stat("cluster.up.upstream_rq_200"), 3);
    assert_eq!(proxy.stat("cluster.up.upstream_rq_total"), 3);
}

#[test]
fn a_kept_connection_that_breaks_is_tried_again_where_the_route_says_so() {
    for (retry_on, status) in [(Some("reset"), 200), (Some("reset-before-request"), 503), (None, 503)] {
        let folder = tempfile::tempdir().unwrap();
        let upstream = TcpListener::bind("127.0.0.1:0").unwrap();
        let retry = retry_on.map(
            |on| json!({"retry_on": on, "num_retries": 1, "retry_back_off": {"base_interval": "0.001s"}}),
        );
        let (_proxy, at) = start(&folder, upstream.local_addr().unwrap(), retry);
        let mut client = TcpStream::connect(at).unwrap();
        client.write_all(b"GET /1 HTTP/1.1\r\nhost: a\r\n\r\n").unwrap();
        let mut served = Served::accept(&upstream);
        served.head();
        served.answer("yes");
        read_until(&mut client, "\r\n\r\nyes");
        client.write_all(b"GET /2 HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").unwrap();
        // The request arrives, and the connection ends without an answer.
        assert!(served.head().starts_with("GET /2 "));
        drop(served);
        if status == 200 {
            let mut served = Served::accept(&upstream);
            assert!(served.head().contains("x-envoy-attempt-count: 2\r\n"));
            served.answer("again");
        }
        let mut answer = String::new();
        client.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{retry_on:?}: {answer}");
    }
}

#[test]
fn a_megabyte_of_headers_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let upstream = Upstream::start("up");
    let (_proxy, at) = start(&folder, upstream.address, None);
    let one = format!("x: {}\r\n", "x".repeat(1 << 20));
    let many = "x: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\n".repeat(1 << 14);
    for headers in [one, many] {
        let mut stream = TcpStream::connect(at).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        // The proxy closes before all of it is sent.
        let _ = stream.write_all(format!("GET / HTTP/1.1\r\nhost: a\r\n{headers}\r\n").as_bytes());
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        let answer = String::from_utf8_lossy(&answer);
        assert!(answer.starts_with("HTTP/1.1 431 "), "{answer:?}");
    }
    assert_eq!(get(at, "/", &[]).status, 200);
    assert_eq!(upstream.hits.load(Ordering::SeqCst), 1);
}
