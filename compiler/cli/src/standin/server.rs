//! The stand-in's listeners and its answers over HTTP/1.1.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::convert::Infallible;
use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HOST, HeaderMap, HeaderValue};
use http::{Method, Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use super::spec::{ANSWER, ANSWERED_BY, Answer, App, Arrived, CALL, FORWARD, Listening, Protocol};
use super::{calls, tcp};

/// The applications that are played now.
#[derive(Debug, Default)]
pub(super) struct Apps {
    running: BTreeMap<String, Running>,
}

#[derive(Debug)]
struct Running {
    app: Arc<App>,
    ports: BTreeMap<u16, u16>,
    tasks: Vec<JoinHandle<()>>,
}

impl Drop for Running {
    /// Closes the listeners; connections that are open go on until they end.
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

impl Apps {
    /// Starts, keeps and stops applications so that exactly `wanted` are played. One that is unchanged keeps its
    /// ports.
    pub(super) async fn become_these(&mut self, wanted: BTreeMap<String, App>) -> io::Result<Listening> {
        self.running.retain(|key, running| wanted.get(key).is_some_and(|app| *app == *running.app));
        for (key, app) in wanted {
            if let Entry::Vacant(place) = self.running.entry(key) {
                place.insert(start(app).await?);
            }
        }
        let apps = self.running.iter().map(|(key, running)| (key.clone(), running.ports.clone())).collect();
        Ok(Listening { apps })
    }
}

async fn start(app: App) -> io::Result<Running> {
    let app = Arc::new(app);
    let mut ports = BTreeMap::new();
    let mut tasks = Vec::new();
    for (&port, &protocol) in &app.ports {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        ports.insert(port, listener.local_addr()?.port());
        tasks.push(tokio::spawn(accept(listener, Arc::clone(&app), port, protocol)));
    }
    Ok(Running { app, ports, tasks })
}

async fn accept(listener: TcpListener, app: Arc<App>, port: u16, protocol: Protocol) {
    loop {
        // Accepting fails for want of file descriptors or for a peer that is gone: the next try may do.
        let Ok((stream, _)) = listener.accept().await else {
            tokio::task::yield_now().await;
            continue;
        };
        let app = Arc::clone(&app);
        tokio::spawn(async move {
            // A connection that breaks is the peer's affair.
            match protocol {
                Protocol::Http => serve(stream, app, port).await,
                Protocol::Tcp => drop(tcp::serve(stream, &app.identity, port).await),
            }
        });
    }
}

async fn serve(stream: TcpStream, app: Arc<App>, port: u16) {
    // Small answers are not to wait for one another.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| {
        let app = Arc::clone(&app);
        async move { Ok::<_, Infallible>(answer(&app, port, request).await) }
    });
    let mut server = http1::Builder::new();
    server.timer(TokioTimer::new());
    let _ = server.serve_connection(TokioIo::new(stream), service).await;
}

async fn answer(app: &App, port: u16, request: Request<Incoming>) -> Response<Full<Bytes>> {
    let (head, mut body) = request.into_parts();
    let mut body_bytes = 0;
    while let Some(Ok(frame)) = body.frame().await {
        body_bytes += frame.data_ref().map_or(0, |data| data.len() as u64);
    }
    let calls = match text(&head.headers, CALL) {
        Some(chain) => calls::make(app, &chain, &head.headers, text(&head.headers, FORWARD).as_deref()).await,
        None => Vec::new(),
    };
    let authority =
        text(&head.headers, HOST.as_str()).or_else(|| head.uri.authority().map(ToString::to_string));
    let path = head.uri.path_and_query().map_or_else(|| head.uri.to_string(), ToString::to_string);
    let answer = Answer {
        identity: app.identity.clone(),
        port,
        request: Arrived {
            method: head.method.to_string(),
            path,
            authority,
            headers: listed(&head.headers),
            body_bytes,
        },
        calls,
    };
    respond(&head.method, &answer)
}

fn respond(method: &Method, answer: &Answer) -> Response<Full<Bytes>> {
    // Strings and numbers only: serialising cannot fail.
    let mut json = serde_json::to_vec_pretty(answer).unwrap_or_default();
    json.push(b'\n');
    let mut response = Response::new(Full::new(Bytes::from(json)));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let who = format!("{}.{}", answer.identity.pod, answer.identity.namespace);
    if let Ok(who) = HeaderValue::try_from(who) {
        headers.insert(ANSWERED_BY, who);
    }
    if *method == Method::HEAD
        && let Ok(whole) = serde_json::to_string(answer).map(HeaderValue::try_from)
        && let Ok(whole) = whole
    {
        headers.insert(ANSWER, whole);
    }
    response
}

/// All headers but `host`, which is the authority. Bytes beyond ASCII are shown as Latin-1.
fn listed(headers: &HeaderMap) -> Vec<String> {
    let others = headers.iter().filter(|(name, _)| *name != HOST);
    others.map(|(name, value)| format!("{name}: {}", latin1(value.as_bytes()))).collect()
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name).map(|value| latin1(value.as_bytes()))
}

fn latin1(bytes: &[u8]) -> String {
    std::str::from_utf8(bytes)
        .map_or_else(|_| bytes.iter().map(|&b| char::from(b)).collect(), ToOwned::to_owned)
}
