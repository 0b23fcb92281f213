//! What becomes of a request, in a form in which behaviour that no client and no service can tell apart is one text.

use std::collections::BTreeMap;

use meshc_effective::model::{
    Action, Forward, HeaderOps, Proxy, Redirect, RedirectPath, Route, RouteTable, VirtualHost,
    WeightedDestination,
};
use serde_json::{Value, json};

use super::matching::regex_holds;
use super::{Sent, taken_by};

/// What becomes of a request at a table of a proxy.
pub(crate) fn outcome(proxy: &Proxy, table: &RouteTable, sent: &Sent) -> Value {
    of_taken(proxy, taken_by(table, sent), sent)
}

/// What becomes of a request that a virtual host and a route take; nothing of it but its path matters any more.
pub(crate) fn of_taken(
    proxy: &Proxy,
    taken: (Option<&VirtualHost>, Option<(usize, &Route)>),
    sent: &Sent,
) -> Value {
    match taken {
        (None, _) => json!({"status": 404}),
        (Some(host), None) if host.require_tls => json!({"status": 301, "to": "https"}),
        (Some(_), None) => json!({"status": 404}),
        (Some(_), Some((_, route))) => of_route(proxy, route, sent),
    }
}

fn of_route(proxy: &Proxy, route: &Route, sent: &Sent) -> Value {
    let mut fault = json!(null);
    let mut always = None;
    if let Some(written) = &route.fault {
        let delay = written.delay.as_ref().filter(|d| d.percent.millionths > 0 && !d.fixed.is_zero());
        let abort = written.abort.as_ref().filter(|a| a.percent.millionths > 0);
        // One that befalls nobody is none.
        if delay.is_some() || abort.is_some() {
            fault = json!({
                "delay": delay.map(|d| (d.fixed.as_millis().to_string(), d.percent.millionths)),
                "abort": abort.map(|a| (a.http_status, a.grpc_status, a.percent.millionths)),
            });
        }
        always = abort.filter(|abort| abort.percent.millionths == 1_000_000);
    }
    let mut answer = match &route.action {
        // Whoever is always turned away is never routed.
        _ if always.is_some() => json!({"aborted": true}),
        Action::Redirect(redirect) => redirected(redirect, route, sent),
        Action::DirectResponse(direct) => json!({"status": direct.status, "body": direct.body}),
        Action::Forward(forward) => forwarded(proxy, forward, route, sent),
    };
    if let Some(fields) = answer.as_object_mut() {
        fields.insert("fault".to_owned(), fault);
        fields.insert(
            "on_response".to_owned(),
            json!([route.headers.response_add, route.headers.response_remove]),
        );
        fields.insert("cors".to_owned(), json!(route.cors));
    }
    answer
}

fn redirected(redirect: &Redirect, route: &Route, sent: &Sent) -> Value {
    let path = match &redirect.path {
        None => sent.path.clone(),
        Some(RedirectPath::Full(path)) => path.clone(),
        Some(RedirectPath::Prefix(prefix)) => format!("{prefix}{}", after_match(route, &sent.path)),
    };
    json!({"status": redirect.code, "scheme": redirect.scheme, "host": redirect.host, "port": redirect.port, "path": path})
}

/// What follows the part of a path that a route matched.
fn after_match<'p>(route: &Route, path: &'p str) -> &'p str {
    use meshc_effective::model::PathMatch;
    match &route.matches.path {
        PathMatch::Prefix(prefix) | PathMatch::PathSeparatedPrefix(prefix) => {
            path.get(prefix.len()..).unwrap_or_default()
        }
        PathMatch::Exact(_) | PathMatch::Regex(_) => "",
    }
}

fn forwarded(proxy: &Proxy, forward: &Forward, route: &Route, sent: &Sent) -> Value {
    let total: u64 = forward.destinations.iter().map(|d| u64::from(d.weight)).sum();
    let mut shares: BTreeMap<String, u64> = BTreeMap::new();
    for destination in &forward.destinations {
        let part = (u64::from(destination.weight) * 1_000_000).checked_div(total).unwrap_or(0);
        if part > 0 || forward.destinations.len() == 1 {
            *shares.entry(of_destination(proxy, forward, destination)).or_default() += part;
        }
    }
    let answers = |cluster: &str| proxy.clusters.get(cluster).is_some_and(|cluster| cluster.has_endpoints());
    let sent_there = forward.destinations.iter().filter(|d| d.weight > 0 || forward.destinations.len() == 1);
    if !sent_there.into_iter().any(|destination| answers(&destination.cluster)) {
        // Where nobody gets a request, nothing shows what would have been done to it, and no copy is sent.
        return json!({ "shares": shares });
    }
    let rewrite = &forward.rewrite;
    let path = match (&rewrite.prefix, &rewrite.regex) {
        (Some(prefix), _) => format!("{prefix}{}", after_match(route, &sent.path)),
        (None, Some(regex)) if regex_holds(&format!("(?s).*(?:{}).*", regex.pattern), &sent.path) => {
            format!("{} → {} of {}", regex.pattern, regex.substitution, sent.path)
        }
        _ => sent.path.clone(),
    };
    let mut mirrors: Vec<(String, u32)> = forward
        .mirrors
        .iter()
        .filter(|m| m.percent.millionths > 0)
        .map(|m| (m.cluster.clone(), m.percent.millionths))
        .collect();
    mirrors.sort();
    let retry = forward.retry.as_ref().filter(|retry| retry.attempts > 0).map(|retry| {
        let mut on: Vec<&str> =
            retry.retry_on.split(',').map(str::trim).filter(|word| !word.is_empty()).collect();
        on.sort_unstable();
        on.dedup();
        let mut codes = retry.retriable_status_codes.clone();
        codes.sort_unstable();
        json!([
            retry.attempts,
            on,
            codes,
            retry.per_try_timeout.map(|t| t.as_millis().to_string()),
            retry.ignore_previous_hosts,
            retry.remote_localities,
            retry
                .backoff
                .as_ref()
                .map(|b| (b.base.as_millis().to_string(), b.max.map(|m| m.as_millis().to_string())))
        ])
    });
    json!({
        "shares": shares,
        "path": path,
        // Envoy notes the path as it was even where it stays so.
        "noted": rewrite.prefix.is_some() || rewrite.regex.is_some(),
        "authority": rewrite.authority.clone().or_else(|| route.headers.authority.clone()),
        "on_request": requests(&route.headers),
        "timeout": forward.timeout.map_or(15_000, |t| t.as_millis()).to_string(),
        "retry": retry,
        "mirrors": mirrors,
        "hash": forward.hash_policies,
    })
}

fn of_destination(proxy: &Proxy, forward: &Forward, destination: &WeightedDestination) -> String {
    let own = &destination.headers;
    let on_response = format!("{:?} {:?}", own.response_add, own.response_remove);
    // Where nobody gets the request, the answer is all there is.
    match proxy.clusters.get(&destination.cluster) {
        None => format!("nobody, {} {on_response}", forward.cluster_not_found_status),
        Some(cluster) if cluster.has_endpoints() => {
            format!("{} {} {on_response}", destination.cluster, requests(own))
        }
        Some(_) => format!("nobody, 503 {on_response}"),
    }
}

/// Operations on the request, in an order that does not matter between names.
fn requests(ops: &HeaderOps) -> Value {
    let mut add = ops.request_add.clone();
    add.sort_by_key(|one| one.name.to_ascii_lowercase());
    let mut remove: Vec<String> = ops.request_remove.iter().map(|name| name.to_ascii_lowercase()).collect();
    remove.sort();
    json!([add, remove])
}
