//! The reachability of many virtual hosts: lists of routes that ask for the same are worked out once.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::ptr;
use std::sync::Arc;

use meshc_diagnostics::WitnessRequest;
use meshc_effective::model::{Reader, RouteMatch, VirtualHost};
use meshc_predicate::{Error, Limits};

use super::asked::OTHER;
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
        if let Some(plain) = plain(asked, host) {
            return Arc::new(plain);
        }
        let by_domains = by_domains(host);
        let key = Key {
            matches: host.routes.iter().map(|route| route.matches.clone()).collect(),
            proxy,
            require_tls: host.require_tls,
            host: by_domains.then(|| (ptr::from_ref(asked.table).addr(), at)),
        };
        if by_domains {
            let found = self.0.entry(key).or_insert_with(|| Arc::new(Self::reach(asked, at, host, proxy)));
            return Arc::clone(found);
        }
        let authority = match authority(asked, at) {
            Ok(Some(authority)) => authority,
            Ok(None) => return Arc::new(vec![RouteReach::no(); host.routes.len()]),
            Err(error) => return Arc::new(vec![RouteReach::unknown(error.to_string()); host.routes.len()]),
        };
        match self.0.entry(key) {
            Entry::Vacant(new) => Arc::clone(new.insert(Arc::new(Self::reach(asked, at, host, proxy)))),
            // The same routes behind another name.
            Entry::Occupied(known) => {
                Arc::new(known.get().iter().map(|one| renamed(one, &authority)).collect())
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

/// Whether it matters by which of its domains a virtual host is asked for.
pub(super) fn by_domains(host: &VirtualHost) -> bool {
    host.routes.iter().any(|route| looks_at_authority(&route.matches))
}

/// What a request asks for that is led to a virtual host; none if no request is.
pub(super) fn authority(asked: &Asked<'_>, at: usize) -> Result<Option<String>, Error> {
    if let Some(name) = asked.table.virtual_hosts.get(at).and_then(|host| name(asked, host)) {
        return Ok(Some(name));
    }
    representative(asked.domains(), &asked.own(at), &Limits::default())
}

/// A name that leads to a virtual host, where that is plain: Istio gives a domain to one virtual host alone.
fn name(asked: &Asked<'_>, host: &VirtualHost) -> Option<String> {
    if host.domains.first().is_some_and(|domain| domain == "*") {
        // The host for all others, by a name that no other has.
        return asked.has_others().then(|| OTHER.to_owned());
    }
    Some(host.domains.first().filter(|domain| !domain.contains(['*', ':']))?.to_ascii_lowercase())
}

/// A virtual host with a name of its own and one route, which takes every request: nothing is to be worked out.
pub(super) fn plain(asked: &Asked<'_>, host: &VirtualHost) -> Option<Vec<RouteReach>> {
    let [route] = host.routes.as_slice() else { return None };
    if !route.matches.is_any() || host.require_tls {
        return None;
    }
    let authority = name(asked, host)?;
    let headers = std::collections::BTreeMap::new();
    let request = WitnessRequest { method: "GET".to_owned(), authority, path: "/".to_owned(), headers };
    Some(vec![RouteReach::yes(request)])
}
