//! HTTP routes of VirtualServices as Envoy takes them, for sidecars and gateways alike
//! (Istio's `pilot/pkg/networking/core/route`).

mod action;
mod cors;
mod defaults;
mod describe;
mod fault;
mod hash;
mod headers;
mod matching;
mod redirect;
mod retry;
mod rule;

use std::collections::BTreeMap;

use meshc_mesh::MeshConfig;
use meshc_resources::istio::Destination;

use crate::model::{HashPolicy, Route};

pub(crate) use defaults::{allow_any, block_all, inbound, service};
pub(crate) use hash::{hashes, of_destination, of_service};
pub(crate) use rule::routes;

/// For whom routes are made: what decides between the conditions that a proxy never sees.
pub(crate) struct Perspective<'a> {
    /// The proxy's namespace.
    pub(crate) namespace: &'a str,
    /// The proxy's labels.
    pub(crate) labels: &'a BTreeMap<String, String>,
    /// `mesh`, or the gateway `NAMESPACE/NAME`.
    pub(crate) gateway: &'a str,
    /// The port that requests come to: the service's for sidecars, the server's for gateways.
    pub(crate) port: u16,
    /// Whether the listener terminates TLS.
    pub(crate) tls: bool,
    /// The settings of the whole mesh.
    pub(crate) config: &'a MeshConfig,
    /// The only port of a service, where it has only one that the proxy can mean.
    pub(crate) only_port: &'a dyn Fn(&str) -> Option<u16>,
    /// The name that a destination stands for, where it is another's.
    pub(crate) alias: &'a dyn Fn(&str) -> Option<String>,
    /// What of a request to a destination is hashed.
    pub(crate) hash: &'a dyn Fn(&Destination) -> Option<HashPolicy>,
}

/// Whether a route takes every request: a prefix `/` or an expression `.*`, and nothing else.
pub(crate) fn is_catch_all(route: &Route) -> bool {
    use crate::model::PathMatch;
    let path = match &route.matches.path {
        PathMatch::Prefix(prefix) | PathMatch::PathSeparatedPrefix(prefix) => prefix == "/",
        PathMatch::Regex(regex) => regex == ".*",
        PathMatch::Exact(_) => false,
    };
    path && route.matches.headers.is_empty()
        && route.matches.query.is_empty()
        && route.matches.metadata.is_empty()
}
