//! One request: checked, routed, filtered, forwarded or answered.

use std::convert::Infallible;
use std::rc::Rc;
use std::time::{Instant, SystemTime};

use http::{HeaderMap, Request, Response, StatusCode, Version, header};
use hyper::body::Incoming;
use hyper::upgrade::OnUpgrade;
use mesh_proxy_config::{
    Abort, Action, Destination, Fault, HttpFilter, Matched, Part, Route, RouteFilters, RouteTable,
    VirtualHost, https_location,
};

use super::body::ResponseBody;
use super::connection::Downstream;
use super::cors::{self, CorsResponse};
use super::headers::Inbound;
use super::local_reply::LocalReply;
use super::operators::HeaderValues;
use super::respond::{self, Answer};
use super::router;
use super::stream::{Flag, Flags, StreamGuard, StreamInfo};
use crate::view::{HttpView, View};
use crate::worker::Worker;

/// A request on its way.
pub(crate) struct Exchange {
    /// The worker.
    pub(crate) worker: Rc<Worker>,
    /// The configuration that it began with, to its end.
    pub(crate) view: Rc<View>,
    /// The connection manager.
    pub(crate) http: Rc<HttpView>,
    /// What is known of it, and what happens at its end.
    pub(crate) guard: Box<StreamGuard>,
    /// The request.
    pub(crate) inbound: Inbound,
    /// What CORS does to the response.
    pub(crate) cors: CorsResponse,
    /// Random, but the same for all parts of one request.
    pub(crate) random: u64,
    /// The client's connection, once both sides agreed to change the protocol.
    pub(crate) upgrade: Option<OnUpgrade>,
}

/// How the answer to a CORS preflight came to be.
const CORS_RESPONSE: &str = "cors_response";

/// Where a route leads, with all that applies on the way.
pub(crate) struct Routed<'a> {
    /// The table.
    pub(crate) table: &'a RouteTable,
    /// The virtual host.
    pub(crate) host: &'a VirtualHost,
    /// The route.
    pub(crate) route: &'a Route,
    /// Bytes of the path that the match covers.
    pub(crate) covered: usize,
}

/// Serves one request.
pub(crate) async fn serve(
    downstream: Rc<Downstream>,
    mut request: Request<Incoming>,
) -> Result<Response<ResponseBody>, Infallible> {
    let (view, http) = downstream.current();
    let version = request.version();
    http.stats.downstream_rq_total.inc();
    if version == Version::HTTP_2 {
        http.stats.downstream_rq_http2_total.inc();
    } else {
        http.stats.downstream_rq_http1_total.inc();
    }
    let upgrade = request.headers().contains_key(header::UPGRADE).then(|| hyper::upgrade::on(&mut request));
    let (parts, body) = request.into_parts();
    let mut guard = Box::new(StreamGuard::new(new_info(&downstream, version), Rc::clone(&http)));
    let fault = downstream.fault();
    let active = downstream.begin();
    let mut inbound = Inbound::new(parts);
    let refused = inbound.check(version, fault, &http.config, &mut guard.info);
    let worker = Rc::clone(&downstream.worker);
    let random = worker.random.next();
    let cors = CorsResponse::default();
    let mut exchange = Exchange { worker, view, http, guard, inbound, cors, random, upgrade };
    let answer = match refused {
        Some(reply) => {
            match reply.status {
                StatusCode::NOT_FOUND => exchange.http.stats.downstream_rq_non_relative_path.inc(),
                // What is no request is not logged.
                StatusCode::UPGRADE_REQUIRED => exchange.guard.silence(),
                StatusCode::BAD_REQUEST if !reply.body.is_empty() => exchange.guard.silence(),
                _ => {}
            }
            exchange.capture_request();
            Answer::Local(reply)
        }
        None => exchange.run(body).await,
    };
    // Bytes that follow a refused change of the protocol are not HTTP.
    let refused = exchange.inbound.upgrade.is_some() || exchange.inbound.method == http::Method::CONNECT;
    let close = downstream.must_close(version) || refused && matches!(answer, Answer::Local(_));
    let response = respond::finish(exchange, answer, close && version != Version::HTTP_2);
    drop(active);
    Ok(response)
}

fn new_info(downstream: &Downstream, protocol: Version) -> StreamInfo {
    StreamInfo {
        start: Instant::now(),
        start_time: SystemTime::now(),
        protocol,
        local: downstream.destination.unwrap_or(downstream.local),
        destination: downstream.destination,
        peer: downstream.peer,
        remote: None,
        route_name: String::new(),
        cluster_name: None,
        cluster: None,
        upstream: None,
        upstream_local: None,
        transport_failure: None,
        attempts: 0,
        flags: Flags::default(),
        details: "".into(),
        status: 0,
        bytes_sent: 0,
        response_at: None,
        progress: Rc::default(),
        logged_request: Vec::new(),
        logged_response: Vec::new(),
    }
}

