//! The request as it leaves for a destination: headers, host and path after all operations.

use std::collections::{BTreeMap, BTreeSet};

use meshc_effective::model::{AppendAction, WeightedDestination};

use crate::answer::{DestinationOps, Upstream};
use crate::format::Context;
use crate::forward::Forwarding;
use crate::headers::Headers;
use crate::matching::matched_len;
use crate::operations::Level;
use crate::timeout::Timeouts;
use meshc_envoy::without_query;
use meshc_re2::Error as Re2Error;

/// Headers that every proxy adds to every request: not shown unless the configuration touches them.
const LEFT_OUT: &[&str] = &[
    "content-length",
    "x-envoy-attempt-count",
    "x-envoy-expected-rq-timeout-ms",
    "x-forwarded-client-cert",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-port",
    "x-forwarded-proto",
    "x-request-id",
];

/// The request on its way to one destination.
pub(crate) struct Outgoing {
    /// The host.
    pub(crate) authority: String,
    /// As they arrive, those of every proxy included.
    pub(crate) headers: Headers,
    /// Names that operations touched.
    touched: BTreeSet<String>,
}

impl Forwarding<'_> {
    /// Host and headers on the way to a destination; without one, as if it did nothing of its own.
    pub(crate) fn outgoing(&self, destination: Option<&WeightedDestination>, limits: &Timeouts) -> Outgoing {
        let mut headers = self.seen.headers.clone();
        let mut touched = BTreeSet::new();
        if let Some(grpc) = &limits.grpc {
            headers.set("grpc-timeout", grpc.as_str());
        }
        let mut authority = self.seen.authority.clone();
        let route = &self.route.headers;
        let cluster = destination.map_or("", |d| d.cluster.as_str());
        let own = destination.map(|d| &d.headers);
        let own_lists =
            own.map_or((&[][..], &[][..]), |o| (o.request_add.as_slice(), o.request_remove.as_slice()));
        let route_lists = (route.request_add.as_slice(), route.request_remove.as_slice());
        let levels = if self.is_weighted() {
            vec![Level::of(&[own_lists]), Level::of(&[route_lists])]
        } else {
            vec![Level::of(&[route_lists, own_lists])]
        };
        let own_authority = own.and_then(|o| o.authority.as_ref());
        let last = levels.len() - 1;
        for (at, level) in levels.iter().enumerate() {
            let context = Context {
                seen: self.seen,
                authority: &authority,
                route: self.route.name.as_deref(),
                cluster,
            };
            level.apply_to_request(&mut headers, context);
            touched.extend(level.names());
            if at < last
                && let Some(own) = own_authority
            {
                authority.clone_from(own);
            }
        }
        let merged = own_authority.filter(|_| !self.is_weighted());
        let rewritten = merged.or(self.forward.rewrite.authority.as_ref()).or(route.authority.as_ref());
        if let Some(rewritten) = rewritten.filter(|r| !r.is_empty()) {
            if !authority.is_empty() {
                headers.set("x-envoy-original-host", authority.as_str());
            }
            authority.clone_from(rewritten);
        }
        Outgoing { authority, headers, touched }
    }

    /// What arrives at these destinations.
    pub(crate) fn upstream(
        &self,
        members: &[&WeightedDestination],
        outgoing: Vec<Outgoing>,
        limits: &Timeouts,
    ) -> Result<Upstream, Re2Error> {
        let path = self.path()?;
        let finish = |outgoing: Outgoing| {
            let mut headers = outgoing.headers;
            if path.is_some() {
                headers.set("x-envoy-original-path", self.seen.path.as_str());
            }
            for name in LEFT_OUT {
                if !outgoing.touched.contains(*name) {
                    headers.remove(name);
                }
            }
            (outgoing.authority, headers)
        };
        let several = self.forward.destinations.len() > 1;
        let mut by_destination = BTreeMap::new();
        let mut outgoing = outgoing;
        let base = if several { None } else { outgoing.pop() };
        let (authority, headers) = finish(base.unwrap_or_else(|| self.outgoing(None, limits)));
        for (destination, theirs) in members.iter().zip(outgoing) {
            let theirs = finish(theirs);
            let ops = difference((&authority, &headers), (&theirs.0, &theirs.1), destination);
            if ops != DestinationOps::default() {
                by_destination.entry(destination.cluster.clone()).or_insert(ops);
            }
        }
        Ok(Upstream {
            path: path.unwrap_or_else(|| self.seen.path.clone()),
            authority,
            headers: headers.into_joined(),
            by_destination,
        })
    }

    /// The path after rewriting; `None` where no rewrite is configured or one leaves nothing of the path, which
    /// Envoy ignores.
    fn path(&self) -> Result<Option<String>, Re2Error> {
        let path = &self.seen.path;
        let path_only = without_query(path);
        let rewrite = &self.forward.rewrite;
        if let Some(prefix) = rewrite.prefix.as_ref().filter(|p| !p.is_empty()) {
            let rest = &path[matched_len(&self.route.matches.path, path_only)..];
            return Ok(Some(format!("{prefix}{rest}")));
        }
        let Some(regex) = &rewrite.regex else { return Ok(None) };
        let new = self.regexes.replace_all(&regex.pattern, path_only, &regex.substitution)?;
        Ok((!new.is_empty()).then(|| format!("{new}{}", &path[path_only.len()..])))
    }
}

/// What a destination does to the request that would arrive without it. Computed from the results, so that
/// a route's operation that undoes a destination's is not shown as one.
fn difference(
    base: (&String, &Headers),
    theirs: (&String, &Headers),
    destination: &WeightedDestination,
) -> DestinationOps {
    let mut ops = DestinationOps::default();
    if base.0 != theirs.0 {
        ops.set.insert(":authority".to_owned(), theirs.0.clone());
    }
    for name in theirs.1.names() {
        let (old, new) = (base.1.values(name), theirs.1.values(name));
        let adds = || {
            let appends = |a: &AppendAction| *a == AppendAction::AppendIfExistsOrAdd;
            destination
                .headers
                .request_add
                .iter()
                .any(|a| a.name.eq_ignore_ascii_case(name) && appends(&a.action))
        };
        match new.strip_prefix(old) {
            Some([]) => {}
            Some(added) if adds() => {
                ops.add.insert(name.clone(), added.join(","));
            }
            _ => {
                ops.set.insert(name.clone(), new.join(","));
            }
        }
    }
    ops.remove = base.1.names().filter(|name| theirs.1.values(name).is_empty()).cloned().collect();
    ops
}
