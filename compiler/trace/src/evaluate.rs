//! From a route table and a request to an answer.

use meshc_effective::model::{Action, Origin, Proxy, Route, RouteTable, VirtualHost};

use crate::answer::{Alternative, Answer, Share};
use crate::fault;
use crate::format::Context;
use crate::forward::Forwarding;
use crate::headers::Headers;
use crate::hosts::{FoundHost, HostIndex};
use crate::local;
use crate::matching::mismatch;
use crate::operations::Level;
use crate::redirect;
use crate::regexes::Regexes;
use crate::seen::{Refusal, Seen};
use meshc_re2::Error as Re2Error;

/// How far a request gets in a table.
#[derive(Debug, Clone)]
pub(crate) enum Decision<'m> {
    /// No domain fits.
    NoHost,
    /// The virtual host wants TLS first.
    RequireTls(FoundHost, &'m VirtualHost),
    /// No route of the virtual host takes it.
    NoRoute(FoundHost, &'m VirtualHost),
    /// The route at this place takes it.
    Route(FoundHost, &'m VirtualHost, usize, &'m Route),
}

impl<'m> Decision<'m> {
    /// Envoy's choice: the virtual host by its domains, then the first route whose conditions all hold.
    pub(crate) fn make(
        table: &'m RouteTable,
        hosts: &HostIndex,
        seen: &Seen,
        regexes: &Regexes,
    ) -> Result<Self, Re2Error> {
        let Some(found) = hosts.find(&seen.authority) else { return Ok(Self::NoHost) };
        let Some(host) = table.virtual_hosts.get(found.index) else { return Ok(Self::NoHost) };
        if host.require_tls && seen.header("x-forwarded-proto").as_deref() != Some("https") {
            return Ok(Self::RequireTls(found, host));
        }
        for (index, route) in host.routes.iter().enumerate() {
            if mismatch(&route.matches, seen, regexes)?.is_none() {
                return Ok(Self::Route(found, host, index, route));
            }
        }
        Ok(Self::NoRoute(found, host))
    }

    /// The chosen virtual host.
    pub(crate) fn host(&self) -> Option<(&FoundHost, &'m VirtualHost)> {
        match self {
            Self::NoHost => None,
            Self::RequireTls(found, host) | Self::NoRoute(found, host) | Self::Route(found, host, ..) => {
                Some((found, host))
            }
        }
    }

    /// The chosen route with its place.
    pub(crate) fn route(&self) -> Option<(usize, &'m Route)> {
        match self {
            Self::Route(_, _, index, route) => Some((*index, route)),
            _ => None,
        }
    }

    /// The nodes that decided, the deciding one first: the route's, its virtual host's, its clusters'.
    pub(crate) fn origins(&self, proxy: &'m Proxy) -> Vec<&'m Origin> {
        let mut origins: Vec<&Origin> = Vec::new();
        if let Some((_, route)) = self.route() {
            origins.extend(&route.origins);
        }
        if let Some((_, host)) = self.host() {
            origins.extend(&host.origins);
        }
        if let Some((_, route)) = self.route()
            && let Action::Forward(forward) = &route.action
        {
            let clusters = forward.destinations.iter().filter_map(|d| proxy.clusters.get(&d.cluster));
            origins.extend(clusters.flat_map(|cluster| &cluster.origins));
        }
        origins
    }
}

/// What a client gets; the reasons are left empty.
pub(crate) fn answer(
    decision: &Decision<'_>,
    proxy: &Proxy,
    seen: &Seen,
    regexes: &Regexes,
) -> Result<Answer, Re2Error> {
    match decision {
        Decision::NoHost | Decision::NoRoute(..) => Ok(local::reply(seen, 404, None, None)),
        Decision::RequireTls(..) => {
            Ok(Answer { location: Some(redirect::to_https(seen)), ..local::reply(seen, 301, None, None) })
        }
        Decision::Route(.., route) => with_faults(route, proxy, seen, regexes),
    }
}

/// The answer to a request that Envoy refuses before it looks at any route.
pub(crate) fn refused(refusal: &Refusal) -> Answer {
    Answer {
        status: Some(refusal.status),
        location: refusal.location.clone(),
        body: refusal.body.map(str::to_owned),
        ..Answer::default()
    }
}

fn with_faults(route: &Route, proxy: &Proxy, seen: &Seen, regexes: &Regexes) -> Result<Answer, Re2Error> {
    let mut outcomes: Vec<(f64, Answer)> = Vec::new();
    let mut main = None;
    for branch in fault::branches(route.fault.as_ref()) {
        let results = match branch.abort {
            Some(abort) => vec![(1.0, aborted(fault::abort(abort, seen), route, proxy, seen, regexes))],
            None => act(route, proxy, seen, regexes)?,
        };
        for (share, mut answer) in results {
            answer.delay_ms = branch.delay_ms;
            let share = share * branch.share;
            match outcomes.iter_mut().find(|(_, a)| *a == answer) {
                Some((sum, _)) => *sum += share,
                None => outcomes.push((share, answer)),
            }
        }
        // Of the first branch, which no uncertain fault hits, the most likely result is the answer.
        main.get_or_insert_with(|| {
            let likeliest =
                |best: usize, at: usize| if outcomes[at].0 > outcomes[best].0 { at } else { best };
            (1..outcomes.len()).fold(0, likeliest)
        });
    }
    let (_, mut answer) = outcomes.remove(main.unwrap_or(0));
    answer.alternatives = outcomes
        .into_iter()
        .map(|(share, answer)| Alternative { percent: Share::rounded(share * 100.0), answer })
        .collect();
    Ok(answer)
}

fn act(route: &Route, proxy: &Proxy, seen: &Seen, regexes: &Regexes) -> Result<Vec<(f64, Answer)>, Re2Error> {
    let mut answer = match &route.action {
        Action::Forward(forward) => return Forwarding { proxy, route, forward, seen, regexes }.answers(),
        Action::Redirect(redirect) => {
            let location = redirect::location(Some(redirect), &route.matches, seen);
            Answer { location: Some(location), ..local::reply(seen, redirect.code, None, None) }
        }
        Action::DirectResponse(response) => {
            let status = u16::try_from(response.status).unwrap_or(500);
            let body = response.body.as_ref().map(|b| String::from_utf8_lossy(b).into_owned());
            // Envoy gives every 201 and 3xx a location, if only the request's own.
            let location = (status == 201 || (300..400).contains(&status))
                .then(|| redirect::location(None, &route.matches, seen));
            Answer { location, ..local::reply(seen, status, body, None) }
        }
    };
    answer.route.clone_from(&route.name);
    add_response_headers(&mut answer, route, seen);
    Ok(vec![(1.0, answer)])
}

/// A fault's answer passes the router's response operations only where the route leads to a cluster.
fn aborted(mut answer: Answer, route: &Route, proxy: &Proxy, seen: &Seen, regexes: &Regexes) -> Answer {
    answer.route.clone_from(&route.name);
    if let Action::Forward(forward) = &route.action {
        for (name, value) in (Forwarding { proxy, route, forward, seen, regexes }).early_response_headers() {
            answer.response_headers.entry(name).or_insert(value);
        }
    }
    answer
}

fn add_response_headers(answer: &mut Answer, route: &Route, seen: &Seen) {
    let mut headers = Headers::default();
    let context = Context { seen, authority: &seen.authority, route: route.name.as_deref(), cluster: "" };
    let lists = (route.headers.response_add.as_slice(), route.headers.response_remove.as_slice());
    Level::of(&[lists]).apply_to_response(&mut headers, &seen.headers, context);
    for (name, value) in headers.into_joined() {
        answer.response_headers.entry(name).or_insert(value);
    }
}
