//! What happens to a request that a route sends to clusters.

use std::collections::{BTreeMap, BTreeSet};

use meshc_effective::model::{AppendAction, Forward, Proxy, Route, WeightedDestination};

use crate::answer::{Answer, BackoffAnswer, CorsAnswer, DestinationOps, RetriesAnswer, Share, Upstream};
use crate::cors::{self, CorsVerdict};
use crate::format::Context;
use crate::headers::Headers;
use crate::local;
use crate::matching::matched_len;
use crate::operations::Level;
use crate::path::without_query;
use crate::re2::{Re2Error, Regexes};
use crate::seen::Seen;
use crate::timeout::{Timeouts, millis, timeouts};

/// Headers that every proxy adds to every request: not shown unless the configuration touches them.
const LEFT_OUT: &[&str] = &[
    "content-length",
    "x-envoy-attempt-count",
    "x-envoy-expected-rq-timeout-ms",
    "x-forwarded-client-cert",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-port",
    "x-forwarded-proto",
    "x-request-id",
];

/// A route that forwards, and what it is asked.
pub(crate) struct Forwarding<'a> {
    pub(crate) proxy: &'a Proxy,
    pub(crate) route: &'a Route,
    pub(crate) forward: &'a Forward,
    pub(crate) seen: &'a Seen,
    pub(crate) regexes: &'a Regexes,
}

/// What the chosen cluster makes of the request.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Reach {
    /// An endpoint takes it.
    Endpoint,
    /// The router answers.
    Nothing { status: u16, body: Option<&'static str> },
}

/// The request on its way to one destination.
struct Outgoing {
    authority: String,
    headers: Headers,
    /// Names that operations touched.
    touched: BTreeSet<String>,
}