impl Exchange {
    /// Routes the request and runs the filters.
    async fn run(&mut self, body: Incoming) -> Answer {
        let http = Rc::clone(&self.http);
        let worker = Rc::clone(&self.worker);
        self.inbound.mutate(&http.config, &mut self.guard.info, &worker.random);
        self.capture_request();
        if http_body::Body::is_end_stream(&body) {
            self.guard.info.progress.complete();
        }
        // No route leads a CONNECT anywhere: what would is refused in the configuration.
        let routable = http.config.routes.as_ref().filter(|_| self.inbound.method != http::Method::CONNECT);
        let found = routable.and_then(|table| {
            let proto = self.inbound.forwarded_proto();
            table.find(&self.inbound.view(), self.random, proto, false).map(|matched| (&**table, matched))
        });
        let Some((table, matched)) = found else {
            http.stats.no_route.inc();
            return self.local(StatusCode::NOT_FOUND, "", Some(Flag::NO_ROUTE), "route_not_found");
        };
        let (host, route, covered) = match matched {
            Matched::Route { host, route, covered } => (host, route, covered),
            Matched::Https { host: _ } => {
                http.stats.rq_direct_response.inc();
                let mut reply = LocalReply::new(StatusCode::MOVED_PERMANENTLY, "");
                reply.header(header::LOCATION, &https_location(&self.inbound.view()));
                self.guard.info.details = "direct_response".into();
                return Answer::Local(reply);
            }
        };
        if self.guard.is_logged() {
            self.guard.info.route_name.push_str(&route.name);
        }
        let destination = match &route.action {
            Action::Forward(forward) => Some(forward.choose(self.random)),
            _ => None,
        };
        self.guard.info.cluster = destination
            .and_then(|destination| destination.cluster)
            .and_then(|index| self.view.clusters.get(index))
            .map(Rc::clone);
        let routed = Routed { table, host, route, covered };
        let filters =
            destination.and_then(|destination| destination.filters.as_ref()).unwrap_or(&route.filters);
        let mut early = self.check_upgrade(route);
        if early.is_none() {
            early = self.run_filters(filters, destination).await;
        }
        if let Some(answer) = early {
            return self.finish_local(&routed, destination, answer);
        }
        self.http.stats.rq_total.inc();
        match &route.action {
            Action::Forward(forward) => {
                let destination = destination.unwrap_or(&forward.destinations[0]);
                let answer = router::forward(self, &routed, forward, destination, body).await;
                self.finish_local(&routed, Some(destination), answer)
            }
            Action::Redirect(redirect) => {
                http.stats.rq_direct_response.inc();
                let status = StatusCode::from_u16(redirect.status).unwrap_or(StatusCode::MOVED_PERMANENTLY);
                let mut reply = LocalReply::new(status, "");
                if let Some(path) = redirect.rewritten(&self.inbound.path, covered) {
                    self.replace_path(path);
                    self.capture_request();
                }
                let proto = self.inbound.forwarded_proto();
                reply.header(header::LOCATION, &redirect.location(&self.inbound.view(), proto));
                self.direct(&routed, reply)
            }
            Action::Direct(direct) => {
                http.stats.rq_direct_response.inc();
                let status = StatusCode::from_u16(direct.status).unwrap_or(StatusCode::OK);
                let mut reply = LocalReply::new(status, direct.body.clone());
                if direct.status == 201 || status.is_redirection() {
                    let view = self.inbound.view();
                    reply.header(
                        header::LOCATION,
                        &format!("{}://{}{}", view.scheme, view.authority, view.path),
                    );
                }
                self.direct(&routed, reply)
            }
        }
    }

    /// An answer that stands in the configuration; the route's operations on responses apply to it.
    fn direct(&mut self, routed: &Routed<'_>, mut reply: LocalReply) -> Answer {
        self.guard.info.details = "direct_response".into();
        let mut headers = std::mem::take(&mut reply.headers);
        self.change_response(routed, None, &mut headers);
        reply.headers = headers;
        Answer::Local(reply)
    }

    /// Applies the operations on responses to an answer of our own in place of an upstream's. Answers to CORS
    /// preflights are the filter's alone.
    fn finish_local(
        &mut self,
        routed: &Routed<'_>,
        destination: Option<&Destination>,
        answer: Answer,
    ) -> Answer {
        match answer {
            Answer::Local(mut reply) if destination.is_some() && self.guard.info.details != CORS_RESPONSE => {
                let mut headers = std::mem::take(&mut reply.headers);
                self.change_response(routed, destination, &mut headers);
                reply.headers = headers;
                Answer::Local(reply)
            }
            answer => answer,
        }
    }

    /// An answer of our own.
    pub(crate) fn local(
        &mut self,
        status: StatusCode,
        body: impl Into<bytes::Bytes>,
        flag: Option<Flag>,
        details: &'static str,
    ) -> Answer {
        if let Some(flag) = flag {
            self.guard.info.flags.set(flag);
        }
        self.guard.info.details = details.into();
        Answer::Local(LocalReply::new(status, body))
    }

