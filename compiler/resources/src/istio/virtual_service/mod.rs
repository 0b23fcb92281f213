//! `networking.istio.io` VirtualService.

mod action;
mod l4;
mod policy;

use indexmap::IndexMap;
use meshc_syntax::de::{Duration, Spanned};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Destination, StringMatch, at_least_a_millisecond};

pub use action::{
    Delegate, DerivePort, HttpBody, HttpDirectResponse, HttpRedirect, HttpRewrite, HttpRouteDestination,
    RegexRewrite,
};
pub use l4::{L4Match, RouteDestination, TcpRoute, TlsMatch, TlsRoute};
pub use policy::{
    Abort, CorsPolicy, Delay, Fault, GRPC_STATUSES, HeaderOperations, Headers, HttpMirrorPolicy, HttpRetry,
    Percent, UnmatchedPreflights,
};

/// How requests to some hosts are routed.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct VirtualService {
    /// Names, short or full, or with a leading wildcard.
    pub hosts: Vec<Spanned<String>>,
    /// `mesh`, `NAME` or `NAMESPACE/NAME`; `mesh` alone when empty.
    pub gateways: Vec<Spanned<String>>,
    /// First match wins.
    pub http: Vec<Spanned<HttpRoute>>,
    /// Routes of TLS that is not terminated, by SNI; first match wins.
    pub tls: Vec<Spanned<TlsRoute>>,
    /// Routes of raw TCP; first match wins.
    pub tcp: Vec<Spanned<TcpRoute>>,
    /// Namespaces that see it: `.`, `*` or names.
    pub export_to: Vec<Spanned<String>>,
}

/// One HTTP route.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct HttpRoute {
    /// For logs and statistics.
    pub name: Option<Spanned<String>>,
    /// Any of them; every request when empty.
    #[serde(rename = "match")]
    pub matches: Vec<Spanned<HttpMatch>>,
    /// Where to, by weight.
    pub route: Vec<Spanned<HttpRouteDestination>>,
    /// Elsewhere, said to the client.
    pub redirect: Option<Box<Spanned<HttpRedirect>>>,
    /// An answer at once.
    pub direct_response: Option<Box<Spanned<HttpDirectResponse>>>,
    /// Another VirtualService decides the rest.
    pub delegate: Option<Box<Spanned<Delegate>>>,
    /// Changes of path and authority.
    pub rewrite: Option<Box<Spanned<HttpRewrite>>>,
    /// The whole request, all tries.
    #[schemars(extend("x-kubernetes-validations" = at_least_a_millisecond()))]
    pub timeout: Option<Spanned<Duration>>,
    /// Retries.
    pub retries: Option<Box<Spanned<HttpRetry>>>,
    /// Faults on purpose.
    pub fault: Option<Box<Spanned<Fault>>>,
    /// One copy.
    pub mirror: Option<Box<Spanned<Destination>>>,
    /// Several copies.
    pub mirrors: Vec<Spanned<HttpMirrorPolicy>>,
    /// Deprecated: a whole number of percent.
    #[schemars(extend("nullable" = true))]
    pub mirror_percent: Option<Spanned<u32>>,
    /// The same in protobuf's spelling.
    #[serde(rename = "mirror_percent")]
    #[schemars(extend("nullable" = true))]
    pub mirror_percent_alias: Option<Spanned<u32>>,
    /// The share of requests that `mirror` copies.
    pub mirror_percentage: Option<Spanned<Percent>>,
    /// Cross-origin rules.
    pub cors_policy: Option<Box<Spanned<CorsPolicy>>>,
    /// Header operations on all destinations.
    pub headers: Option<Box<Spanned<Headers>>>,
}

/// A condition on a request; all that is set must hold.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct HttpMatch {
    /// For logs and statistics.
    pub name: Option<Spanned<String>>,
    /// The path.
    pub uri: Option<Spanned<StringMatch>>,
    /// `http` or `https`.
    pub scheme: Option<Spanned<StringMatch>>,
    /// The method.
    pub method: Option<Spanned<StringMatch>>,
    /// The host, with a port if the request has one.
    pub authority: Option<Spanned<StringMatch>>,
    /// Headers that must be there; an empty condition means present.
    pub headers: IndexMap<Spanned<String>, Spanned<StringMatch>>,
    /// The port that the request came to.
    pub port: Option<Spanned<u32>>,
    /// Labels of the caller.
    pub source_labels: IndexMap<Spanned<String>, Spanned<String>>,
    /// Gateways it holds for, in place of the resource's.
    pub gateways: Vec<Spanned<String>>,
    /// Query parameters.
    pub query_params: IndexMap<Spanned<String>, Spanned<StringMatch>>,
    /// The case of the path does not count (exact and prefix).
    pub ignore_uri_case: Option<Spanned<bool>>,
    /// Headers that must not be so.
    pub without_headers: IndexMap<Spanned<String>, Spanned<StringMatch>>,
    /// The namespace of the caller.
    pub source_namespace: Option<Spanned<String>>,
    /// Statistics of the route under this name.
    pub stat_prefix: Option<Spanned<String>>,
}

impl HttpRoute {
    /// The deprecated share of mirrored requests in percent, in either of its spellings.
    pub fn mirror_percent(&self) -> Option<&Spanned<u32>> {
        self.mirror_percent.as_ref().or(self.mirror_percent_alias.as_ref())
    }
}
