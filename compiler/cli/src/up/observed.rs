//! What a client of the running mesh can see of a request: trace's answer as far as it goes, and who answered.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use meshc_delivery::http::{Incoming, Outgoing, send};
use meshc_trace::Query;
use serde::Serialize;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::TcpStream;

use super::layout::APPS_OUTSIDE;
use super::marks;
use super::world::World;
use crate::standin;
use crate::standin::spec::{ANSWER, ANSWERED_BY, Answer};

/// How long one answer may take: more than Envoy's own limit of 15 s for a route that has none.
const PATIENCE: Duration = Duration::from_secs(30);

/// The body with which Envoy's fault filter aborts a request, before anything is routed.
const FAULT_ABORT: &[u8] = b"fault filter abort";

/// One line of the output of `--requests`: the keys of trace's answer. What no client can see is null or empty.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub(crate) struct Observed {
    /// The HTTP status; null for TCP.
    pub(crate) status: Option<u16>,
    /// The route that was taken; null where it has no name, or where none was.
    pub(crate) route: Option<String>,
    /// The cluster that was taken, with 100; empty where a route answered by itself; null where it cannot be seen.
    pub(crate) destinations: Option<Vec<(String, u32)>>,
    /// The `location` header.
    pub(crate) location: Option<String>,
    /// The body, where no stand-in answered.
    pub(crate) body: Option<String>,
    /// What arrived at the stand-in.
    pub(crate) upstream: Option<Arrived>,
    /// Headers of the response beyond those of every response.
    pub(crate) response_headers: BTreeMap<String, String>,
    /// The limit that the proxy set, where a stand-in answered.
    pub(crate) timeout_ms: Option<u64>,
    /// No client can see it: null. So are all up to `because`, which are there for the sake of trace's format.
    pub(crate) delay_ms: Option<u64>,
    /// See `delay_ms`.
    pub(crate) retries: Option<Value>,
    /// See `delay_ms`.
    pub(crate) mirrors: Vec<Value>,
    /// See `delay_ms`.
    pub(crate) cors: Option<Value>,
    /// See `delay_ms`.
    pub(crate) alternatives: Vec<Value>,
    /// See `delay_ms`.
    pub(crate) because: Vec<Value>,
    /// Who answered; null where a proxy did, or something outside the mesh.
    pub(crate) answered_by: Option<AnsweredBy>,
    /// Who answered, as `POD.NAMESPACE` or an endpoint's name; not part of the line.
    #[serde(skip)]
    pub(crate) who: Option<String>,
    /// How long it took; not part of the line.
    #[serde(skip)]
    pub(crate) took: Duration,
}

/// What arrived at a stand-in.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Arrived {
    /// Path and query.
    pub(crate) path: String,
    /// The `Host` header.
    pub(crate) authority: String,
    /// By name in lower case; repeated values joined by a comma.
    pub(crate) headers: BTreeMap<String, String>,
    /// What one of several destinations does shows in the headers already: empty.
    pub(crate) by_destination: BTreeMap<String, Value>,
}

/// Who answered.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct AnsweredBy {
    /// The Deployment's name, or the pod's; for an endpoint outside the mesh its host.
    pub(crate) workload: String,
    /// Its version, where its labels say one.
    pub(crate) version: Option<String>,
    /// The pod; for an endpoint outside the mesh its address.
    pub(crate) pod: String,
}

/// Sends a question to the proxy that it names.
pub(crate) async fn ask(world: &World, query: &Query) -> Result<Observed, String> {
    let target = world.target(query)?;
    let start = Instant::now();
    let mut observed = if target.http {
        let Some(request) = &query.request else {
            return Err("the listener speaks HTTP: the line needs a \"request\"".to_owned());
        };
        let outgoing = Outgoing {
            method: request.method.clone(),
            path: request.path.clone(),
            authority: request.authority.clone(),
            headers: request.headers.clone(),
        };
        let answer = send(target.socket, &outgoing, PATIENCE).await;
        seen(&answer.map_err(|e| format!("{} at {}: {e}", query.proxy, target.socket))?)
    } else {
        greet(world, target.socket).await?
    };
    observed.took = start.elapsed();
    Ok(observed)
}

/// Connects, and reads who greets.
pub(crate) async fn greet(world: &World, socket: SocketAddr) -> Result<Observed, String> {
    let greeting = tokio::time::timeout(PATIENCE, greeting(socket)).await;
    let greeting = greeting.unwrap_or_else(|_| Err(std::io::ErrorKind::TimedOut.into()));
    Ok(greeted(world, &greeting.map_err(|e| format!("{socket}: {e}"))?))
}