    /// Applies the operations on responses: the cluster's, the route's, the virtual host's, the table's.
    pub(crate) fn change_response(
        &self,
        routed: &Routed<'_>,
        destination: Option<&Destination>,
        headers: &mut HeaderMap,
    ) {
        let values = HeaderValues {
            info: &self.guard.info,
            method: self.inbound.method.as_str(),
            scheme: self.inbound.scheme,
            authority: &self.inbound.authority,
            path: &self.inbound.path,
            request_headers: Some(&self.inbound.headers),
        };
        if let Some(destination) = destination {
            destination.response_headers.apply(headers, &values);
        }
        let mut lists =
            [&routed.route.response_headers, &routed.host.response_headers, &routed.table.response_headers];
        if routed.table.most_specific_wins {
            lists.reverse();
        }
        for operations in lists {
            operations.apply(headers, &values);
        }
    }

    /// Keeps the request headers that access logs show.
    pub(crate) fn capture_request(&mut self) {
        let operators = &self.http.config.logged_request;
        if !operators.is_empty() {
            let view = self.inbound.view();
            self.guard.info.logged_request = StreamGuard::log_headers(operators, |operator| match operator {
                mesh_proxy_config::Operator::RequestHeader(operand) => {
                    super::operators::request_operand(&view, operand)
                }
                _ => None,
            });
        }
    }

    /// Changes the path, and keeps the old one in a header unless such headers are suppressed.
    pub(crate) fn replace_path(&mut self, path: String) {
        let own = super::router_setup::envoy_headers(self);
        if own && let Ok(old) = header::HeaderValue::from_str(&self.inbound.path) {
            self.inbound.headers.insert("x-envoy-original-path", old);
        }
        self.inbound.path = path;
    }

    /// Refuses an upgrade that neither the connection manager nor the route allows.
    fn check_upgrade(&mut self, route: &Route) -> Option<Answer> {
        let protocol = self.inbound.upgrade.as_deref()?;
        let general = self.http.config.upgrades.iter().find(|(name, _)| **name == *protocol);
        let specific = match &route.action {
            Action::Forward(forward) => forward.upgrades.iter().find(|(name, _)| **name == *protocol),
            _ => None,
        };
        let allowed = match (general, specific) {
            (None, _) => false,
            (Some(_), Some((_, enabled))) | (Some((_, enabled)), None) => *enabled,
        };
        (!allowed).then(|| self.local(StatusCode::FORBIDDEN, "", None, "upgrade_failed"))
    }

    /// Runs the filters before the router, in order.
    async fn run_filters(
        &mut self,
        filters: &RouteFilters,
        destination: Option<&Destination>,
    ) -> Option<Answer> {
        let http = Rc::clone(&self.http);
        for filter in &http.config.filters {
            match filter {
                HttpFilter::Fault => {
                    let cluster = destination.map_or("", |destination| &destination.cluster_name);
                    if let Some(fault) =
                        filters.fault.as_deref().filter(|fault| fault.applies(&self.inbound.view(), cluster))
                        && let Some(answer) = self.inject(fault).await
                    {
                        return Some(answer);
                    }
                }
                // CORS is for routes that lead to a cluster.
                HttpFilter::Cors if destination.is_some() => {
                    match cors::run(filters, &self.inbound, &http.stats, &self.worker.random) {
                        Ok(response) => self.cors = response,
                        Err(reply) => {
                            self.guard.info.details = CORS_RESPONSE.into();
                            return Some(Answer::Local(*reply));
                        }
                    }
                }
                HttpFilter::Cors | HttpFilter::Router { .. } => {}
            }
        }
        None
    }

    /// Waits and answers as a fault says.
    async fn inject(&mut self, fault: &Fault) -> Option<Answer> {
        let stats = std::sync::Arc::clone(&self.http.stats);
        let random = Rc::clone(&self.worker);
        let hit = |part: &Part| part.contains(random.random.next());
        if let Some((delay, part)) = &fault.delay
            && hit(part)
        {
            stats.fault_delays_injected.inc();
            stats.fault_active_faults.inc();
            let active = ActiveFault(&stats);
            self.guard.info.flags.set(Flag::DELAY_INJECTED);
            tokio::time::sleep(*delay).await;
            drop(active);
        }
        let (abort, part) = fault.abort.as_ref()?;
        if !hit(part) {
            return None;
        }
        stats.fault_aborts_injected.inc();
        self.guard.info.flags.set(Flag::FAULT_INJECTED);
        self.guard.info.details = "fault_filter_abort".into();
        let mut reply = LocalReply::new(StatusCode::OK, "fault filter abort");
        match abort {
            Abort::Http(code) => {
                reply.status = StatusCode::from_u16(*code).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
            }
            Abort::Grpc(code) => reply.grpc_status = Some(*code),
        }
        Some(Answer::Local(reply))
    }
}

/// Counts a fault for as long as it waits, even where the client goes away.
struct ActiveFault<'a>(&'a crate::stats::HttpStats);

impl Drop for ActiveFault<'_> {
    fn drop(&mut self) {
        self.0.fault_active_faults.dec();
    }
}
