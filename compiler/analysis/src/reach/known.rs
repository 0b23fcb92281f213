//! The reachability of many virtual hosts: lists of routes that ask for the same are worked out once.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::ptr;
use std::sync::Arc;

use meshc_diagnostics::WitnessRequest;
use meshc_effective::model::{Reader, RouteMatch, RouteTable, VirtualHost};
use meshc_predicate::Limits;

use super::{Asked, RouteReach, reach};
use crate::requests::hosts::representative;
use crate::requests::looks_at_authority;

/// What decides the reachability of a list of routes; the virtual host itself only where its domains matter.
#[derive(PartialEq, Eq, Hash)]
struct Key {
    matches: Vec<RouteMatch>,
    proxy: Reader,
    require_tls: bool,
    host: Option<(usize, usize)>,
}

/// What was worked out.
#[derive(Default)]
pub(crate) struct Known(HashMap<Key, Arc<Vec<RouteReach>>>);

impl Known {
    /// For each route of a virtual host, in order, whether some request reaches it.
    pub(crate) fn of(&mut self, asked: &Asked<'_>, at: usize, proxy: Reader) -> Arc<Vec<RouteReach>> {
        let Some(host) = asked.table.virtual_hosts.get(at) else { return Arc::default() };
        if let Some(plain) = plain(asked.table, host) {
            return Arc::new(plain);
        }
        let by_domains = host.routes.iter().any(|route| looks_at_authority(&route.matches));
        let key = Key {
            matches: host.routes.iter().map(|route| route.matches.clone()).collect(),
            proxy,
            require_tls: host.require_tls,
            host: by_domains.then(|| (ptr::from_ref(asked.table).addr(), at)),
        };
        match self.0.entry(key) {
            Entry::Vacant(new) => Arc::clone(new.insert(Arc::new(Self::reach(asked, at, host, proxy)))),
            Entry::Occupied(known) if by_domains => Arc::clone(known.get()),
            // The same routes behind another name.
            Entry::Occupied(known) => {
                if let Some(authority) = name(asked.table, host) {
                    return Arc::new(known.get().iter().map(|one| renamed(one, &authority)).collect());
                }
                match representative(asked.domains(), &asked.own(at), &Limits::default()) {
                    Ok(Some(authority)) => {
                        Arc::new(known.get().iter().map(|one| renamed(one, &authority)).collect())
                    }
                    Ok(None) => Arc::new(vec![RouteReach::no(); host.routes.len()]),
                    Err(error) => Arc::new(vec![RouteReach::unknown(error.to_string()); host.routes.len()]),
                }
            }
        }
    }

    pub(super) fn reach(asked: &Asked<'_>, at: usize, host: &VirtualHost, proxy: Reader) -> Vec<RouteReach> {
        if host.routes.is_empty() {
            return Vec::new();
        }
        let found = reach((asked.domains(), &asked.own(at)), host, proxy, &Limits::default());
        found.unwrap_or_else(|error| vec![RouteReach::unknown(error.to_string()); host.routes.len()])
    }
}

/// What is known of routes behind one name, behind another.
fn renamed(known: &RouteReach, authority: &str) -> RouteReach {
    let of = |request: &WitnessRequest| WitnessRequest { authority: authority.to_owned(), ..request.clone() };
    RouteReach {
        witness: known.witness.as_ref().map(of),
        hidden_request: known.hidden_request.as_ref().map(of),
        ..known.clone()
    }
}

/// A name that leads to a virtual host, where that is plain: Istio gives a domain to one virtual host alone.
fn name(table: &RouteTable, host: &VirtualHost) -> Option<String> {
    if host.domains.first().is_some_and(|domain| domain == "*") {
        // The host for all others, by a name that no other has.
        let mut domains = table.virtual_hosts.iter().flat_map(|host| &host.domains);
        return (!domains.any(|domain| takes(domain, OTHER))).then(|| OTHER.to_owned());
    }
    Some(host.domains.first().filter(|domain| !domain.contains(['*', ':']))?.to_ascii_lowercase())
}

/// A name that tables seldom have.
const OTHER: &str = "example.com";

/// Whether a domain other than `*` takes a name, or might.
fn takes(domain: &str, name: &str) -> bool {
    match (domain.strip_prefix('*'), domain.strip_suffix('*')) {
        (Some(""), _) => false,
        (Some(suffix), _) => name.ends_with(&suffix.to_ascii_lowercase()),
        (None, Some(prefix)) => name.starts_with(&prefix.to_ascii_lowercase()),
        (None, None) => domain.eq_ignore_ascii_case(name),
    }
}

/// A virtual host with a name of its own and one route, which takes every request: nothing is to be worked out.
fn plain(table: &RouteTable, host: &VirtualHost) -> Option<Vec<RouteReach>> {
    let [route] = host.routes.as_slice() else { return None };
    if !route.matches.is_any() || host.require_tls {
        return None;
    }
    let authority = name(table, host)?;
    let headers = std::collections::BTreeMap::new();
    let request = WitnessRequest { method: "GET".to_owned(), authority, path: "/".to_owned(), headers };
    Some(vec![RouteReach::yes(request)])
}
