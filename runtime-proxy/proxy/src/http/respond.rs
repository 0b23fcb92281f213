//! Responses: completed as Envoy's connection manager does, logged, handed to the client.

use std::time::Duration;

use bytes::Bytes;
use http::header::{self, HeaderValue};
use http::{HeaderMap, Response, StatusCode};
use hyper::body::Incoming;
use mesh_proxy_config::{Operator, Rule};

use super::body::ResponseBody;
use super::headers::{REQUEST_ID, append_joined, remove_hop_by_hop};
use super::local_reply::LocalReply;
use super::operators::response_operand;
use super::request::Exchange;
use super::stream::StreamGuard;
use super::upgrade;
use crate::pool::Lease;

/// Where the response comes from.
pub(crate) enum Answer {
    /// From here.
    Local(LocalReply),
    /// From an upstream.
    Upstream(Box<UpstreamAnswer>),
}

/// An upstream's response.
pub(crate) struct UpstreamAnswer {
    /// The response, its headers already changed by the route.
    pub(crate) response: Response<Incoming>,
    /// The connection that it comes on.
    pub(crate) lease: Lease,
    /// When the whole of it must be there.
    pub(crate) deadline: Option<tokio::time::Instant>,
    /// How long it may be silent.
    pub(crate) idle: Duration,
}

/// Completes a response. `close` tells a client of HTTP/1 that the connection ends.
pub(crate) fn finish(mut exchange: Exchange, answer: Answer, close: bool) -> Response<ResponseBody> {
    match answer {
        Answer::Local(reply) => {
            let grpc = exchange.inbound.grpc;
            let (status, headers, body) = reply.into_parts(grpc);
            let mut response = Response::new(());
            *response.status_mut() = status;
            *response.headers_mut() = headers;
            complete(&mut exchange, status, response.headers_mut(), false, close);
            exchange.guard.own_response();
            let body = if exchange.inbound.method == http::Method::HEAD { Bytes::new() } else { body };
            response.map(|()| ResponseBody::own(body, Some(exchange.guard)))
        }
        Answer::Upstream(answer) => {
            let UpstreamAnswer { mut response, lease, deadline, idle } = *answer;
            let status = response.status();
            let upgrading = status == StatusCode::SWITCHING_PROTOCOLS && exchange.inbound.upgrade.is_some();
            remove_hop_by_hop(response.headers_mut(), !upgrading);
            complete(&mut exchange, status, response.headers_mut(), true, close && !upgrading);
            if upgrading {
                return upgrade::tunnel(exchange, response, lease);
            }
            let mut guard = exchange.guard;
            guard.attach(lease);
            let (parts, incoming) = response.into_parts();
            let mut response = Response::new(ResponseBody::upstream(incoming, guard, deadline, idle));
            *response.status_mut() = parts.status;
            *response.headers_mut() = parts.headers;
            response
        }
    }
}

/// The connection manager's own headers, and what access logs want to know.
fn complete(
    exchange: &mut Exchange,
    status: StatusCode,
    headers: &mut HeaderMap,
    upstream: bool,
    close: bool,
) {
    let config = &exchange.http.config;
    std::mem::take(&mut exchange.cors).apply(headers);
    let keep = match config.server_header {
        Rule::Overwrite => false,
        Rule::AppendIfAbsent => headers.contains_key(header::SERVER),
        Rule::PassThrough => upstream,
    };
    if !keep {
        headers.insert(header::SERVER, config.server_name.clone());
    }
    if config.answer_request_id
        && let Some(id) = exchange.inbound.headers.get(REQUEST_ID)
    {
        headers.insert(REQUEST_ID, id.clone());
    }
    if let Some(via) = &config.via {
        append_joined(headers, &header::VIA, via.to_str().unwrap_or(""));
    }
    if close {
        headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    let info = &mut exchange.guard.info;
    info.status = status.as_u16();
    let operators = &config.logged_response;
    if !operators.is_empty() {
        info.logged_response = StreamGuard::log_headers(operators, |operator| match operator {
            Operator::ResponseHeader(operand) => response_operand(headers, status.as_u16(), operand),
            _ => None,
        });
    }
}
