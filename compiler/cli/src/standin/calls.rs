//! The calls that a stand-in makes through its own sidecar before it answers.

use std::time::Duration;

use http::header::HeaderMap;
use meshc_delivery::http::{self as client, Outgoing};

use super::spec::{App, CALL, Called, FORWARD, Reply};

/// Calls that one request may ask one stand-in for.
const MAX_CALLS: usize = 16;

/// Calls in a row, each made by the one before.
const MAX_DEPTH: usize = 8;

/// How long a call may take: longer than Envoy's default for a route, 15 s, which then is what answers.
const PATIENCE: Duration = Duration::from_secs(20);

/// Headers that are handed on, as Istio's samples do: identity of the request, tracing, the user.
const HANDED_ON: [&str; 17] = [
    "x-request-id",
    "traceparent",
    "tracestate",
    "b3",
    "x-b3-traceid",
    "x-b3-spanid",
    "x-b3-parentspanid",
    "x-b3-sampled",
    "x-b3-flags",
    "x-ot-span-context",
    "x-cloud-trace-context",
    "grpc-trace-bin",
    "authorization",
    "cookie",
    "end-user",
    "user-agent",
    "x-app-version",
];

/// Makes the calls of `chain` (the value of [`CALL`]) one after the other. `more` names headers that are handed
/// on beside the usual ones.
pub(super) async fn make(app: &App, chain: &str, headers: &HeaderMap, more: Option<&str>) -> Vec<Called> {
    let mut made = Vec::new();
    for call in chain.split(',').map(str::trim).filter(|call| !call.is_empty()) {
        if made.len() == MAX_CALLS {
            made.push(refused(call, format!("a request may ask for {MAX_CALLS} calls")));
            break;
        }
        made.push(one(app, call, headers, more).await);
    }
    made
}

async fn one(app: &App, call: &str, headers: &HeaderMap, more: Option<&str>) -> Called {
    let (url, rest) = match call.split_once('>') {
        Some((url, rest)) => (url.trim(), Some(rest.trim())),
        None => (call, None),
    };
    if call.matches('>').count() >= MAX_DEPTH {
        return refused(url, format!("calls may be nested {MAX_DEPTH} deep"));
    }
    let Some((authority, path, port)) = target(url) else {
        return refused(url, format!("{url:?} is no HOST:PORT/PATH"));
    };
    let Some(caller) = &app.caller else {
        return refused(url, format!("{} has no sidecar to call through", app.identity.pod));
    };
    let mut outgoing = Outgoing::get(authority, &path);
    let named = more.unwrap_or_default().split(',').map(str::trim).filter(|name| !name.is_empty());
    for name in HANDED_ON.into_iter().chain(named) {
        for value in headers.get_all(name).iter().filter_map(|value| value.to_str().ok()) {
            outgoing.headers.push((name.to_owned(), value.to_owned()));
        }
    }
    if let Some(rest) = rest {
        outgoing.headers.push((CALL.to_owned(), rest.to_owned()));
    }
    if let Some(more) = more {
        outgoing.headers.push((FORWARD.to_owned(), more.to_owned()));
    }
    match client::send(caller.socket(port), &outgoing, PATIENCE).await {
        Ok(incoming) => {
            let text = String::from_utf8_lossy(&incoming.body);
            let answer =
                serde_json::from_str(&text).map_or_else(|_| Reply::Text(text.into_owned()), Reply::StandIn);
            Called { url: url.to_owned(), status: Some(incoming.status), answer: Some(answer), error: None }
        }
        Err(error) => refused(url, error.to_string()),
    }
}

fn refused(url: &str, error: String) -> Called {
    Called { url: url.to_owned(), status: None, answer: None, error: Some(error) }
}

/// Authority, path and port of `HOST[:PORT][/PATH]`, with or without `http://`; port 80 where none is said.
fn target(url: &str) -> Option<(&str, String, u16)> {
    let url = url.strip_prefix("http://").unwrap_or(url);
    let (authority, path) = match url.find('/') {
        Some(slash) => url.split_at(slash),
        None => (url, "/"),
    };
    let port = match authority.rsplit_once(':') {
        Some((_, port)) => port.parse().ok()?,
        None => 80,
    };
    (!authority.is_empty()).then(|| (authority, path.to_owned(), port))
}

#[cfg(test)]
mod tests {
    use super::target;

    #[test]
    fn targets_are_read_as_people_write_them() {
        assert_eq!(target("reviews:9080/a?b=c"), Some(("reviews:9080", "/a?b=c".to_owned(), 9080)));
        assert_eq!(target("http://shop.example.com"), Some(("shop.example.com", "/".to_owned(), 80)));
        assert_eq!(target("/a"), None);
        assert_eq!(target("reviews:http/"), None);
    }
}
