//! HTTP/2 with prior knowledge from clients, HTTP/1.1 to upstreams: streams, bodies, trailers.

mod common;

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use common::{bootstrap, cluster, listener};
use http::{HeaderMap, Request, Response, StatusCode, Version};
use http_body::{Body, Frame};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::client::conn::http2::SendRequest;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

type AnyBody = BoxBody<Bytes, hyper::Error>;

fn full(bytes: impl Into<Bytes>) -> AnyBody {
    Full::new(bytes.into()).map_err(|never| match never {}).boxed()
}

fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

/// An upstream of HTTP/1.1 that echoes bodies. `/trailers` says what trailers came and answers with some; `/head` names
/// what came.
fn upstream() -> SocketAddr {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        block_on(async move {
            let listener = TcpListener::from_std(listener).unwrap();
            while let Ok((stream, _)) = listener.accept().await {
                let connection = hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), service_fn(echo));
                tokio::spawn(connection);
            }
        });
    });
    address
}

async fn echo(request: Request<Incoming>) -> Result<Response<AnyBody>, Infallible> {
    let path = request.uri().path().to_owned();
    let (parts, body) = request.into_parts();
    Ok(match path.as_str() {
        "/trailers" => {
            let came = body.collect().await.unwrap();
            let mut trailers = came.trailers().cloned().unwrap_or_default();
            trailers.insert("grpc-status", "5".parse().unwrap());
            let (body, content) = frames();
            body.send(Frame::data(came.to_bytes())).unwrap();
            body.send(Frame::trailers(trailers)).unwrap();
            Response::builder()
                .header("content-type", "application/grpc")
                .header("trailer", "grpc-status, x-sum")
                .body(content)
                .unwrap()
        }
        "/head" => {
            let headers: serde_json::Map<_, _> = parts
                .headers
                .iter()
                .map(|(name, value)| (name.to_string(), json!(value.to_str().unwrap())))
                .collect();
            let line = format!("{} {} {:?}", parts.method, parts.uri, parts.version);
            let answer = full(json!({"line": line, "headers": headers}).to_string());
            Response::builder().header("x-upstream", "echo").body(answer).unwrap()
        }
        _ => Response::new(body.boxed()),
    })
}

/// A body of frames as they are sent.
struct Frames(mpsc::UnboundedReceiver<Frame<Bytes>>);

/// A body, and where its frames are sent to.
fn frames() -> (mpsc::UnboundedSender<Frame<Bytes>>, AnyBody) {
    let (sender, receiver) = mpsc::unbounded_channel();
    (sender, Frames(receiver).boxed())
}

impl Body for Frames {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        self.0.poll_recv(context).map(|frame| frame.map(Ok))
    }
}

