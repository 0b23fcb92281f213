//! Everything that led to an answer, for `meshc why`: the virtual host, each route with the condition that
//! failed, the one that won, and those behind it that would have matched too.

use meshc_effective::model::{Action, Forward, Proxy, Route};
use serde::Serialize;

use crate::TraceError;
use crate::answer::{Answer, Because};
use crate::hosts::HostKind;
use crate::matching::{mismatch, phrases};
use crate::query::{Direction, Query};
use crate::security::Step;
use crate::seen::Seen;
use crate::select;
use crate::timeout::millis;
use crate::tracer::{Reached, Tracer};

/// The whole way of one request.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Story {
    /// `NAME.NAMESPACE` of the pod that was asked.
    pub proxy: String,
    /// Which of its listeners.
    pub direction: Direction,
    /// The route table; null for TCP and for requests that are refused before any route is looked at.
    pub table: Option<String>,
    /// The request as it is routed; null for TCP.
    pub request: Option<StoryRequest>,
    /// Why Envoy refuses the request before any route is looked at.
    pub refused: Option<String>,
    /// Tokens and rules in the order in which they were checked; where one refuses, it is the last.
    pub checks: Vec<CheckStory>,
    /// The virtual host; null where no domain fits.
    pub host: Option<HostStory>,
    /// All routes of the virtual host in their order; empty where none is looked at.
    pub routes: Vec<RouteStory>,
    /// What the route that won does, with the nodes that say so.
    pub settings: Vec<Setting>,
    /// What comes of it.
    pub answer: Answer,
}

/// The request as conditions see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StoryRequest {
    /// The method.
    pub method: String,
    /// The authority.
    pub authority: String,
    /// As it was asked.
    pub asked_path: String,
    /// As it is matched: normalised, with the query.
    pub path: String,
}

/// One check of a security policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CheckStory {
    /// What came of it, in words.
    pub text: String,
    /// The policy.
    pub because: Vec<Because>,
}

/// The virtual host that was chosen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HostStory {
    /// What was looked for: the authority in lower case, without a port where ports do not count.
    pub looked_for: String,
    /// Its name.
    pub name: String,
    /// The domain that fitted.
    pub domain: String,
    /// How it fitted.
    pub kind: HostKind,
    /// Whether it sends plaintext requests to HTTPS before any route is looked at.
    pub requires_tls: bool,
    /// The nodes that made it.
    pub because: Vec<Because>,
}

/// One route of the virtual host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RouteStory {
    /// Its place, from 0.
    pub index: usize,
    /// Istio's name for it.
    pub name: Option<String>,
    /// Its conditions in words; empty where it takes everything.
    pub conditions: Vec<String>,
    /// What came of it.
    pub verdict: Verdict,
    /// The condition that failed, and what was there instead.
    pub failed: Option<String>,
    /// The nodes that made it.
    pub because: Vec<Because>,
}

/// What came of a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It won.
    Taken,
    /// A condition failed.
    Failed,
    /// It would have matched, but an earlier one won.
    Later,
}

/// Something that the route does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Setting {
    /// `destination`, `timeout`, `retries`, `fault`, `rewrite`, `headers`, `mirror`, `cors`, `redirect`, `response`.
    pub what: &'static str,
    /// In words.
    pub value: String,
    /// The nodes that say so.
    pub because: Vec<Because>,
}

/// Tells it.
pub(crate) fn tell<'m>(
    tracer: &Tracer<'m>,
    proxy: &'m Proxy,
    query: &Query,
    reached: &Reached<'m>,
    answer: Answer,
) -> Result<Story, TraceError> {
    let mut story = Story {
        proxy: proxy.id.to_string(),
        direction: select::direction(proxy, query),
        table: None,
        request: None,
        refused: None,
        checks: Vec::new(),
        host: None,
        routes: Vec::new(),
        settings: Vec::new(),
        answer,
    };
    let (table, seen, decision) = match reached {
        Reached::Tcp { .. } => return Ok(story),
        Reached::Refused(refusal) => {
            story.refused = Some(refusal.reason.to_owned());
            return Ok(story);
        }
        Reached::Closed { reason, .. } => {
            story.refused = Some(reason.clone());
            return Ok(story);
        }
        Reached::Denied { table, seen, refused, .. } => {
            story.checks = checks(tracer, &refused.steps);
            story.table = Some(table.name.clone());
            story.request = Some(request(query, seen));
            return Ok(story);
        }
        Reached::Http { table, seen, decision, steps } => {
            story.checks = checks(tracer, steps);
            (table, seen, decision)
        }
    };
    story.table = Some(table.name.clone());
    story.request = Some(request(query, seen));
    let Some((found, host)) = decision.host() else { return Ok(story) };
    let requires_tls = matches!(decision, crate::evaluate::Decision::RequireTls(..));
    story.host = Some(HostStory {
        looked_for: tracer.hosts(table).key(&seen.authority),
        name: host.name.clone(),
        domain: found.domain.clone(),
        kind: found.kind,
        requires_tls,
        because: tracer.because(&host.origins),
    });
    if requires_tls {
        return Ok(story);
    }
    let taken = decision.route().map(|(index, _)| index);
    for (index, route) in host.routes.iter().enumerate() {
        let failed = mismatch(&route.matches, seen, tracer.regexes())?.map(|m| m.to_string());
        let verdict = match &failed {
            Some(_) => Verdict::Failed,
            None if taken == Some(index) => Verdict::Taken,
            None => Verdict::Later,
        };
        let (name, conditions) = (route.name.clone(), phrases(&route.matches));
        let because = tracer.because(&route.origins);
        story.routes.push(RouteStory { index, name, conditions, verdict, failed, because });
    }
    if let Some((_, route)) = decision.route() {
        story.settings = settings(tracer, proxy, route);
    }
    Ok(story)
}

