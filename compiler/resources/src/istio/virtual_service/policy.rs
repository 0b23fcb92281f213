//! What else holds for an HTTP route: retries, faults, mirrors, CORS, headers.

use indexmap::IndexMap;
use meshc_syntax::de::{Duration, Spanned};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::istio::{Destination, StringMatch, at_least_a_millisecond};

/// Istio's `HTTPRetry`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct HttpRetry {
    /// Retries at most; zero switches them off.
    pub attempts: Option<Spanned<i32>>,
    /// One try.
    #[schemars(extend("x-kubernetes-validations" = at_least_a_millisecond()))]
    pub per_try_timeout: Option<Spanned<Duration>>,
    /// Envoy's conditions, comma-separated; numbers are status codes.
    pub retry_on: Option<Spanned<String>>,
    /// Other localities too.
    #[schemars(extend("nullable" = true))]
    pub retry_remote_localities: Option<Spanned<bool>>,
    /// Not the same host again; true unless set.
    #[schemars(extend("nullable" = true))]
    pub retry_ignore_previous_hosts: Option<Spanned<bool>>,
    /// The first wait.
    #[schemars(extend("x-kubernetes-validations" = at_least_a_millisecond()))]
    pub backoff: Option<Spanned<Duration>>,
}

/// Istio's `HTTPFaultInjection`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Fault {
    /// Wait.
    pub delay: Option<Spanned<Delay>>,
    /// Answer in place of the service.
    pub abort: Option<Spanned<Abort>>,
}

/// A wait.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("x-meshc-one-of" = [["fixedDelay", "exponentialDelay"]]))]
pub struct Delay {
    /// How long.
    #[schemars(extend("x-kubernetes-validations" = at_least_a_millisecond()))]
    pub fixed_delay: Option<Spanned<Duration>>,
    /// How often; never when absent, as in Istio.
    pub percentage: Option<Spanned<Percent>>,
    /// Deprecated: a whole number of percent.
    pub percent: Option<Spanned<i32>>,
    /// In Istio's schema; Istio refuses it.
    #[schemars(extend("x-kubernetes-validations" = at_least_a_millisecond()))]
    pub exponential_delay: Option<Spanned<Duration>>,
}

/// An answer in place of the service's: one of the three.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("x-meshc-one-of" = [["httpStatus", "grpcStatus", "http2Error"]]))]
pub struct Abort {
    /// The HTTP status.
    pub http_status: Option<Spanned<i32>>,
    /// The gRPC status, by name or number.
    pub grpc_status: Option<Spanned<String>>,
    /// In Istio's schema; Istio refuses it.
    pub http2_error: Option<Spanned<String>>,
    /// How often; never when absent, as in Istio.
    pub percentage: Option<Spanned<Percent>>,
}

/// Istio's `Percent`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Percent {
    /// 0 to 100.
    pub value: Option<Spanned<f64>>,
}

/// Istio's `HTTPMirrorPolicy`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct HttpMirrorPolicy {
    /// Where the copy goes.
    #[schemars(required)]
    pub destination: Option<Spanned<Destination>>,
    /// How often; always when absent.
    pub percentage: Option<Spanned<Percent>>,
}

/// Istio's `CorsPolicy`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
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
    #[schemars(extend("x-kubernetes-validations" = at_least_a_millisecond()))]
    pub max_age: Option<Spanned<Duration>>,
    /// Credentials.
    #[schemars(extend("nullable" = true))]
    pub allow_credentials: Option<Spanned<bool>>,
    /// What becomes of preflights from other origins.
    pub unmatched_preflights: Option<Spanned<UnmatchedPreflights>>,
}

/// What becomes of preflights from other origins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
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
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Headers {
    /// On the request.
    pub request: Option<Spanned<HeaderOperations>>,
    /// On the response.
    pub response: Option<Spanned<HeaderOperations>>,
}

/// Istio's `HeaderOperations`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct HeaderOperations {
    /// Replaces.
    pub set: IndexMap<Spanned<String>, Spanned<String>>,
    /// Appends.
    pub add: IndexMap<Spanned<String>, Spanned<String>>,
    /// Removes.
    pub remove: Vec<Spanned<String>>,
}

/// The names of gRPC's statuses, each at the place of its number.
pub const GRPC_STATUSES: [&str; 17] = [
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
];
