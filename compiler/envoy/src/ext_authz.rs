//! The filters that ask a service whether a request or connection may pass.

use crate::bootstrap::{ApiVersion, GrpcService};
use crate::headers::HeaderValue;
use crate::jwt_authn::HttpUri;
use crate::matcher::{MetadataMatcher, StringMatcher};
use crate::message::message;

message! {
    /// `envoy.extensions.filters.http.ext_authz.v3.ExtAuthz`.
    pub struct HttpExtAuthz {
        /// The service over gRPC.
        pub grpc_service: Option<GrpcService>,
        /// The service over HTTP.
        pub http_service: Option<ExtAuthzHttpService>,
        /// The version of its API.
        pub transport_api_version: ApiVersion,
        /// Requests pass while it cannot be asked.
        pub failure_mode_allow: bool,
        /// How much of the body it sees.
        pub with_request_body: Option<BufferSettings>,
        /// The status while it cannot be asked.
        pub status_on_error: Option<HttpStatus>,
        /// Only for requests that an earlier filter marked.
        pub filter_enabled_metadata: Option<MetadataMatcher>,
        /// Headers that it sees.
        pub allowed_headers: Option<ListStringMatcher>,
    }

    /// `envoy.extensions.filters.network.ext_authz.v3.ExtAuthz`.
    pub struct NetworkExtAuthz {
        /// The name in statistics.
        pub stat_prefix: String,
        /// The service.
        pub grpc_service: Option<GrpcService>,
        /// Connections pass while it cannot be asked.
        pub failure_mode_allow: bool,
        /// The version of its API.
        pub transport_api_version: ApiVersion,
        /// Only for connections that an earlier filter marked.
        pub filter_enabled_metadata: Option<MetadataMatcher>,
    }

    /// A service over HTTP.
    pub struct ExtAuthzHttpService {
        /// Where.
        pub server_uri: Option<HttpUri>,
        /// Before the path.
        pub path_prefix: String,
        /// What it is asked.
        pub authorization_request: Option<AuthorizationRequest>,
        /// What becomes of its answer.
        pub authorization_response: Option<AuthorizationResponse>,
    }

    /// What a service is asked.
    pub struct AuthorizationRequest {
        /// More headers.
        pub headers_to_add: Vec<HeaderValue>,
    }

    /// What becomes of an answer.
    pub struct AuthorizationResponse {
        /// Headers that the upstream sees.
        pub allowed_upstream_headers: Option<ListStringMatcher>,
        /// Headers that the client sees when it is refused.
        pub allowed_client_headers: Option<ListStringMatcher>,
        /// Headers that the client sees when it is allowed.
        pub allowed_client_headers_on_success: Option<ListStringMatcher>,
    }

    /// How much of a body is seen.
    pub struct BufferSettings {
        /// At most.
        pub max_request_bytes: u32,
        /// More is cut off, not refused.
        pub allow_partial_message: bool,
        /// As bytes.
        pub pack_as_bytes: bool,
    }

    /// `envoy.type.matcher.v3.ListStringMatcher`: one of them.
    pub struct ListStringMatcher {
        /// The matchers.
        pub patterns: Vec<StringMatcher>,
    }

    /// `envoy.type.v3.HttpStatus`.
    pub struct HttpStatus {
        /// The status, by its name in Envoy's API.
        pub code: HttpStatusCode,
    }
}

macro_rules! status_codes {
    ($($(#[$meta:meta])* $number:literal $variant:ident $text:literal,)*) => {
        crate::message::proto_enum! {
            /// `envoy.type.v3.StatusCode`.
            pub enum HttpStatusCode {
                $($(#[$meta])* #[doc = concat!("The status ", stringify!($number), ".")] $variant = $number $text,)*
            }
        }

        impl HttpStatusCode {
            /// The status with this number, where Envoy has a name for it.
            pub fn from_number(number: u16) -> Option<Self> {
                match number {
                    $($number => Some(Self::$variant),)*
                    _ => None,
                }
            }
        }
    };
}

status_codes! {
    #[default]
    0 Empty "Empty",
    100 Continue "Continue",
    200 Ok "OK",
    201 Created "Created",
    202 Accepted "Accepted",
    203 NonAuthoritativeInformation "NonAuthoritativeInformation",
    204 NoContent "NoContent",
    205 ResetContent "ResetContent",
    206 PartialContent "PartialContent",
    207 MultiStatus "MultiStatus",
    208 AlreadyReported "AlreadyReported",
    226 ImUsed "IMUsed",
    300 MultipleChoices "MultipleChoices",
    301 MovedPermanently "MovedPermanently",
    302 Found "Found",
    303 SeeOther "SeeOther",
    304 NotModified "NotModified",
    305 UseProxy "UseProxy",
    307 TemporaryRedirect "TemporaryRedirect",
    308 PermanentRedirect "PermanentRedirect",
    400 BadRequest "BadRequest",
    401 Unauthorized "Unauthorized",
    402 PaymentRequired "PaymentRequired",
    403 Forbidden "Forbidden",
    404 NotFound "NotFound",
    405 MethodNotAllowed "MethodNotAllowed",
    406 NotAcceptable "NotAcceptable",
    407 ProxyAuthenticationRequired "ProxyAuthenticationRequired",
    408 RequestTimeout "RequestTimeout",
    409 Conflict "Conflict",
    410 Gone "Gone",
    411 LengthRequired "LengthRequired",
    412 PreconditionFailed "PreconditionFailed",
    413 PayloadTooLarge "PayloadTooLarge",
    414 UriTooLong "URITooLong",
    415 UnsupportedMediaType "UnsupportedMediaType",
    416 RangeNotSatisfiable "RangeNotSatisfiable",
    417 ExpectationFailed "ExpectationFailed",
    421 MisdirectedRequest "MisdirectedRequest",
    422 UnprocessableEntity "UnprocessableEntity",
    423 Locked "Locked",
    424 FailedDependency "FailedDependency",
    426 UpgradeRequired "UpgradeRequired",
    428 PreconditionRequired "PreconditionRequired",
    429 TooManyRequests "TooManyRequests",
    431 RequestHeaderFieldsTooLarge "RequestHeaderFieldsTooLarge",
    500 InternalServerError "InternalServerError",
    501 NotImplemented "NotImplemented",
    502 BadGateway "BadGateway",
    503 ServiceUnavailable "ServiceUnavailable",
    504 GatewayTimeout "GatewayTimeout",
    505 HttpVersionNotSupported "HTTPVersionNotSupported",
    506 VariantAlsoNegotiates "VariantAlsoNegotiates",
    507 InsufficientStorage "InsufficientStorage",
    508 LoopDetected "LoopDetected",
    510 NotExtended "NotExtended",
    511 NetworkAuthenticationRequired "NetworkAuthenticationRequired",
}
