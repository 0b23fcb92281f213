//! What becomes of an HTTP request.

use meshc_syntax::de::Spanned;
use schemars::JsonSchema;
use serde::Deserialize;

use super::policy::Headers;
use crate::istio::Destination;

/// A destination with its share.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct HttpRouteDestination {
    /// Where.
    #[schemars(required)]
    pub destination: Option<Spanned<Destination>>,
    /// Its share of the sum of weights.
    pub weight: Option<Spanned<i32>>,
    /// Header operations for this destination.
    pub headers: Option<Box<Spanned<Headers>>>,
}

/// Istio's `HTTPRedirect`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("x-meshc-one-of" = [["port", "derivePort"]]))]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum DerivePort {
    /// 80 for `http`, 443 for `https`.
    FromProtocolDefault,
    /// That of the request.
    FromRequestPort,
}

/// Istio's `HTTPDirectResponse`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct HttpDirectResponse {
    /// The status.
    #[schemars(required)]
    pub status: Option<Spanned<u32>>,
    /// The body.
    pub body: Option<Spanned<HttpBody>>,
}

/// A body: one of the two.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("x-meshc-one-of" = [["string", "bytes"]]))]
pub struct HttpBody {
    /// Text.
    pub string: Option<Spanned<String>>,
    /// Base64.
    #[schemars(extend("format" = "byte"))]
    pub bytes: Option<Spanned<String>>,
}

/// The VirtualService that decides the rest.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Delegate {
    /// Its name.
    pub name: Option<Spanned<String>>,
    /// Its namespace; that of the root when empty.
    pub namespace: Option<Spanned<String>>,
}

/// Istio's `HTTPRewrite`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
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
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct RegexRewrite {
    /// RE2.
    #[serde(rename = "match")]
    pub matches: Option<Spanned<String>>,
    /// With `\1`.
    pub rewrite: Option<Spanned<String>>,
}
