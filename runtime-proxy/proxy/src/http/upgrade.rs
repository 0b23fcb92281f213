//! Upgrades (WebSocket): both connections become pipes.

use http::Response;
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;

use super::body::ResponseBody;
use super::request::Exchange;
use crate::pool::Lease;

/// Answers that the protocol changes, and passes bytes both ways from then on.
pub(crate) fn tunnel(
    mut exchange: Exchange,
    mut response: Response<Incoming>,
    lease: Lease,
) -> Response<ResponseBody> {
    let upstream = hyper::upgrade::on(&mut response);
    let mut guard = exchange.guard;
    guard.info.details = "via_upstream".into();
    let stats = std::sync::Arc::clone(&exchange.http.stats);
    stats.downstream_cx_upgrades_total.inc();
    if let Some(downstream) = exchange.upgrade.take() {
        tokio::task::spawn_local(async move {
            stats.downstream_cx_upgrades_active.inc();
            if let (Ok(downstream), Ok(upstream)) = (downstream.await, upstream.await) {
                let (mut client, mut server) = (TokioIo::new(downstream), TokioIo::new(upstream));
                if let Ok((up, down)) = tokio::io::copy_bidirectional(&mut client, &mut server).await {
                    guard.info.progress.bytes.set(up);
                    guard.info.bytes_sent = down;
                }
            }
            stats.downstream_cx_upgrades_active.dec();
            guard.own_response();
            drop((guard, lease));
        });
    }
    let (parts, _) = response.into_parts();
    let mut response = Response::new(ResponseBody::own(bytes::Bytes::new(), None));
    *response.status_mut() = parts.status;
    *response.headers_mut() = parts.headers;
    response
}
