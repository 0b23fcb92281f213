//! The filters of HTTPRoutes; those of GRPCRoutes are made of the same parts.

use meshc_syntax::de::Spanned;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{BackendObjectReference, LocalObjectReference, constraints};

/// Something done to a request or its response; `type` says which field is set.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(transform = constraints::http_filter)]
pub struct HttpRouteFilter {
    /// What is done.
    #[serde(rename = "type")]
    #[schemars(required)]
    pub kind: Option<Spanned<HttpRouteFilterType>>,
    /// Headers on the way in.
    pub request_header_modifier: Option<Spanned<HttpHeaderFilter>>,
    /// Headers on the way out.
    pub response_header_modifier: Option<Spanned<HttpHeaderFilter>>,
    /// Copies.
    pub request_mirror: Option<Spanned<HttpRequestMirrorFilter>>,
    /// Elsewhere, said to the client.
    pub request_redirect: Option<Spanned<HttpRequestRedirectFilter>>,
    /// Changes of path and host.
    pub url_rewrite: Option<Spanned<HttpUrlRewriteFilter>>,
    /// Cross-origin rules.
    pub cors: Option<Spanned<HttpCorsFilter>>,
    /// Who is asked first (experimental).
    pub external_auth: Option<Spanned<HttpExternalAuthFilter>>,
    /// Of an implementation; Istio knows none.
    pub extension_ref: Option<Spanned<LocalObjectReference>>,
}

/// The kinds of an HTTPRoute's filters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum HttpRouteFilterType {
    /// Headers on the way in.
    RequestHeaderModifier,
    /// Headers on the way out.
    ResponseHeaderModifier,
    /// Copies.
    RequestMirror,
    /// Elsewhere, said to the client.
    RequestRedirect,
    /// Changes of path and host.
    #[serde(rename = "URLRewrite")]
    UrlRewrite,
    /// Of an implementation.
    ExtensionRef,
    /// Cross-origin rules.
    #[serde(rename = "CORS")]
    Cors,
    /// Who is asked first (experimental).
    ExternalAuth,
}

/// Operations on headers.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct HttpHeaderFilter {
    /// Replaces.
    #[schemars(length(max = 16), transform = constraints::by_name)]
    pub set: Vec<Spanned<HttpHeader>>,
    /// Adds another value.
    #[schemars(length(max = 16), transform = constraints::by_name)]
    pub add: Vec<Spanned<HttpHeader>>,
    /// Takes away.
    #[schemars(length(max = 16), transform = constraints::set)]
    pub remove: Vec<Spanned<String>>,
}

/// A header with its value.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct HttpHeader {
    /// Its name.
    #[schemars(required, transform = constraints::header_name)]
    pub name: Option<Spanned<String>>,
    /// Its value (the standard channel takes any text).
    #[schemars(required, transform = constraints::header_value)]
    pub value: Option<Spanned<String>>,
}

/// Copies of requests; answers to them are thrown away.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("x-kubernetes-validations" = [{
    "rule": "!(has(self.percent) && has(self.fraction))",
    "message": "Only one of percent or fraction may be specified in HTTPRequestMirrorFilter"
}]))]
pub struct HttpRequestMirrorFilter {
    /// Where they go.
    #[schemars(required)]
    pub backend_ref: Option<Spanned<BackendObjectReference>>,
    /// Of how many requests; of all when absent.
    #[schemars(range(min = 0, max = 100))]
    pub percent: Option<Spanned<i32>>,
    /// The same as a fraction.
    pub fraction: Option<Spanned<Fraction>>,
}

/// A share.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("x-kubernetes-validations" = [{
    "rule": "self.numerator <= self.denominator",
    "message": "numerator must be less than or equal to denominator"
}]))]
pub struct Fraction {
    /// So many.
    #[schemars(required, range(min = 0))]
    pub numerator: Option<Spanned<i32>>,
    /// Of so many; 100 when absent.
    #[schemars(range(min = 1), extend("default" = 100))]
    pub denominator: Option<Spanned<i32>>,
}

/// Elsewhere, said to the client. What is absent stays as it is in the request.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct HttpRequestRedirectFilter {
    /// `http` or `https`.
    pub scheme: Option<Spanned<RedirectScheme>>,
    /// The host.
    #[schemars(transform = constraints::precise_hostname)]
    pub hostname: Option<Spanned<String>>,
    /// The path.
    pub path: Option<Spanned<HttpPathModifier>>,
    /// The port; when absent that of the scheme, or the listener's.
    #[schemars(transform = constraints::port)]
    pub port: Option<Spanned<i32>>,
    /// 302 when absent.
    #[schemars(extend("enum" = [301, 302, 303, 307, 308], "default" = 302))]
    pub status_code: Option<Spanned<i32>>,
}