fn request(query: &Query, seen: &Seen) -> StoryRequest {
    StoryRequest {
        method: seen.method.clone(),
        authority: seen.authority.clone(),
        asked_path: query.request.as_ref().map(|r| r.path.clone()).unwrap_or_default(),
        path: seen.path.clone(),
    }
}

fn checks(tracer: &Tracer<'_>, steps: &[Step<'_>]) -> Vec<CheckStory> {
    let story = |step: &Step<'_>| CheckStory {
        text: step.text.clone(),
        because: tracer.because(step.origins.iter().copied()),
    };
    steps.iter().map(story).collect()
}

fn settings<'m>(tracer: &Tracer<'m>, proxy: &'m Proxy, route: &'m Route) -> Vec<Setting> {
    let because = tracer.because(&route.origins);
    let mut said: Vec<(&'static str, String)> = Vec::new();
    if let Some(delay) = route.fault.as_ref().and_then(|f| f.delay.as_ref()) {
        said.push((
            "fault",
            format!("{} % of the requests wait {} ms", delay.percent.value(), millis(delay.fixed)),
        ));
    }
    if let Some(abort) = route.fault.as_ref().and_then(|f| f.abort.as_ref()) {
        let status = match (abort.http_status, abort.grpc_status) {
            (Some(status), _) => format!("status {status}"),
            (None, grpc) => format!("gRPC status {}", grpc.unwrap_or_default()),
        };
        said.push((
            "fault",
            format!("{} % of the requests are answered with {status}", abort.percent.value()),
        ));
    }
    let mut settings = Vec::new();
    match &route.action {
        Action::Forward(forward) => {
            for destination in &forward.destinations {
                let cluster = proxy.clusters.get(&destination.cluster);
                let state = match cluster {
                    None => ", which does not exist",
                    Some(cluster) if !cluster.has_endpoints() => ", which has no endpoint",
                    Some(_) => "",
                };
                let because =
                    tracer.because(route.origins.iter().chain(cluster.into_iter().flat_map(|c| &c.origins)));
                let value = format!("{} (weight {}){state}", destination.cluster, destination.weight);
                settings.push(Setting { what: "destination", value, because });
            }
            forwarding(forward, &mut said);
        }
        Action::Redirect(redirect) => said.push(("redirect", format!("status {}", redirect.code))),
        Action::DirectResponse(response) => {
            let bytes = response.body.as_ref().map_or(0, Vec::len);
            said.push(("response", format!("status {} with a body of {bytes} bytes", response.status)));
        }
    }
    let operations = std::iter::once(&route.headers).chain(match &route.action {
        Action::Forward(forward) => forward.destinations.iter().map(|d| &d.headers).collect::<Vec<_>>(),
        _ => Vec::new(),
    });
    for ops in operations {
        for (which, add, remove) in [
            ("request", &ops.request_add, &ops.request_remove),
            ("response", &ops.response_add, &ops.response_remove),
        ] {
            for addition in add {
                let verb = match addition.action {
                    meshc_effective::model::AppendAction::AppendIfExistsOrAdd => "add",
                    meshc_effective::model::AppendAction::OverwriteIfExistsOrAdd => "set",
                };
                said.push(("headers", format!("{which}: {verb} {}: {}", addition.name, addition.value)));
            }
            said.extend(remove.iter().map(|name| ("headers", format!("{which}: remove {name}"))));
        }
        said.extend(ops.authority.iter().map(|a| ("rewrite", format!("authority {a}"))));
    }
    if let Some(cors) = &route.cors {
        said.push((
            "cors",
            format!("methods {}, {} allowed origins", cors.allow_methods, cors.allow_origins.len()),
        ));
    }
    settings.extend(said.into_iter().map(|(what, value)| Setting { what, value, because: because.clone() }));
    settings
}

fn forwarding(forward: &Forward, said: &mut Vec<(&'static str, String)>) {
    match forward.timeout {
        Some(timeout) if timeout.is_zero() => said.push(("timeout", "none".to_owned())),
        Some(timeout) => said.push(("timeout", format!("{} ms", millis(timeout)))),
        None => said.push(("timeout", "15000 ms, Envoy's default".to_owned())),
    }
    if let Some(retry) = &forward.retry {
        let limit = retry.per_try_timeout.map_or(String::new(), |t| format!(", {} ms a try", millis(t)));
        said.push(("retries", format!("{} on {}{limit}", retry.attempts, retry.retry_on)));
    }
    let rewrite = &forward.rewrite;
    said.extend(rewrite.prefix.iter().map(|p| ("rewrite", format!("path prefix {p}"))));
    said.extend(
        rewrite.regex.iter().map(|r| ("rewrite", format!("path {} to {}", r.pattern, r.substitution))),
    );
    said.extend(rewrite.authority.iter().map(|a| ("rewrite", format!("authority {a}"))));
    said.extend(
        forward.mirrors.iter().map(|m| ("mirror", format!("{} % to {}", m.percent.value(), m.cluster))),
    );
}
