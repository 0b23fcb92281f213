//! What Envoy says of a token.

/// The result of verifying a token, with the words that a client gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    Ok,
    Missed,
    NotYetValid,
    Expired,
    BadFormat,
    HeaderBadBase64,
    HeaderBadJson,
    HeaderBadAlg,
    HeaderUnknownAlg,
    HeaderBadKid,
    PayloadBadBase64,
    PayloadBadJson,
    IssuerNoText,
    SubjectNoText,
    IssuedAtNoInteger,
    IssuedAtOutOfRange,
    NotBeforeNoInteger,
    NotBeforeOutOfRange,
    ExpiresNoInteger,
    ExpiresOutOfRange,
    IdNoText,
    AudienceNoText,
    SignatureBadBase64,
    UnknownIssuer,
    AudienceNotAllowed,
    VerificationFail,
    NoKeyMatches,
    NoValidKeys,
}

impl Status {
    /// As Envoy writes it.
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Missed => "Jwt is missing",
            Self::NotYetValid => "Jwt not yet valid",
            Self::Expired => "Jwt is expired",
            Self::BadFormat => {
                "Jwt is not in the form of Header.Payload.Signature with two dots and 3 sections"
            }
            Self::HeaderBadBase64 => "Jwt header is an invalid Base64url encoded",
            Self::HeaderBadJson => "Jwt header is an invalid JSON",
            Self::HeaderBadAlg => "Jwt header [alg] field is required and must be a string",
            Self::HeaderUnknownAlg => "Jwt header [alg] is not supported",
            Self::HeaderBadKid => "Jwt header [kid] field is not a string",
            Self::PayloadBadBase64 => "Jwt payload is an invalid Base64url encoded",
            Self::PayloadBadJson => "Jwt payload is an invalid JSON",
            Self::IssuerNoText => "Jwt payload [iss] field is not a string",
            Self::SubjectNoText => "Jwt payload [sub] field is not a string",
            Self::IssuedAtNoInteger => "Jwt payload [iat] field is not an integer",
            Self::IssuedAtOutOfRange => "Jwt payload [iat] field is not a positive 64 bit integer",
            Self::NotBeforeNoInteger => "Jwt payload [nbf] field is not an integer",
            Self::NotBeforeOutOfRange => "Jwt payload [nbf] field is not a positive 64 bit integer",
            Self::ExpiresNoInteger => "Jwt payload [exp] field is not an integer",
            Self::ExpiresOutOfRange => "Jwt payload [exp] field is not a positive 64 bit integer",
            Self::IdNoText => "Jwt payload [jti] field is not a string",
            Self::AudienceNoText => "Jwt payload [aud] field is not a string or string list",
            Self::SignatureBadBase64 => "Jwt signature is an invalid Base64url encoded",
            Self::UnknownIssuer => "Jwt issuer is not configured",
            Self::AudienceNotAllowed => "Audiences in Jwt are not allowed",
            Self::VerificationFail => "Jwt verification fails",
            Self::NoKeyMatches => "Jwks doesn't have key to match kid or alg from Jwt",
            Self::NoValidKeys => "Jwks doesn't have any valid public key",
        }
    }

    /// Of several failures the one that says most: a missing token least, an unknown issuer next.
    pub(crate) fn of_alternatives(all: &[Self]) -> Self {
        all.iter().fold(Self::Missed, |worst, &status| {
            let says_more = !matches!(status, Self::Missed | Self::UnknownIssuer);
            if says_more || worst == Self::Missed { status } else { worst }
        })
    }
}
