//! A second opinion on what proxies do, by the book and by enumeration: written from Envoy's API documents with string
//! operations alone, without the algebra of request sets and without the interpreter. Slow, and for small alphabets.
//!
//! - [`Sent`] is a request, [`universe`] gives every request that some texts could tell apart.
//! - [`taken_by`] says which virtual host and route of a table take it, [`passes`] whether a proxy's policies let it in.
//! - [`outcome`] says what becomes of it, in a form in which equal behaviour is equal text.
#![allow(dead_code, unused_imports, reason = "each test file uses its own part of the judge")]

mod hosts;
mod matching;
mod outcome;
mod rules;
mod universe;

use std::collections::BTreeMap;
use std::net::IpAddr;

use meshc_effective::model::{Route, RouteTable, VirtualHost};

pub(crate) use hosts::host_of;
pub(crate) use matching::{path_holds, rest_holds, takes, text_holds};
pub(crate) use outcome::{of_taken, outcome};
pub(crate) use rules::{Fate, passes};
pub(crate) use universe::{Universe, universe};

/// A request as routes see it: normalised, its query apart.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Sent {
    pub(crate) method: String,
    pub(crate) authority: String,
    /// Without the query.
    pub(crate) path: String,
    /// Query parameters in their order; the first of a name counts.
    pub(crate) query: Vec<(String, String)>,
    /// Names in lower case.
    pub(crate) headers: BTreeMap<String, String>,
    /// The identity in the client's certificate; none: plaintext.
    pub(crate) peer: Option<String>,
    /// The client's address.
    pub(crate) source: Option<IpAddr>,
}

impl Default for Sent {
    fn default() -> Self {
        Self {
            method: "GET".to_owned(),
            authority: "example.com".to_owned(),
            path: "/".to_owned(),
            query: Vec::new(),
            headers: BTreeMap::new(),
            peer: None,
            source: None,
        }
    }
}

impl Sent {
    /// The path with its query, as it is sent.
    pub(crate) fn target(&self) -> String {
        let parameter = |(name, value): &(String, String)| {
            if value.is_empty() { name.clone() } else { format!("{name}={value}") }
        };
        let query: Vec<String> = self.query.iter().map(parameter).collect();
        if query.is_empty() { self.path.clone() } else { format!("{}?{}", self.path, query.join("&")) }
    }

    /// Reads a request as it is sent, whose path is normal.
    pub(crate) fn read(
        method: &str,
        authority: &str,
        target: &str,
        headers: &BTreeMap<String, String>,
    ) -> Self {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let parameters = query.split('&').filter(|part| !part.is_empty());
        let pair = |part: &str| {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            (name.to_owned(), value.to_owned())
        };
        Self {
            method: method.to_owned(),
            authority: authority.to_owned(),
            path: path.to_owned(),
            query: parameters.map(pair).collect(),
            headers: headers.clone(),
            ..Self::default()
        }
    }
}

/// The virtual host and the route that take a request: a virtual host without a route answers 404, a table without a
/// virtual host too.
pub(crate) fn taken_by<'t>(
    table: &'t RouteTable,
    sent: &Sent,
) -> (Option<&'t VirtualHost>, Option<(usize, &'t Route)>) {
    taken_in(table, host_of(table, &sent.authority), sent)
}

/// The same for a request whose virtual host is known by its place.
pub(crate) fn taken_in<'t>(
    table: &'t RouteTable,
    at: Option<usize>,
    sent: &Sent,
) -> (Option<&'t VirtualHost>, Option<(usize, &'t Route)>) {
    let Some(at) = at else { return (None, None) };
    let host = &table.virtual_hosts[at];
    let secure = sent.headers.get("x-forwarded-proto").is_some_and(|proto| proto == "https");
    if host.require_tls && !secure {
        return (Some(host), None);
    }
    (Some(host), host.routes.iter().enumerate().find(|(_, route)| takes(&route.matches, sent)))
}
