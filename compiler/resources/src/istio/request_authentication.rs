//! `security.istio.io` RequestAuthentication: which tokens a workload accepts, and what it makes of them.

use meshc_syntax::de::{Duration, NotYet, Spanned};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::common::{PolicyTargetReference, WorkloadSelector};

/// Which JSON Web Tokens are valid. A request without any is not refused by it.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("x-kubernetes-validations" = [{
    "rule": "(has(self.selector) ? 1 : 0) + (has(self.targetRef) ? 1 : 0) + (has(self.targetRefs) ? 1 : 0) <= 1",
    "message": "only one of targetRefs or selector can be set",
}]))]
pub struct RequestAuthentication {
    /// The pods.
    pub selector: Option<Spanned<WorkloadSelector>>,
    /// Deprecated form of `targetRefs`.
    pub target_ref: Option<Spanned<PolicyTargetReference>>,
    /// Gateways (and what ambient mode attaches to) in place of a selector.
    #[schemars(length(max = 16))]
    pub target_refs: Vec<Spanned<PolicyTargetReference>>,
    /// One for each issuer.
    #[schemars(length(max = 4096))]
    pub jwt_rules: Vec<Spanned<JwtRule>>,
}

/// Istio's `JWTRule`: one issuer's tokens.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("x-kubernetes-validations" = [{
    "rule": "(has(self.jwksUri) ? 1 : 0) + (has(self.jwks_uri) ? 1 : 0) + (has(self.jwks) ? 1 : 0) <= 1",
    "message": "only one of jwks or jwksUri can be set",
}]))]
pub struct JwtRule {
    /// The token's `iss`.
    #[schemars(length(min = 1))]
    pub issuer: Option<Spanned<String>>,
    /// One of them must be in the token's `aud`; none: any.
    #[schemars(transform = meshc_schema::items(json!({"minLength": 1})))]
    pub audiences: Vec<Spanned<String>>,
    /// Where the keys are.
    #[schemars(length(min = 1, max = 2048), extend("x-kubernetes-validations" = [{
        "rule": "url(self).getScheme() in [\"http\", \"https\"]",
        "message": "url must have scheme http:// or https://",
    }]))]
    pub jwks_uri: Option<Spanned<String>>,
    /// Another spelling of `jwksUri`.
    #[serde(rename = "jwks_uri")]
    #[schemars(length(min = 1, max = 2048), extend("x-kubernetes-validations" = [{
        "rule": "url(self).getScheme() in [\"http\", \"https\"]",
        "message": "url must have scheme http:// or https://",
    }]))]
    pub jwks_uri_snake: Option<Spanned<String>>,
    /// The keys themselves.
    pub jwks: Option<Spanned<String>>,
    /// Headers that hold the token; with no place given `authorization` and the parameter `access_token`.
    pub from_headers: Vec<Spanned<JwtHeader>>,
    /// Query parameters that hold the token.
    #[schemars(transform = meshc_schema::items(json!({"minLength": 1})))]
    pub from_params: Vec<Spanned<String>>,
    /// Cookies that hold the token.
    #[schemars(transform = meshc_schema::items(json!({"minLength": 1})))]
    pub from_cookies: Vec<Spanned<String>>,
    /// A header that gets the payload, base64url.
    pub output_payload_to_header: Option<Spanned<String>>,
    /// Whether the application sees the token.
    pub forward_original_token: Option<Spanned<bool>>,
    /// Headers that get one claim each.
    pub output_claim_to_headers: Vec<Spanned<ClaimToHeader>>,
    /// For fetching the keys; 5 s when absent.
    #[schemars(extend("x-kubernetes-validations" = [{
        "rule": "duration(self) >= duration('1ms')",
        "message": "must be a valid duration greater than 1ms",
    }]))]
    pub timeout: Option<Spanned<Duration>>,
    /// Claims that are lists in one text, beside `scope` and `permission`.
    #[schemars(length(max = 64), transform = meshc_schema::items(json!({"minLength": 1})))]
    pub space_delimited_claims: Vec<Spanned<String>>,
    /// Whether a request must have a token, not yet.
    #[schemars(with = "Option<String>", extend("enum" = ["OPTIONAL", "REQUIRED"]))]
    pub presence: Option<NotYet>,
}

impl JwtRule {
    /// Where the keys are, in either spelling.
    pub fn jwks_uri(&self) -> Option<&Spanned<String>> {
        self.jwks_uri.as_ref().or(self.jwks_uri_snake.as_ref()).filter(|uri| !uri.is_empty())
    }
}

/// Istio's `JWTHeader`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct JwtHeader {
    /// The header.
    #[schemars(required, length(min = 1))]
    pub name: Option<Spanned<String>>,
    /// What stands before the token.
    pub prefix: Option<Spanned<String>>,
}

/// Istio's `ClaimToHeader`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ClaimToHeader {
    /// The header.
    #[schemars(required, length(min = 1), regex(pattern = "^[-_A-Za-z0-9]+$"))]
    pub header: Option<Spanned<String>>,
    /// The claim, `a.b` for a nested one.
    #[schemars(required, length(min = 1))]
    pub claim: Option<Spanned<String>>,
}
