//! Envoy's command operators (`%REQ(x-user)%`) in the values of header operations.
//!
//! Those that the configuration and the question decide are expanded: `%%`, `%REQ(NAME?OTHER):LENGTH%`,
//! `%PROTOCOL%`, `%ROUTE_NAME%`, `%UPSTREAM_CLUSTER_RAW%`, `%DOWNSTREAM_PEER_URI_SAN%`, and, where the question
//! says `source_ip`, `%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%` and
//! `%DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT%`. All others depend on the moment (times, ports, the
//! chosen host, certificates…) and stay in the answer as they are written.

use crate::headers::Headers;
use crate::seen::{SCHEME, Seen};

/// What operators can ask for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Context<'c> {
    /// The request as it came.
    pub(crate) seen: &'c Seen,
    /// The authority at this moment.
    pub(crate) authority: &'c str,
    /// The route's name.
    pub(crate) route: Option<&'c str>,
    /// The chosen cluster.
    pub(crate) cluster: &'c str,
}

/// The value with its operators expanded, `request` being the request's headers at this moment.
pub(crate) fn expand(value: &str, request: &Headers, context: Context<'_>) -> String {
    let mut out = String::with_capacity(value.len());
    let mut rest = value;
    while let Some(at) = rest.find('%') {
        out.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        if let Some(next) = after.strip_prefix('%') {
            out.push('%');
            rest = next;
            continue;
        }
        let Some(end) = operator_end(after) else {
            out.push_str(&rest[at..]);
            return out;
        };
        match operator(&after[..end], request, context) {
            Some(value) => out.push_str(&value),
            None => out.push_str(&rest[at..=at + 1 + end]),
        }
        rest = &after[end + 1..];
    }
    out.push_str(rest);
    out
}

/// Where the closing `%` is; one inside parentheses is an argument's.
fn operator_end(text: &str) -> Option<usize> {
    let mut inside = false;
    text.char_indices().find_map(|(at, c)| {
        match c {
            '(' => inside = true,
            ')' => inside = false,
            '%' if !inside => return Some(at),
            _ => {}
        }
        None
    })
}

fn operator(text: &str, request: &Headers, context: Context<'_>) -> Option<String> {
    let (name, arguments) = text.split_once('(').map_or((text, None), |(name, rest)| (name, Some(rest)));
    let Some(arguments) = arguments else {
        let (name, length) = length(name)?;
        return plain(name, context).map(|value| cut(&value, length));
    };
    let (argument, tail) = arguments.rsplit_once(')')?;
    let (nothing, length) = length(tail)?;
    if name != "REQ" || !nothing.is_empty() {
        return None;
    }
    let (main, other) =
        argument.split_once('?').map_or((argument, None), |(main, other)| (main, Some(other)));
    let value = header(main, request, context).or_else(|| header(other?, request, context));
    Some(cut(&value.unwrap_or_default(), length))
}

fn plain(name: &str, context: Context<'_>) -> Option<String> {
    match name {
        "PROTOCOL" => Some("HTTP/1.1".to_owned()),
        "ROUTE_NAME" => Some(context.route.unwrap_or_default().to_owned()),
        "UPSTREAM_CLUSTER_RAW" => Some(context.cluster.to_owned()),
        "DOWNSTREAM_PEER_URI_SAN" => Some(context.seen.peer.clone().unwrap_or_default()),
        "DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT" | "DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT" => {
            context.seen.source_ip.clone()
        }
        _ => None,
    }
}

fn header(name: &str, request: &Headers, context: Context<'_>) -> Option<String> {
    match name.to_ascii_lowercase().as_str() {
        ":authority" | "host" => Some(context.authority.to_owned()),
        ":method" => Some(context.seen.method.clone()),
        ":path" => Some(context.seen.path.clone()),
        ":scheme" => Some(SCHEME.to_owned()),
        name => request.first(name).map(str::to_owned),
    }
}

/// Splits `:LENGTH` off; `None` if it is no number.
fn length(text: &str) -> Option<(&str, Option<usize>)> {
    match text.split_once(':') {
        None => Some((text, None)),
        Some((rest, length)) => length.parse().ok().map(|length| (rest, Some(length))),
    }
}

fn cut(value: &str, length: Option<usize>) -> String {
    let mut end = length.unwrap_or(value.len()).min(value.len());
    while !value.is_char_boundary(end) {
        end -= 1;
    }
    value[..end].to_owned()
}