impl<'a> Forwarding<'a> {
    /// The answers with their shares of the weight, in order of the destinations: more than one only where
    /// some destinations have endpoints and others have not.
    pub(crate) fn answers(&self) -> Result<Vec<(f64, Answer)>, Re2Error> {
        let cors = match &self.route.cors {
            Some(policy) => cors::judge(policy, self.seen, self.regexes)?,
            None => CorsVerdict::default(),
        };
        let blank = Answer {
            route: self.route.name.clone(),
            retries: self.retries(),
            cors: self.cors(),
            ..Answer::default()
        };
        if let Some(preflight) = cors.preflight {
            let response_headers = preflight.into_joined();
            return Ok(vec![(1.0, Answer { status: Some(200), response_headers, retries: None, ..blank })]);
        }
        let mut groups: Vec<(Reach, Vec<&'a WeightedDestination>)> = Vec::new();
        for destination in &self.forward.destinations {
            let reach = self.reach(destination);
            match groups.iter_mut().find(|(r, _)| *r == reach) {
                Some((_, members)) => members.push(destination),
                None => groups.push((reach, vec![destination])),
            }
        }
        let weight =
            |members: &[&WeightedDestination]| members.iter().map(|d| f64::from(d.weight)).sum::<f64>();
        let total: f64 = groups.iter().map(|(_, members)| weight(members)).sum();
        let alone = groups.len() == 1;
        let mut answers = Vec::new();
        for (reach, members) in groups {
            let share = if alone || total == 0.0 { 1.0 } else { weight(&members) / total };
            answers.push((share, self.answer(&reach, &members, &cors.response, blank.clone())?));
        }
        Ok(answers)
    }

    /// The route's response operations on an answer that comes before the request is sent: a fault's.
    pub(crate) fn early_response_headers(&self) -> BTreeMap<String, String> {
        let members: Vec<_> = self.forward.destinations.iter().collect();
        let requests = vec![(self.seen.authority.as_str(), &self.seen.headers); members.len()];
        self.response_headers(&members, &requests, &Headers::default())
    }

    fn answer(
        &self,
        reach: &Reach,
        members: &[&'a WeightedDestination],
        cors: &Headers,
        blank: Answer,
    ) -> Result<Answer, Re2Error> {
        let mut answer = blank;
        answer.destinations = self.destinations();
        let limits = timeouts(self.forward, self.seen);
        let outgoing: Vec<_> = members.iter().map(|d| self.outgoing(Some(d), &limits)).collect();
        let requests: Vec<_> = outgoing.iter().map(|o| (o.authority.as_str(), &o.headers)).collect();
        answer.response_headers = self.response_headers(members, &requests, cors);
        match reach {
            Reach::Nothing { status, body } => {
                let local = local::reply(self.seen, *status, body.map(str::to_owned), None);
                answer.status = local.status;
                answer.body = local.body;
                answer.response_headers.extend(local.response_headers);
            }
            Reach::Endpoint => {
                answer.status = Some(200);
                answer.timeout_ms = limits.expected_ms;
                answer.mirrors = self
                    .forward
                    .mirrors
                    .iter()
                    .map(|m| (m.cluster.clone(), Share(m.percent.value())))
                    .collect();
                answer.upstream = Some(self.upstream(members, outgoing, &limits)?);
            }
        }
        Ok(answer)
    }

    /// Whether Envoy has `weighted_clusters`, whose operations are a level of their own.
    fn is_weighted(&self) -> bool {
        self.forward.weighted || self.forward.destinations.len() > 1
    }

    fn destinations(&self) -> Vec<(String, u32)> {
        let weight = |d: &WeightedDestination| if self.is_weighted() { d.weight } else { 100 };
        self.forward.destinations.iter().map(|d| (d.cluster.clone(), weight(d))).collect()
    }

    fn reach(&self, destination: &WeightedDestination) -> Reach {
        match self.proxy.clusters.get(&destination.cluster) {
            None => Reach::Nothing { status: self.forward.cluster_not_found_status, body: None },
            Some(cluster) if cluster.has_endpoints() => Reach::Endpoint,
            Some(_) => Reach::Nothing { status: 503, body: Some("no healthy upstream") },
        }
    }

    /// Host and headers on the way to a destination; without one, as if it did nothing of its own.
    fn outgoing(&self, destination: Option<&WeightedDestination>, limits: &Timeouts) -> Outgoing {
        let mut headers = self.seen.headers.clone();
        let mut touched = BTreeSet::new();
        if let Some(grpc) = &limits.grpc {
            headers.set("grpc-timeout", grpc.as_str());
        }
        let mut authority = self.seen.authority.clone();
        let route = &self.route.headers;
        let cluster = destination.map_or("", |d| d.cluster.as_str());
        let own = destination.map(|d| &d.headers);
        let own_lists =
            own.map_or((&[][..], &[][..]), |o| (o.request_add.as_slice(), o.request_remove.as_slice()));
        let route_lists = (route.request_add.as_slice(), route.request_remove.as_slice());
        let levels = if self.is_weighted() {
            vec![Level::of(&[own_lists]), Level::of(&[route_lists])]
        } else {
            vec![Level::of(&[route_lists, own_lists])]
        };
        let own_authority = own.and_then(|o| o.authority.as_ref());
        let last = levels.len() - 1;
        for (at, level) in levels.iter().enumerate() {
            let context = Context {
                seen: self.seen,
                authority: &authority,
                route: self.route.name.as_deref(),
                cluster,
            };
            level.apply_to_request(&mut headers, context);
            touched.extend(level.names());
            if at < last
                && let Some(own) = own_authority
            {
                authority.clone_from(own);
            }
        }
        let merged = own_authority.filter(|_| !self.is_weighted());
        let rewritten = merged.or(self.forward.rewrite.authority.as_ref()).or(route.authority.as_ref());
        if let Some(rewritten) = rewritten.filter(|r| !r.is_empty()) {
            if !authority.is_empty() {
                headers.set("x-envoy-original-host", authority.as_str());
            }
            authority.clone_from(rewritten);
        }
        Outgoing { authority, headers, touched }
    }

    fn upstream(
        &self,
        members: &[&WeightedDestination],
        outgoing: Vec<Outgoing>,
        limits: &Timeouts,
    ) -> Result<Upstream, Re2Error> {
        let path = self.path()?;
        let finish = |outgoing: Outgoing| {
            let mut headers = outgoing.headers;
            if path.is_some() {
                headers.set("x-envoy-original-path", self.seen.path.as_str());
            }
            for name in LEFT_OUT {
                if !outgoing.touched.contains(*name) {
                    headers.remove(name);
                }
            }
            (outgoing.authority, headers)
        };
        let several = self.forward.destinations.len() > 1;
        let mut by_destination = BTreeMap::new();
        let mut outgoing = outgoing;
        let base = if several { None } else { outgoing.pop() };
        let (authority, headers) = finish(base.unwrap_or_else(|| self.outgoing(None, limits)));
        for (destination, theirs) in members.iter().zip(outgoing) {
            let theirs = finish(theirs);
            let ops = difference((&authority, &headers), (&theirs.0, &theirs.1), destination);
            if ops != DestinationOps::default() {
                by_destination.entry(destination.cluster.clone()).or_insert(ops);
            }
        }
        Ok(Upstream {
            path: path.unwrap_or_else(|| self.seen.path.clone()),
            authority,
            headers: headers.into_joined(),
            by_destination,
        })
    }

    /// The path after rewriting; `None` where no rewrite is configured or one leaves nothing of the path, which
    /// Envoy ignores.
    fn path(&self) -> Result<Option<String>, Re2Error> {
        let path = &self.seen.path;
        let path_only = without_query(path);
        let rewrite = &self.forward.rewrite;
        if let Some(prefix) = rewrite.prefix.as_ref().filter(|p| !p.is_empty()) {
            let rest = &path[matched_len(&self.route.matches.path, path_only)..];
            return Ok(Some(format!("{prefix}{rest}")));
        }
        let Some(regex) = &rewrite.regex else { return Ok(None) };
        let new = self.regexes.replace_all(&regex.pattern, path_only, &regex.substitution)?;
        Ok((!new.is_empty()).then(|| format!("{new}{}", &path[path_only.len()..])))
    }

    /// What is the same on the responses of all these destinations.
    fn response_headers(
        &self,
        members: &[&WeightedDestination],
        requests: &[(&str, &Headers)],
        cors: &Headers,
    ) -> BTreeMap<String, String> {
        let route = &self.route.headers;
        let route_lists = (route.response_add.as_slice(), route.response_remove.as_slice());
        let mut common: Option<BTreeMap<String, String>> = None;
        for (destination, (authority, request)) in members.iter().zip(requests) {
            let own = &destination.headers;
            let own_lists = (own.response_add.as_slice(), own.response_remove.as_slice());
            let levels = if self.is_weighted() {
                vec![Level::of(&[own_lists]), Level::of(&[route_lists])]
            } else {
                vec![Level::of(&[route_lists, own_lists])]
            };
            let (route, cluster) = (self.route.name.as_deref(), destination.cluster.as_str());
            let context = Context { seen: self.seen, authority, route, cluster };
            let mut headers = Headers::default();
            for level in levels {
                level.apply_to_response(&mut headers, request, context);
            }
            for name in cors.names() {
                headers.set(name, cors.values(name).join(","));
            }
            let theirs = headers.into_joined();
            common = Some(match common {
                None => theirs,
                Some(common) => common.into_iter().filter(|(n, v)| theirs.get(n) == Some(v)).collect(),
            });
        }
        common.unwrap_or_default()
    }

    fn retries(&self) -> Option<RetriesAnswer> {
        self.forward.retry.as_ref().map(|retry| RetriesAnswer {
            attempts: retry.attempts,
            retry_on: retry.retry_on.clone(),
            retriable_status_codes: retry.retriable_status_codes.clone(),
            per_try_timeout_ms: retry.per_try_timeout.map(millis),
            ignore_previous_hosts: retry.ignore_previous_hosts,
            remote_localities: retry.remote_localities,
            backoff: retry
                .backoff
                .as_ref()
                .map(|b| BackoffAnswer { base_ms: millis(b.base), max_ms: b.max.map(millis) }),
        })
    }

    fn cors(&self) -> Option<CorsAnswer> {
        self.route.cors.as_ref().map(|cors| CorsAnswer {
            allow_origins: cors.allow_origins.clone(),
            allow_methods: cors.allow_methods.clone(),
            allow_headers: cors.allow_headers.clone(),
            expose_headers: cors.expose_headers.clone(),
            max_age: cors.max_age.clone(),
            allow_credentials: cors.allow_credentials,
            forward_not_matching_preflights: cors.forward_not_matching_preflights,
        })
    }
}

/// What a destination does to the request that would arrive without it. Computed from the results, so that
/// a route's operation that undoes a destination's is not shown as one.
fn difference(
    base: (&String, &Headers),
    theirs: (&String, &Headers),
    destination: &WeightedDestination,
) -> DestinationOps {
    let mut ops = DestinationOps::default();
    if base.0 != theirs.0 {
        ops.set.insert(":authority".to_owned(), theirs.0.clone());
    }
    for name in theirs.1.names() {
        let (old, new) = (base.1.values(name), theirs.1.values(name));
        let adds = || {
            let appends = |a: &AppendAction| *a == AppendAction::AppendIfExistsOrAdd;
            destination
                .headers
                .request_add
                .iter()
                .any(|a| a.name.eq_ignore_ascii_case(name) && appends(&a.action))
        };
        match new.strip_prefix(old) {
            Some([]) => {}
            Some(added) if adds() => {
                ops.add.insert(name.clone(), added.join(","));
            }
            _ => {
                ops.set.insert(name.clone(), new.join(","));
            }
        }
    }
    ops.remove = base.1.names().filter(|name| theirs.1.values(name).is_empty()).cloned().collect();
    ops
}
