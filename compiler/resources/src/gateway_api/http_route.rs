//! HTTPRoute.

use meshc_syntax::de::{Duration, Spanned};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{DefaultScope, HttpRouteFilter, ParentReference, SessionPersistence, constraints};

/// How HTTP requests of a Gateway, or to a Service, are routed.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct HttpRoute {
    /// What it attaches to.
    #[schemars(length(max = 32), transform = constraints::parent_refs)]
    pub parent_refs: Vec<Spanned<ParentReference>>,
    /// To which Gateways else (experimental).
    pub use_default_gateways: Option<Spanned<DefaultScope>>,
    /// Hosts of requests; those of the listener when empty.
    #[schemars(length(max = 16), transform = constraints::hostnames)]
    pub hostnames: Vec<Spanned<String>>,
    /// The most specific match wins. Absent: one rule that matches everything and has no backend.
    #[schemars(transform = constraints::http_rules)]
    pub rules: Option<Vec<Spanned<HttpRouteRule>>>,
}

/// Matches, with what becomes of the requests.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(transform = constraints::http_rule)]
pub struct HttpRouteRule {
    /// For people.
    #[schemars(transform = constraints::section_name)]
    pub name: Option<Spanned<String>>,
    /// Any of them. Absent: every request.
    #[schemars(
        length(max = 64),
        transform = constraints::atomic,
        extend("default" = [{"path": {"type": "PathPrefix", "value": "/"}}])
    )]
    pub matches: Option<Vec<Spanned<HttpRouteMatch>>>,
    /// What is done to requests and responses.
    #[schemars(length(max = 16), transform = constraints::http_filters)]
    pub filters: Vec<Spanned<HttpRouteFilter>>,
    /// Where to, by weight; none answers 500.
    #[schemars(length(max = 16), transform = constraints::atomic)]
    pub backend_refs: Vec<Spanned<HttpBackendRef>>,
    /// How long requests may take.
    pub timeouts: Option<Spanned<HttpRouteTimeouts>>,
    /// Retries (experimental).
    pub retry: Option<Spanned<HttpRouteRetry>>,
    /// The same backend for all requests of a client (experimental).
    pub session_persistence: Option<Spanned<SessionPersistence>>,
}

/// Conditions on a request; all must hold.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct HttpRouteMatch {
    /// The path; every one when absent.
    #[schemars(extend("default" = {"type": "PathPrefix", "value": "/"}))]
    pub path: Option<Spanned<HttpPathMatch>>,
    /// Headers.
    #[schemars(length(max = 16), transform = constraints::by_name)]
    pub headers: Vec<Spanned<HttpHeaderMatch>>,
    /// Query parameters.
    #[schemars(length(max = 16), transform = constraints::by_name)]
    pub query_params: Vec<Spanned<HttpQueryParamMatch>>,
    /// The method.
    pub method: Option<Spanned<HttpMethod>>,
}

/// A condition on the path.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(transform = constraints::path_match)]
pub struct HttpPathMatch {
    /// `PathPrefix` when absent.
    #[serde(rename = "type")]
    #[schemars(extend("default" = "PathPrefix"))]
    pub kind: Option<Spanned<PathMatchType>>,
    /// `/` when absent.
    #[schemars(length(max = 1024), extend("default" = "/"))]
    pub value: Option<Spanned<String>>,
}

impl HttpPathMatch {
    /// Its type, defaulted.
    pub fn kind(&self) -> PathMatchType {
        self.kind.as_ref().map_or(PathMatchType::PathPrefix, |kind| kind.value)
    }

    /// Its value, defaulted.
    pub fn value(&self) -> &str {
        self.value.as_ref().map_or("/", |value| value.value.as_str())
    }
}

/// How a path is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum PathMatchType {
    /// Equal.
    Exact,
    /// By whole segments.
    PathPrefix,
    /// By an expression, Istio's is RE2's.
    RegularExpression,
}

/// How a value is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum ValueMatchType {
    /// Equal.
    Exact,
    /// By an expression, Istio's is RE2's.
    RegularExpression,
}