/// A scheme.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RedirectScheme {
    /// Plaintext.
    Http,
    /// TLS.
    Https,
}

/// Changes of path and host.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct HttpUrlRewriteFilter {
    /// The host.
    #[schemars(transform = constraints::precise_hostname)]
    pub hostname: Option<Spanned<String>>,
    /// The path.
    pub path: Option<Spanned<HttpPathModifier>>,
}

/// A new path, or a new start of it.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(transform = constraints::path_modifier)]
pub struct HttpPathModifier {
    /// Which.
    #[serde(rename = "type")]
    #[schemars(required)]
    pub kind: Option<Spanned<HttpPathModifierType>>,
    /// For `ReplaceFullPath`.
    #[schemars(length(max = 1024))]
    pub replace_full_path: Option<Spanned<String>>,
    /// For `ReplacePrefixMatch`.
    #[schemars(length(max = 1024))]
    pub replace_prefix_match: Option<Spanned<String>>,
}

/// How a path is changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum HttpPathModifierType {
    /// The whole.
    ReplaceFullPath,
    /// The prefix that the rule matched.
    ReplacePrefixMatch,
}

/// Cross-origin rules.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct HttpCorsFilter {
    /// Origins: exact, with `*` for the start of the host, or `*`.
    #[schemars(length(max = 64), transform = constraints::allowed_origins)]
    pub allow_origins: Vec<Spanned<String>>,
    /// Whether credentials may be sent.
    pub allow_credentials: Option<Spanned<bool>>,
    /// Methods, or `*`.
    #[schemars(length(max = 9), transform = constraints::allowed_methods)]
    pub allow_methods: Vec<Spanned<CorsMethod>>,
    /// Request headers, or `*`.
    #[schemars(length(max = 64), transform = constraints::allowed_headers)]
    pub allow_headers: Vec<Spanned<String>>,
    /// Response headers.
    #[schemars(length(max = 64), transform = constraints::header_names)]
    pub expose_headers: Vec<Spanned<String>>,
    /// How long a browser may remember, in seconds; 5 when absent.
    #[schemars(range(min = 1), extend("default" = 5))]
    pub max_age: Option<Spanned<i32>>,
}

/// A method, or all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum CorsMethod {
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
    /// `*`
    #[serde(rename = "*")]
    Any,
}

impl CorsMethod {
    /// As it is written.
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
            Self::Any => "*",
        }
    }
}

/// Who is asked before a request goes on (experimental).
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(transform = constraints::external_auth)]
pub struct HttpExternalAuthFilter {
    /// How it is asked.
    #[schemars(required)]
    pub protocol: Option<Spanned<ExternalAuthProtocol>>,
    /// Who.
    #[schemars(required)]
    pub backend_ref: Option<Spanned<BackendObjectReference>>,
    /// For `GRPC`.
    pub grpc: Option<Spanned<GrpcAuthConfig>>,
    /// For `HTTP`.
    pub http: Option<Spanned<HttpAuthConfig>>,
    /// Whether the body is shown.
    pub forward_body: Option<Spanned<ForwardBodyConfig>>,
}

/// How an authorizer is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum ExternalAuthProtocol {
    /// Plain HTTP.
    Http,
    /// Envoy's `ext_authz`.
    Grpc,
}

/// An authorizer that speaks gRPC.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct GrpcAuthConfig {
    /// Headers that it sees; all when empty.
    #[schemars(length(max = 64), transform = constraints::set)]
    pub allowed_headers: Vec<Spanned<String>>,
}

/// An authorizer that speaks HTTP.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct HttpAuthConfig {
    /// In front of the request's own path.
    #[schemars(
        length(max = 1024),
        regex(pattern = r"^(?:[-A-Za-z0-9/._~!$&'()*+,;=:@]|[%][0-9a-fA-F]{2})+$")
    )]
    pub path: Option<Spanned<String>>,
    /// Headers that it sees beside the usual ones.
    #[schemars(length(max = 64), transform = constraints::set)]
    pub allowed_headers: Vec<Spanned<String>>,
    /// Headers of its answer that go on; all when empty.
    #[schemars(length(max = 64), transform = constraints::set)]
    pub allowed_response_headers: Vec<Spanned<String>>,
}

/// How much of a body is shown.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ForwardBodyConfig {
    /// In bytes; 0 or absent: none.
    #[schemars(range(min = 0))]
    pub max_size: Option<Spanned<i32>>,
}
