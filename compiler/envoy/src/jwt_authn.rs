//! The HTTP filter that verifies tokens.

use std::collections::BTreeMap;

use crate::message::message;
use crate::route::RouteMatch;
use crate::scalar::{DataSource, Duration, Empty};

message! {
    /// `envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication`.
    pub struct JwtAuthentication {
        /// Issuers by a name of their own.
        pub providers: BTreeMap<String, JwtProvider>,
        /// The first that matches a request says what it needs.
        pub rules: Vec<RequirementRule>,
        /// CORS preflights pass.
        pub bypass_cors_preflight: bool,
    }

    /// One issuer's tokens.
    pub struct JwtProvider {
        /// The token's `iss`.
        pub issuer: String,
        /// One of them must be in the token's `aud`.
        pub audiences: Vec<String>,
        /// Keys that are fetched.
        pub remote_jwks: Option<RemoteJwks>,
        /// Keys that are here.
        pub local_jwks: Option<DataSource>,
        /// The upstream sees the token.
        pub forward: bool,
        /// Headers with the token.
        pub from_headers: Vec<JwtHeader>,
        /// Query parameters with the token.
        pub from_params: Vec<String>,
        /// The header that gets the payload.
        pub forward_payload_header: String,
        /// The key under which the payload is left for later filters.
        pub payload_in_metadata: String,
        /// How the payload is changed before.
        pub normalize_payload_in_metadata: Option<NormalizePayload>,
        /// Cookies with the token.
        pub from_cookies: Vec<String>,
        /// Headers that get claims.
        pub claim_to_headers: Vec<JwtClaimToHeader>,
        /// The route is chosen again.
        pub clear_route_cache: bool,
    }

    /// Keys that are fetched.
    pub struct RemoteJwks {
        /// Where.
        pub http_uri: Option<HttpUri>,
        /// For how long they are kept.
        pub cache_duration: Option<Duration>,
    }

    /// `envoy.config.core.v3.HttpUri`.
    pub struct HttpUri {
        /// The URL.
        pub uri: String,
        /// The cluster that is asked.
        pub cluster: Option<String>,
        /// For an answer.
        pub timeout: Option<Duration>,
    }

    /// A header with a token.
    pub struct JwtHeader {
        /// The header.
        pub name: String,
        /// What stands before the token.
        pub value_prefix: String,
    }

    /// How a payload is changed.
    pub struct NormalizePayload {
        /// Claims that are lists in one text.
        pub space_delimited_claims: Vec<String>,
    }

    /// A header that gets a claim.
    pub struct JwtClaimToHeader {
        /// The header.
        pub header_name: String,
        /// The claim.
        pub claim_name: String,
    }

    /// What some requests need.
    pub struct RequirementRule {
        /// Which.
        pub r#match: Option<RouteMatch>,
        /// What.
        pub requires: Option<JwtRequirement>,
    }

    /// What a request needs: one of the kinds.
    pub struct JwtRequirement {
        /// A token of this provider.
        pub provider_name: Option<String>,
        /// One of several.
        pub requires_any: Option<JwtRequirementList>,
        /// All of several.
        pub requires_all: Option<JwtRequirementList>,
        /// No token, or a valid one of any provider.
        pub allow_missing: Option<Empty>,
    }

    /// `JwtRequirementOrList` and `JwtRequirementAndList`.
    pub struct JwtRequirementList {
        /// The requirements.
        pub requirements: Vec<JwtRequirement>,
    }
}