/// A condition on a header.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct HttpHeaderMatch {
    /// `Exact` when absent.
    #[serde(rename = "type")]
    #[schemars(extend("default" = "Exact"))]
    pub kind: Option<Spanned<ValueMatchType>>,
    /// Of several with the same name the first counts.
    #[schemars(required, transform = constraints::header_name)]
    pub name: Option<Spanned<String>>,
    /// Its value (the standard channel takes any text).
    #[schemars(required, transform = constraints::header_value)]
    pub value: Option<Spanned<String>>,
}

/// A condition on a query parameter.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct HttpQueryParamMatch {
    /// `Exact` when absent.
    #[serde(rename = "type")]
    #[schemars(extend("default" = "Exact"))]
    pub kind: Option<Spanned<ValueMatchType>>,
    /// Of several with the same name the first counts.
    #[schemars(required, transform = constraints::header_name)]
    pub name: Option<Spanned<String>>,
    /// Its value.
    #[schemars(required, length(min = 1, max = 1024))]
    pub value: Option<Spanned<String>>,
}

/// A method.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum HttpMethod {
    /// `GET`
    Get,
    /// `HEAD`
    Head,
    /// `POST`
    Post,
    /// `PUT`
    Put,
    /// `DELETE`
    Delete,
    /// `CONNECT`
    Connect,
    /// `OPTIONS`
    Options,
    /// `TRACE`
    Trace,
    /// `PATCH`
    Patch,
}

impl HttpMethod {
    /// As it stands in a request.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
            Self::Connect => "CONNECT",
            Self::Options => "OPTIONS",
            Self::Trace => "TRACE",
            Self::Patch => "PATCH",
        }
    }
}

/// A destination with its share and its own filters.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(transform = constraints::backend)]
pub struct HttpBackendRef {
    /// Kubernetes's core when absent.
    #[schemars(transform = constraints::group, extend("default" = ""))]
    pub group: Option<Spanned<String>>,
    /// `Service` when absent.
    #[schemars(transform = constraints::kind, extend("default" = "Service"))]
    pub kind: Option<Spanned<String>>,
    /// Its name.
    #[schemars(required, transform = constraints::object_name)]
    pub name: Option<Spanned<String>>,
    /// The route's own when absent; another one needs a ReferenceGrant.
    #[schemars(transform = constraints::namespace)]
    pub namespace: Option<Spanned<String>>,
    /// Its port; a Service needs one.
    #[schemars(transform = constraints::port)]
    pub port: Option<Spanned<i32>>,
    /// Its share of the sum of weights; 1 when absent.
    #[schemars(range(min = 0, max = 1_000_000), extend("default" = 1))]
    pub weight: Option<Spanned<i32>>,
    /// For requests that go there.
    #[schemars(length(max = 16), transform = constraints::http_filters)]
    pub filters: Vec<Spanned<HttpRouteFilter>>,
}

/// How long requests may take.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("x-kubernetes-validations" = [{
    "rule": "!(has(self.request) && has(self.backendRequest) && duration(self.request) != duration('0s') && duration(self.backendRequest) > duration(self.request))",
    "message": "backendRequest timeout cannot be longer than request timeout"
}]))]
pub struct HttpRouteTimeouts {
    /// The whole request, all tries; 0 means no limit.
    #[schemars(transform = constraints::duration)]
    pub request: Option<Spanned<Duration>>,
    /// One try.
    #[schemars(transform = constraints::duration)]
    pub backend_request: Option<Spanned<Duration>>,
}

/// Retries (experimental).
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct HttpRouteRetry {
    /// Status codes that are tried again.
    #[schemars(transform = constraints::retry_codes)]
    pub codes: Vec<Spanned<i32>>,
    /// How often.
    #[schemars(range(min = 1), transform = constraints::plain_integer)]
    pub attempts: Option<Spanned<i32>>,
    /// The least wait between tries.
    #[schemars(transform = constraints::duration)]
    pub backoff: Option<Spanned<Duration>>,
}
