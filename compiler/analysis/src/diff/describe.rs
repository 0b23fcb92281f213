//! Regions and their differences in a few words: `reviews: GET /api/v2/* 0 % → 25 % v3`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use meshc_effective::model::{
    HeaderCondition, HeaderMatch, PathMatch, QueryCondition, RouteMatch, StringMatch,
};
use serde_json::Value;

use super::behaviour::{Behaviour, Outcome, Target};
use super::kind::Kind;
use super::words;

/// The host of a domain as people call it: the first label of a service's full name.
pub(super) fn host(domain: &str) -> String {
    let suffix = ".svc.cluster.local";
    match domain.strip_suffix(suffix).and_then(|name| name.split_once('.')) {
        Some((name, _)) => name.to_owned(),
        None if domain == "*" => "any other host".to_owned(),
        None => domain.to_owned(),
    }
}

/// `reviews.shop` of what begins with a service's full name, for where several namespaces have a `reviews`.
pub(super) fn with_namespace(subject: &str) -> Option<&str> {
    subject.split_once(".svc.cluster.local").map(|(name, _)| name)
}

/// `GET /api/v2/*`, with what else the route asks for.
pub(crate) fn requests(method: &str, conditions: &RouteMatch) -> String {
    let mut method = method.to_owned();
    let mut more = Vec::new();
    for header in &conditions.headers {
        match (&header.condition, header.name.as_str()) {
            (HeaderCondition::Value(StringMatch::Exact(exact)), ":method") if !header.invert => {
                method.clone_from(exact);
            }
            (_, ":method") => {
                method = format!("{}{}", if header.invert { "not " } else { "" }, header_text(header));
            }
            _ => more.push(header_text(header)),
        }
    }
    for query in &conditions.query {
        more.push(match &query.condition {
            QueryCondition::Present => format!("?{}", query.name),
            QueryCondition::Value(value) => format!("?{}={}", query.name, string(value)),
        });
    }
    let path = match &conditions.path {
        PathMatch::Exact(path) => path.clone(),
        PathMatch::Prefix(path) => format!("{path}*"),
        PathMatch::PathSeparatedPrefix(path) => format!("{path}/*"),
        PathMatch::Regex(pattern) => format!("~{pattern}"),
    };
    let mut text = format!("{method} {path}");
    if !more.is_empty() {
        let _ = write!(text, " [{}]", more.join(", "));
    }
    text
}

fn header_text(header: &HeaderMatch) -> String {
    let name = header.name.strip_prefix(':').unwrap_or(&header.name);
    match (&header.condition, header.invert) {
        (HeaderCondition::Present, false) => name.to_owned(),
        (HeaderCondition::Present, true) => format!("no {name}"),
        (HeaderCondition::Value(value), false) => format!("{name}: {}", string(value)),
        (HeaderCondition::Value(value), true) => format!("{name} not {}", string(value)),
    }
}

fn string(condition: &StringMatch) -> String {
    match condition {
        StringMatch::Exact(text) => text.clone(),
        StringMatch::Prefix(text) => format!("{text}*"),
        StringMatch::Suffix(text) => format!("*{text}"),
        StringMatch::Contains(text) => format!("*{text}*"),
        StringMatch::Regex(pattern) => format!("~{pattern}"),
    }
}

/// A share of requests in percent, with at most two digits behind the point.
pub(super) fn percent(share: f64) -> String {
    let text = format!("{:.2}", share * 100.0);
    let text = text.trim_end_matches('0').trim_end_matches('.');
    format!("{text} %")
}

/// The parts of a cluster's name: port, subset, host.
fn cluster_parts(cluster: &str) -> Option<(&str, &str, &str)> {
    let mut parts = cluster.strip_prefix("outbound|")?.splitn(3, '|');
    Some((parts.next()?, parts.next()?, parts.next()?))
}

/// Clusters as people call them: the subset where the host is clear, else the host, with the port where it is needed.
pub(super) fn names<'c>(
    clusters: impl IntoIterator<Item = &'c str>,
    domain: &str,
) -> BTreeMap<String, String> {
    let clusters: Vec<&str> = clusters.into_iter().collect();
    let short = |cluster: &str| match cluster_parts(cluster) {
        None => match cluster {
            "PassthroughCluster" => "unrouted".to_owned(),
            "BlackHoleCluster" => "nowhere".to_owned(),
            other => other.to_owned(),
        },
        Some((_, subset, of)) if of == domain && !subset.is_empty() => subset.to_owned(),
        Some((_, "", of)) => host(of),
        Some((_, subset, of)) => format!("{} {subset}", host(of)),
    };
    clusters
        .iter()
        .map(|&cluster| {
            let name = short(cluster);
            let doubled = clusters.iter().any(|&other| other != cluster && short(other) == name);
            let name = match cluster_parts(cluster) {
                Some((port, subset, of)) if doubled => format!("{of}:{port} {subset}").trim_end().to_owned(),
                _ => name,
            };
            (cluster.to_owned(), name)
        })
        .collect()
}

fn targets(behaviour: &Behaviour) -> &[Target] {
    match &behaviour.outcome {
        Outcome::Forward(targets) => targets,
        _ => &[],
    }
}

