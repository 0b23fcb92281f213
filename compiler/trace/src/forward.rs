//! What happens to a request that a route sends to clusters.

use std::collections::BTreeMap;

use meshc_effective::model::{Forward, Proxy, Route, WeightedDestination};

use crate::answer::{Answer, BackoffAnswer, CorsAnswer, RetriesAnswer, Share};
use crate::cors::{self, CorsVerdict};
use crate::format::Context;
use crate::headers::Headers;
use crate::local;
use crate::operations::Level;
use crate::regexes::Regexes;
use crate::seen::Seen;
use crate::timeout::{millis, timeouts};
use meshc_re2::Error as Re2Error;

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
    pub(crate) fn is_weighted(&self) -> bool {
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
