//! Where tokens stand in a request.

use std::collections::{BTreeMap, BTreeSet};

use meshc_effective::model::JwtProvider;

use crate::seen::Seen;

/// Letters of a token, the dots between its parts included.
const TOKEN: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.";

/// A token in its place.
#[derive(Debug, Clone)]
pub(super) struct Found {
    /// The text.
    pub(super) token: String,
    /// The issuers that may stand there; an empty one is any.
    pub(super) issuers: BTreeSet<String>,
    /// The place.
    pub(super) place: Place,
}

/// Where a token stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    Header(String),
    Param(String),
    Cookie(String),
}

impl Found {
    /// Whether a token of this issuer may stand here.
    pub(super) fn allows(&self, issuer: &str) -> bool {
        self.issuers.contains("") || self.issuers.contains(issuer)
    }
}

impl Place {
    /// Takes the token out of the request; Envoy leaves cookies.
    pub(super) fn remove(&self, seen: &mut Seen) {
        match self {
            Self::Header(name) => seen.headers.remove(name),
            Self::Param(name) => seen.path = without_param(&seen.path, name),
            Self::Cookie(_) => {}
        }
    }

    /// In words.
    pub(super) fn describe(&self) -> String {
        match self {
            Self::Header(name) => format!("the header {name}"),
            Self::Param(name) => format!("the query parameter {name}"),
            Self::Cookie(name) => format!("the cookie {name}"),
        }
    }
}

/// The tokens of a request in the places of some providers, in Envoy's order.
pub(super) fn extract(seen: &Seen, providers: &[&JwtProvider]) -> Vec<Found> {
    // By header and prefix in one text, as Envoy sorts them.
    let mut headers: BTreeMap<String, (String, String, BTreeSet<String>)> = BTreeMap::new();
    let mut params: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut cookies: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for provider in providers {
        let issuer = || provider.issuer.clone();
        let mut header = |name: &str, prefix: &str| {
            let name = name.to_ascii_lowercase();
            let key = format!("{name}{prefix}");
            headers
                .entry(key)
                .or_insert_with(|| (name, prefix.to_owned(), BTreeSet::new()))
                .2
                .insert(issuer());
        };
        let unplaced = provider.from_headers.is_empty()
            && provider.from_params.is_empty()
            && provider.from_cookies.is_empty();
        if unplaced {
            header("authorization", "Bearer ");
            params.entry("access_token".to_owned()).or_default().insert(issuer());
        }
        for (name, prefix) in &provider.from_headers {
            header(name, prefix);
        }
        for name in &provider.from_params {
            params.entry(name.clone()).or_default().insert(issuer());
        }
        for name in &provider.from_cookies {
            cookies.entry(name.clone()).or_default().insert(issuer());
        }
    }
    let mut found = Vec::new();
    for (name, prefix, issuers) in headers.into_values() {
        let Some(value) = seen.header(&name) else { continue };
        let token = if prefix.is_empty() {
            value
        } else {
            let Some(at) = value.find(&prefix) else { continue };
            token_after(&value, at + prefix.len()).to_owned()
        };
        found.push(Found { token, issuers, place: Place::Header(name) });
    }
    for (name, issuers) in params {
        if let Some(token) = param(&seen.path, &name) {
            found.push(Found { token, issuers, place: Place::Param(name) });
        }
    }
    for (name, issuers) in cookies {
        if let Some(token) = cookie(seen, &name) {
            found.push(Found { token, issuers, place: Place::Cookie(name) });
        }
    }
    found
}

/// The first run of letters that a token may have; the whole value where there is none.
fn token_after(value: &str, from: usize) -> &str {
    let rest = value.get(from..).unwrap_or_default();
    let Some(start) = rest.bytes().position(|b| TOKEN.contains(&b)) else { return value };
    let run = rest.get(start..).unwrap_or_default();
    let end = run.bytes().position(|b| !TOKEN.contains(&b)).unwrap_or(run.len());
    run.get(..end).unwrap_or(run)
}

/// The first value of a query parameter, decoded.
fn param(path: &str, name: &str) -> Option<String> {
    let (_, query) = path.split_once('?')?;
    query.split('&').find_map(|pair| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decode(key) == name).then(|| decode(value))
    })
}

/// The path without one of its parameters.
fn without_param(path: &str, name: &str) -> String {
    let Some((base, query)) = path.split_once('?') else { return path.to_owned() };
    let kept: Vec<&str> = query
        .split('&')
        .filter(|pair| decode(pair.split_once('=').map_or(*pair, |(key, _)| key)) != name)
        .collect();
    if kept.is_empty() { base.to_owned() } else { format!("{base}?{}", kept.join("&")) }
}

/// Percent-decoded; what is no escape stays.
fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let hex = (byte == b'%').then(|| text.get(at + 1..at + 3)).flatten();
        if let Some(decoded) = hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            out.push(decoded);
            at += 3;
        } else {
            out.push(byte);
            at += 1;
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// The first cookie of this name, its quotes taken off.
fn cookie(seen: &Seen, name: &str) -> Option<String> {
    seen.headers.values("cookie").iter().flat_map(|value| value.split(';')).find_map(|pair| {
        let (key, value) = pair.trim_start().split_once('=')?;
        let unquoted = value.strip_prefix('"').and_then(|inner| inner.strip_suffix('"')).unwrap_or(value);
        (key == name).then(|| unquoted.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::{decode, param, token_after, without_param};

    #[test]
    fn tokens_are_found_behind_prefixes_and_in_queries() {
        assert_eq!(token_after("Bearer  a.b.c, x", 7), "a.b.c");
        assert_eq!(token_after("Bearer ", 7), "Bearer ");
        assert_eq!(param("/a?x=1&token=a%2Eb&token=c", "token").as_deref(), Some("a.b"));
        assert_eq!(without_param("/a?x=1&token=a", "token"), "/a?x=1");
        assert_eq!(without_param("/a?token=a", "token"), "/a");
        assert_eq!(decode("%zz%4"), "%zz%4");
    }
}