async fn connect(proxy: SocketAddr) -> SendRequest<AnyBody> {
    let stream = TcpStream::connect(proxy).await.unwrap();
    let (sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    sender
}

fn ask(method: &str, path: &str, body: AnyBody) -> Request<AnyBody> {
    Request::builder().method(method).uri(format!("http://shop.example{path}")).body(body).unwrap()
}

fn start(folder: &tempfile::TempDir) -> (common::Proxy, SocketAddr) {
    let routes = json!([
        {"match": {"path": "/hello"}, "direct_response": {"status": 200, "body": {"inline_string": "hello"}}},
        {"match": {"prefix": "/api/"}, "route": {"cluster": "up", "prefix_rewrite": "/", "timeout": "0s"},
         "request_headers_to_add": [{"header": {"key": "x-from", "value": "%REQ(:AUTHORITY)% %PROTOCOL%"}}],
         "response_headers_to_add": [{"header": {"key": "x-route", "value": "api"}}],
         "response_headers_to_remove": ["x-upstream"]},
        {"match": {"prefix": "/none"}, "route": {"cluster": "none"}},
    ]);
    let proxy = bootstrap(folder.path(), &[listener("http", &routes)], &[cluster("up", &[upstream()])]);
    let at = proxy.listener("http");
    (proxy, at)
}

#[test]
fn streams_of_one_connection_are_routed_each() {
    let folder = tempfile::tempdir().unwrap();
    let (proxy, at) = start(&folder);
    block_on(async {
        let sender = connect(at).await;
        // The first stream stays open while the others come and go.
        let (body, content) = frames();
        let mut held = sender.clone();
        let held = tokio::spawn(async move { held.send_request(ask("POST", "/api/echo", content)).await });
        let mut others = tokio::task::JoinSet::new();
        for index in 0..50 {
            let mut sender = sender.clone();
            others.spawn(async move {
                let text = format!("stream {index}");
                let request = ask("POST", "/api/echo", full(text.clone()));
                let answer = sender.send_request(request).await.unwrap();
                assert_eq!((answer.version(), answer.status()), (Version::HTTP_2, StatusCode::OK));
                assert_eq!(answer.into_body().collect().await.unwrap().to_bytes(), text);
            });
        }
        while let Some(done) = others.join_next().await {
            done.unwrap();
        }
        body.send(Frame::data(Bytes::from_static(b"late"))).unwrap();
        drop(body);
        let answer = held.await.unwrap().unwrap();
        assert_eq!(answer.into_body().collect().await.unwrap().to_bytes(), "late");

        let mut sender = sender;
        let mut request = ask("GET", "/api/head?q=1", full(""));
        request.headers_mut().append("cookie", "a=1".parse().unwrap());
        request.headers_mut().append("cookie", "b=2".parse().unwrap());
        let answer = sender.send_request(request).await.unwrap();
        assert_eq!(answer.headers()["x-route"], "api");
        assert!(!answer.headers().contains_key("x-upstream"));
        let seen = answer.into_body().collect().await.unwrap().to_bytes();
        let seen: Value = serde_json::from_slice(&seen).unwrap();
        assert_eq!(seen["line"], "GET /head?q=1 HTTP/1.1");
        assert_eq!(seen["headers"]["host"], "shop.example");
        assert_eq!(seen["headers"]["x-from"], "shop.example HTTP/2");
        assert_eq!(seen["headers"]["cookie"], "a=1; b=2");

        let direct = sender.send_request(ask("GET", "/hello", full(""))).await.unwrap();
        assert_eq!(direct.into_body().collect().await.unwrap().to_bytes(), "hello");
        assert_eq!(sender.send_request(ask("GET", "/none", full(""))).await.unwrap().status(), 503);
        assert_eq!(sender.send_request(ask("GET", "/other", full(""))).await.unwrap().status(), 404);
    });
    assert_eq!(proxy.stat("http.http.downstream_rq_http2_total"), 55);
    assert_eq!(proxy.stat("http.http.downstream_cx_total"), 1);
}

#[test]
fn large_bodies_are_streamed_both_ways() {
    let folder = tempfile::tempdir().unwrap();
    let (_proxy, at) = start(&folder);
    block_on(async {
        let mut sender = connect(at).await;
        let (body, content) = frames();
        let piece = Bytes::from(vec![b'x'; 64 * 1_024]);
        body.send(Frame::data(piece.clone())).unwrap();
        let answer = sender.send_request(ask("POST", "/api/echo", content)).await.unwrap();
        let mut echoed = answer.into_body();
        let mut bytes = echoed.frame().await.unwrap().unwrap().into_data().unwrap().len();
        // The answer began before the request ended: neither is kept to be sent whole.
        for _ in 1..128 {
            body.send(Frame::data(piece.clone())).unwrap();
        }
        drop(body);
        while let Some(frame) = echoed.frame().await {
            let data = frame.unwrap().into_data().unwrap();
            assert!(data.iter().all(|byte| *byte == b'x'));
            bytes += data.len();
        }
        assert_eq!(bytes, 128 * piece.len());
    });
}

#[test]
fn trailers_pass_both_ways() {
    let folder = tempfile::tempdir().unwrap();
    let (_proxy, at) = start(&folder);
    block_on(async {
        let mut sender = connect(at).await;
        let (body, content) = frames();
        let mut request = ask("POST", "/api/trailers", content);
        for (name, value) in [("te", "trailers"), ("trailer", "x-sum"), ("content-type", "application/grpc")]
        {
            request.headers_mut().insert(name, value.parse().unwrap());
        }
        body.send(Frame::data(Bytes::from_static(b"message"))).unwrap();
        let mut trailers = HeaderMap::new();
        trailers.insert("x-sum", "7".parse().unwrap());
        body.send(Frame::trailers(trailers)).unwrap();
        drop(body);
        let answer = sender.send_request(request).await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        let came = answer.into_body().collect().await.unwrap();
        let trailers = came.trailers().cloned().unwrap();
        assert_eq!(
            (&trailers["grpc-status"], &trailers["x-sum"]),
            (&"5".parse().unwrap(), &"7".parse().unwrap())
        );
        assert_eq!(came.to_bytes(), "message");

        // What has no upstream is told to a gRPC client in headers.
        let mut request = ask("POST", "/none", full(""));
        request.headers_mut().insert("content-type", "application/grpc".parse().unwrap());
        let answer = sender.send_request(request).await.unwrap();
        assert_eq!(
            (answer.status(), &answer.headers()["grpc-status"]),
            (StatusCode::OK, &"14".parse().unwrap())
        );
    });
}
