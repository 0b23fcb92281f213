//! Mirrors: copies of requests whose answers are dropped.

use std::rc::Rc;
use std::time::Duration;

use http::Request;
use http::header::{self, HeaderValue};
use http_body_util::BodyExt as _;
use mesh_proxy_config::{Forward, Mirror};

use super::body::{ReplayBuffer, RequestBody, RequestProgress};
use super::request::Exchange;
use super::router_setup::{Head, Limits};
use crate::pool::{Protocol, Upstream};
use crate::view::ClusterView;

/// How long a copy waits for the request's body, and then for its answer, where the route has no timeout.
const PATIENCE: Duration = Duration::from_secs(60);

/// A copy to send.
pub(crate) struct Copy {
    cluster: Rc<ClusterView>,
    append_shadow: bool,
}

/// The copies of a request.
pub(crate) fn choose(exchange: &Exchange, forward: &Forward) -> Vec<Copy> {
    let hit = |mirror: &&Mirror| mirror.part.contains(exchange.random);
    let cluster =
        |mirror: &Mirror| mirror.cluster.and_then(|index| exchange.view.clusters.get(index)).map(Rc::clone);
    forward
        .mirrors
        .iter()
        .filter(hit)
        .filter_map(|mirror| Some(Copy { cluster: cluster(mirror)?, append_shadow: mirror.append_shadow }))
        .collect()
}

/// Sends copies beside the request; nothing waits for them.
pub(crate) fn send(
    exchange: &Exchange,
    copies: Vec<Copy>,
    head: &Head,
    limits: Limits,
    body: Option<&Rc<ReplayBuffer>>,
) {
    let patience = if limits.total.is_zero() { PATIENCE } else { limits.total };
    for copy in copies {
        let destination = exchange.guard.info.destination;
        let Some(upstream) = copy.cluster.choose(&exchange.worker.random, destination) else { continue };
        let mut head = head.clone();
        if copy.append_shadow
            && let Some(host) = shadow(&exchange.inbound.authority)
        {
            head.headers.insert(header::HOST, host);
        }
        let progress = Rc::clone(&exchange.guard.info.progress);
        let body = body.map(Rc::clone);
        let protocol = super::router::protocol(exchange, &copy.cluster);
        tokio::task::spawn_local(async move {
            let sending = async {
                let body = complete(body, &progress).await?;
                deliver(&copy.cluster, &upstream, protocol, head, body).await
            };
            // Whether a copy arrives matters to nobody but the cluster's statistics.
            let _ = tokio::time::timeout(PATIENCE + patience, sending).await;
        });
    }
}

/// The body of a copy, once it is complete; `None` where it was too large to be kept.
async fn complete(body: Option<Rc<ReplayBuffer>>, progress: &RequestProgress) -> Option<RequestBody> {
    let Some(buffer) = body else { return Some(RequestBody::Empty) };
    progress.wait().await;
    buffer.copy().map(|bytes| RequestBody::Copy(Some(bytes)))
}

async fn deliver(
    cluster: &Rc<ClusterView>,
    upstream: &Rc<Upstream>,
    protocol: Protocol,
    head: Head,
    body: RequestBody,
) -> Option<()> {
    let mut lease = match upstream.take(cluster, protocol) {
        Some(lease) => lease,
        None => upstream.connect(cluster, protocol).await.ok()?,
    };
    let mut request = Request::new(body);
    *request.method_mut() = head.method;
    *request.uri_mut() = head.uri;
    *request.headers_mut() = head.headers;
    let connection = lease.connection()?;
    connection.sender.ready().await.ok()?;
    let response = connection.sender.try_send_request(request).await.ok()?;
    cluster.stats.upstream_rq_completed.inc();
    cluster.stats.codes.inc(response.status().as_u16());
    let mut body = response.into_body();
    while let Some(frame) = body.frame().await {
        frame.ok()?;
    }
    lease.give_back();
    Some(())
}

/// The host of a copy: `-shadow` behind the name, before the port.
fn shadow(authority: &str) -> Option<HeaderValue> {
    let colon =
        authority.rfind(':').filter(|colon| authority.rfind(']').is_none_or(|bracket| bracket < *colon));
    let (host, port) = authority.split_at(colon.unwrap_or(authority.len()));
    HeaderValue::from_str(&format!("{host}-shadow{port}")).ok()
}
