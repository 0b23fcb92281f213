//! `networking.istio.io` VirtualService.

use indexmap::IndexMap;
use meshc_syntax::de::{Duration, NotYet, Spanned};
use serde::Deserialize;

use super::{Destination, StringMatch};

/// How requests to some hosts are routed.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct VirtualService {
    /// Names, short or full, or with a leading wildcard.
    pub hosts: Vec<Spanned<String>>,
    /// `mesh`, `NAME` or `NAMESPACE/NAME`; `mesh` alone when empty.
    pub gateways: Vec<Spanned<String>>,
    /// First match wins.
    pub http: Vec<Spanned<HttpRoute>>,
    /// Routes by SNI, not yet.
    pub tls: Option<NotYet>,
    /// Routes of raw TCP, not yet.
    pub tcp: Option<NotYet>,
    /// Namespaces that see it: `.`, `*` or names.
    pub export_to: Vec<Spanned<String>>,
}

/// One HTTP route.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
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
    pub redirect: Option<Spanned<HttpRedirect>>,
    /// An answer at once.
    pub direct_response: Option<Spanned<HttpDirectResponse>>,
    /// Another VirtualService decides the rest.
    pub delegate: Option<Spanned<Delegate>>,
    /// Changes of path and authority.
    pub rewrite: Option<Spanned<HttpRewrite>>,
    /// The whole request, all tries.
    pub timeout: Option<Spanned<Duration>>,
    /// Retries.
    pub retries: Option<Spanned<HttpRetry>>,
    /// Faults on purpose.
    pub fault: Option<Spanned<Fault>>,
    /// One copy.
    pub mirror: Option<Spanned<Destination>>,
    /// Several copies.
    pub mirrors: Vec<Spanned<HttpMirrorPolicy>>,
    /// Deprecated: a whole number of percent.
    #[serde(alias = "mirror_percent")]
    pub mirror_percent: Option<Spanned<u32>>,
    /// The share of requests that `mirror` copies.
    pub mirror_percentage: Option<Spanned<Percent>>,
    /// Cross-origin rules.
    pub cors_policy: Option<Spanned<CorsPolicy>>,
    /// Header operations on all destinations.
    pub headers: Option<Spanned<Headers>>,
}

/// A condition on a request; all that is set must hold.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
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
    /// Statistics under a name of their own, not yet.
    pub stat_prefix: Option<NotYet>,
}

/// A destination with its share.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct HttpRouteDestination {
    /// Where.
    pub destination: Option<Spanned<Destination>>,
    /// Its share of the sum of weights.
    pub weight: Option<Spanned<i32>>,
    /// Header operations for this destination.
    pub headers: Option<Spanned<Headers>>,
}

/// Istio's `HTTPRedirect`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct HttpRedirect {
    /// The new path. `%PREFIX()%`-prefixed values replace the prefix.
    pub uri: Option<Spanned<String>>,
    /// The new host.
    pub authority: Option<Spanned<String>>,
    /// The new port.
    pub port: Option<Spanned<u32>>,
    /// The new port, worked out.
    pub derive_port: Option<Spanned<DerivePort>>,
    /// The new scheme.
    pub scheme: Option<Spanned<String>>,
    /// 301 unless set.
    pub redirect_code: Option<Spanned<u32>>,
    /// Replaces the matched prefix.
    pub prefix_rewrite: Option<Spanned<String>>,
}

/// How a redirect's port is worked out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum DerivePort {
    /// 80 for `http`, 443 for `https`.
    FromProtocolDefault,
    /// That of the request.
    FromRequestPort,
}

/// Istio's `HTTPDirectResponse`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct HttpDirectResponse {
    /// The status.
    pub status: Option<Spanned<u32>>,
    /// The body.
    pub body: Option<Spanned<HttpBody>>,
}

/// A body: one of the two.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct HttpBody {
    /// Text.
    pub string: Option<Spanned<String>>,
    /// Base64.
    pub bytes: Option<Spanned<String>>,
}

/// The VirtualService that decides the rest.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Delegate {
    /// Its name.
    pub name: Option<Spanned<String>>,
    /// Its namespace; that of the root when empty.
    pub namespace: Option<Spanned<String>>,
}