/// What a request gets, in a few words.
fn fate(behaviour: &Behaviour, domain: &str) -> String {
    match &behaviour.outcome {
        Outcome::NotFound => "404".to_owned(),
        Outcome::RequireTls => "a redirect to HTTPS".to_owned(),
        Outcome::Redirect(code) => format!("a redirect ({code})"),
        Outcome::Direct(status) => format!("an answer of the proxy ({status})"),
        Outcome::Blocked(status) => format!("blocked ({status})"),
        Outcome::Abort => "a fault".to_owned(),
        Outcome::Forward(targets) => {
            let names = names(targets.iter().map(|target| target.cluster.as_str()), domain);
            let one = |target: &Target| {
                let name = names.get(&target.cluster).map_or(target.cluster.as_str(), String::as_str);
                let failure = target.failure.map(|status| format!(" ({status})")).unwrap_or_default();
                if targets.len() == 1 {
                    format!("{name}{failure}")
                } else {
                    format!("{} {name}{failure}", percent(target.share))
                }
            };
            targets.iter().map(one).collect::<Vec<_>>().join(", ")
        }
    }
}

/// What moved: the destinations that gain, else those that lose.
fn moved(before: &Behaviour, after: &Behaviour, domain: &str) -> String {
    let (was, is) = (targets(before), targets(after));
    if was.len() == 1 && is.len() == 1 {
        return format!("{} → {}", fate(before, domain), fate(after, domain));
    }
    let names = names(was.iter().chain(is).map(|target| target.cluster.as_str()), domain);
    let share = |side: &[Target], cluster: &str| {
        side.iter().find(|target| target.cluster == cluster).map_or(0.0, |target| target.share)
    };
    let changed = |gains: bool| {
        names
            .iter()
            .filter(|(cluster, _)| {
                let (was, is) = (share(was, cluster), share(is, cluster));
                if gains { is > was } else { is < was }
            })
            .map(|(cluster, name)| {
                format!("{} → {} {name}", percent(share(was, cluster)), percent(share(is, cluster)))
            })
            .collect::<Vec<_>>()
            .join(", ")
    };
    let gains = changed(true);
    if gains.is_empty() { changed(false) } else { gains }
}

/// What is different, without whom it concerns.
pub(super) fn difference(
    kind: Kind,
    before: &Behaviour,
    after: &Behaviour,
    values: (&Value, &Value),
    domain: &str,
) -> String {
    let arrow = |what: &str| format!("{what} {} → {}", short(values.0), short(values.1));
    match kind {
        Kind::TrafficMoved => moved(before, after, domain),
        Kind::NewlyUnreachable | Kind::NewlyReachable | Kind::RedirectChanged | Kind::ResponseChanged
            if fate(before, domain) != fate(after, domain) =>
        {
            format!("{} → {}", fate(before, domain), fate(after, domain))
        }
        Kind::RedirectChanged => arrow("redirect"),
        Kind::TimeoutChanged => format!("timeout {} → {}", limit(values.0), limit(values.1)),
        Kind::RetriesChanged => words::retries(values.0, values.1),
        Kind::FaultChanged => {
            let (was, is) = (fault(before), fault(after));
            format!("fault {was} → {is}")
        }
        Kind::RewriteChanged => {
            format!("rewrite {} → {}", words::rewrite(values.0), words::rewrite(values.1))
        }
        Kind::HeadersChanged => words::headers(values.0, values.1),
        Kind::CorsChanged => format!("cross-origin rules: {}", words::settings(values.0, values.1)),
        Kind::MirrorChanged => {
            format!("copies {} → {}", words::mirrors(values.0, domain), words::mirrors(values.1, domain))
        }
        _ => arrow("answer"),
    }
}

/// A value on one line, cut where it gets long.
fn short(value: &Value) -> String {
    let text = match value {
        Value::Null => "none".to_owned(),
        value => value.to_string(),
    };
    if text.chars().count() <= 80 {
        return text;
    }
    let cut: String = text.chars().take(79).collect();
    format!("{cut}…")
}

fn limit(value: &Value) -> String {
    match value.as_u64() {
        None => value.as_str().unwrap_or("none").to_owned(),
        Some(ms) => words::time(ms),
    }
}

fn fault(behaviour: &Behaviour) -> String {
    let value = behaviour.facet(super::behaviour::Facet::Fault);
    let mut parts = Vec::new();
    let share = |part: &Value| {
        let share = part.get("percent").and_then(Value::as_f64).unwrap_or(100.0);
        if share >= 100.0 { String::new() } else { format!(" for {}", percent(share / 100.0)) }
    };
    if let Some(delay) = value.get("delay").filter(|delay| !delay.is_null()) {
        parts.push(format!("delay {}{}", limit(delay.get("ms").unwrap_or(&Value::Null)), share(delay)));
    }
    if let Some(abort) = value.get("abort").filter(|abort| !abort.is_null()) {
        let status = ["http_status", "grpc_status"].iter().find_map(|key| abort.get(key)?.as_u64());
        parts.push(format!("{}{}", status.unwrap_or_default(), share(abort)));
    }
    if parts.is_empty() { "none".to_owned() } else { parts.join(" and ") }
}