async fn greeting(socket: SocketAddr) -> std::io::Result<String> {
    let stream = TcpStream::connect(socket).await?;
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).await?;
    Ok(line)
}

/// What a TCP stand-in's banner says; a connection that is closed without one was answered by nobody.
fn greeted(world: &World, banner: &str) -> Observed {
    let who = standin::pod_of(banner).map(ToOwned::to_owned);
    let app = who.as_ref().and_then(|who| world.layout.apps.get(who));
    let answered_by = app.map(|app| AnsweredBy {
        workload: app.identity.workload.clone(),
        version: app.identity.version.clone(),
        pod: app.identity.pod.clone(),
    });
    Observed { answered_by, who, ..Observed::default() }
}

/// What an HTTP answer says.
fn seen(incoming: &Incoming) -> Observed {
    let answer = answer(incoming);
    let route = incoming.header(marks::ROUTE).map(ToOwned::to_owned);
    let cluster = incoming.header(marks::CLUSTER).map(|cluster| vec![(cluster.to_owned(), 100)]);
    let aborted = answer.is_none() && incoming.body == FAULT_ABORT;
    let destinations = cluster.filter(|_| !aborted).or_else(|| route.as_ref().map(|_| Vec::new()));
    let mut response_headers = BTreeMap::new();
    for (name, value) in &incoming.headers {
        if !is_noise(name) && name != "location" {
            join(&mut response_headers, name, value);
        }
    }
    let body = || Some(String::from_utf8_lossy(&incoming.body).into_owned()).filter(|body| !body.is_empty());
    let mut observed = Observed {
        status: Some(incoming.status),
        route: route.filter(|route| route != marks::UNNAMED),
        destinations,
        location: incoming.header("location").map(ToOwned::to_owned),
        body: if answer.is_some() { None } else { body() },
        timeout_ms: answer.as_ref().and_then(|_| incoming.header(marks::TIMEOUT)?.parse().ok()),
        response_headers,
        ..Observed::default()
    };
    if let Some(answer) = answer {
        // The stand-in's own: no configuration set it.
        observed.response_headers.remove("content-type");
        arrived(&mut observed, answer);
    }
    observed
}

fn arrived(observed: &mut Observed, answer: Answer) {
    let request = answer.request;
    let mut arrived = Arrived {
        path: request.path,
        authority: request.authority.unwrap_or_default(),
        ..Arrived::default()
    };
    for (name, value) in request.headers.iter().filter_map(|line| line.split_once(": ")) {
        if !is_noise(name) {
            join(&mut arrived.headers, name, value);
        }
    }
    observed.upstream = Some(arrived);
    let identity = answer.identity;
    let inside = !identity.namespace.is_empty();
    observed.who =
        Some(if inside { format!("{}.{}", identity.pod, identity.namespace) } else { identity.pod.clone() });
    observed.answered_by = (identity.workload != APPS_OUTSIDE).then_some(AnsweredBy {
        workload: identity.workload,
        version: identity.version,
        pod: identity.pod,
    });
}

/// The stand-in's answer in a response, if it is one.
fn answer(incoming: &Incoming) -> Option<Answer> {
    incoming.header(ANSWERED_BY)?;
    match incoming.header(ANSWER) {
        Some(whole) => serde_json::from_str(whole).ok(),
        None => serde_json::from_slice(&incoming.body).ok(),
    }
}

fn join(headers: &mut BTreeMap<String, String>, name: &str, value: &str) {
    let joined = headers.entry(name.to_owned());
    joined.and_modify(|before| before.extend([",", value])).or_insert_with(|| value.to_owned());
}

/// Headers that every proxy, every connection and every stand-in adds, and the marks.
pub(crate) fn is_noise(name: &str) -> bool {
    const NAMES: [&str; 17] = [
        "connection",
        "content-length",
        "date",
        "host",
        "keep-alive",
        "server",
        "traceparent",
        "tracestate",
        "transfer-encoding",
        "x-envoy-attempt-count",
        "x-envoy-decorator-operation",
        "x-envoy-expected-rq-timeout-ms",
        "x-envoy-external-address",
        "x-envoy-internal",
        "x-envoy-upstream-service-time",
        "x-request-id",
        "via",
    ];
    const PREFIXES: [&str; 4] = ["x-forwarded-", "x-b3-", "x-envoy-peer-metadata", "x-meshc-"];
    NAMES.contains(&name) || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}