/// Istio's `HTTPRewrite`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct HttpRewrite {
    /// Replaces the matched part of the path.
    pub uri: Option<Spanned<String>>,
    /// Replaces the host.
    pub authority: Option<Spanned<String>>,
    /// Replaces by expression.
    pub uri_regex_rewrite: Option<Spanned<RegexRewrite>>,
}

/// A replacement by RE2 expression.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RegexRewrite {
    /// RE2.
    #[serde(rename = "match")]
    pub matches: Option<Spanned<String>>,
    /// With `\1`.
    pub rewrite: Option<Spanned<String>>,
}

/// Istio's `HTTPRetry`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct HttpRetry {
    /// Retries at most; zero switches them off.
    pub attempts: Option<Spanned<i32>>,
    /// One try.
    pub per_try_timeout: Option<Spanned<Duration>>,
    /// Envoy's conditions, comma-separated; numbers are status codes.
    pub retry_on: Option<Spanned<String>>,
    /// Other localities too.
    pub retry_remote_localities: Option<Spanned<bool>>,
    /// Not the same host again; true unless set.
    pub retry_ignore_previous_hosts: Option<Spanned<bool>>,
    /// The first wait.
    pub backoff: Option<Spanned<Duration>>,
}

/// Istio's `HTTPFaultInjection`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Fault {
    /// Wait.
    pub delay: Option<Spanned<Delay>>,
    /// Answer in place of the service.
    pub abort: Option<Spanned<Abort>>,
}

/// A wait.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Delay {
    /// How long.
    pub fixed_delay: Option<Spanned<Duration>>,
    /// How often; never when absent, as in Istio.
    pub percentage: Option<Spanned<Percent>>,
    /// Deprecated: a whole number of percent.
    pub percent: Option<Spanned<i32>>,
    /// In Istio's schema, unused by Istio too: not yet.
    pub exponential_delay: Option<NotYet>,
}

/// An answer in place of the service's: one of the three.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Abort {
    /// The HTTP status.
    pub http_status: Option<Spanned<i32>>,
    /// The gRPC status, by name or number.
    pub grpc_status: Option<Spanned<String>>,
    /// In Istio's schema, unused by Istio too: not yet.
    pub http2_error: Option<NotYet>,
    /// How often; never when absent, as in Istio.
    pub percentage: Option<Spanned<Percent>>,
}

/// Istio's `Percent`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Percent {
    /// 0 to 100.
    pub value: Option<Spanned<f64>>,
}

/// Istio's `HTTPMirrorPolicy`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct HttpMirrorPolicy {
    /// Where the copy goes.
    pub destination: Option<Spanned<Destination>>,
    /// How often; always when absent.
    pub percentage: Option<Spanned<Percent>>,
}

/// Istio's `CorsPolicy`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CorsPolicy {
    /// Deprecated: exact origins.
    pub allow_origin: Vec<Spanned<String>>,
    /// Origins.
    pub allow_origins: Vec<Spanned<StringMatch>>,
    /// Methods.
    pub allow_methods: Vec<Spanned<String>>,
    /// Request headers.
    pub allow_headers: Vec<Spanned<String>>,
    /// Response headers.
    pub expose_headers: Vec<Spanned<String>>,
    /// How long a browser may remember.
    pub max_age: Option<Spanned<Duration>>,
    /// Credentials.
    pub allow_credentials: Option<Spanned<bool>>,
    /// What becomes of preflights from other origins.
    pub unmatched_preflights: Option<Spanned<UnmatchedPreflights>>,
}

/// What becomes of preflights from other origins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum UnmatchedPreflights {
    /// Istio's default: forward.
    Unspecified,
    /// To the service.
    Forward,
    /// Answered without the headers.
    Ignore,
}

/// Istio's `Headers`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Headers {
    /// On the request.
    pub request: Option<Spanned<HeaderOperations>>,
    /// On the response.
    pub response: Option<Spanned<HeaderOperations>>,
}

/// Istio's `HeaderOperations`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct HeaderOperations {
    /// Replaces.
    pub set: IndexMap<Spanned<String>, Spanned<String>>,
    /// Appends.
    pub add: IndexMap<Spanned<String>, Spanned<String>>,
    /// Removes.
    pub remove: Vec<Spanned<String>>,
}
