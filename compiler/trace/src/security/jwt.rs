//! A token taken apart, as Envoy's library reads it.

use base64::Engine;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde_json::{Map, Value};

use super::Status;

/// Base64url as Envoy reads it: with padding or without.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// Algorithms that Envoy implements.
const ALGORITHMS: [&str; 13] = [
    "ES256", "ES384", "ES512", "HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "PS384",
    "PS512", "EdDSA",
];

/// How many seconds two clocks may differ.
const CLOCK_SKEW: u64 = 60;

/// A token whose form is right.
#[derive(Debug, Clone)]
pub(super) struct Jwt {
    /// What is signed: the first two parts.
    pub(super) signed: String,
    /// The payload as it stands.
    pub(super) payload_text: String,
    pub(super) signature: Vec<u8>,
    pub(super) alg: String,
    /// Empty where there is none.
    pub(super) kid: String,
    pub(super) issuer: String,
    pub(super) audiences: Vec<String>,
    /// 0 where there is none.
    not_before: u64,
    /// 0 where there is none.
    expires: u64,
    pub(super) claims: Map<String, Value>,
}

/// Decodes base64url.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    BASE64.decode(text).ok()
}

impl Jwt {
    /// Takes a token apart.
    pub(super) fn parse(token: &str) -> Result<Self, Status> {
        let parts: Vec<&str> = token.split('.').filter(|part| !part.is_empty()).collect();
        let [header_text, payload_text, signature_text] = parts.as_slice() else {
            return Err(Status::BadFormat);
        };
        let header = decode(header_text).ok_or(Status::HeaderBadBase64)?;
        let header = object(&header).ok_or(Status::HeaderBadJson)?;
        let alg = header.get("alg").and_then(Value::as_str).ok_or(Status::HeaderBadAlg)?;
        if !ALGORITHMS.contains(&alg) {
            return Err(Status::HeaderUnknownAlg);
        }
        let kid = text(&header, "kid", Status::HeaderBadKid)?;
        let payload = decode(payload_text).ok_or(Status::PayloadBadBase64)?;
        let claims = object(&payload).ok_or(Status::PayloadBadJson)?;
        let issuer = text(&claims, "iss", Status::IssuerNoText)?;
        text(&claims, "sub", Status::SubjectNoText)?;
        seconds(&claims, "iat", Status::IssuedAtNoInteger, Status::IssuedAtOutOfRange)?;
        let not_before = seconds(&claims, "nbf", Status::NotBeforeNoInteger, Status::NotBeforeOutOfRange)?;
        let expires = seconds(&claims, "exp", Status::ExpiresNoInteger, Status::ExpiresOutOfRange)?;
        text(&claims, "jti", Status::IdNoText)?;
        let audiences = match claims.get("aud") {
            None => Vec::new(),
            Some(Value::String(one)) => vec![one.clone()],
            Some(Value::Array(several)) => several
                .iter()
                .map(|audience| audience.as_str().map(str::to_owned).ok_or(Status::AudienceNoText))
                .collect::<Result<_, _>>()?,
            Some(_) => return Err(Status::AudienceNoText),
        };
        Ok(Self {
            signed: format!("{header_text}.{payload_text}"),
            payload_text: (*payload_text).to_owned(),
            signature: decode(signature_text).ok_or(Status::SignatureBadBase64)?,
            alg: alg.to_owned(),
            kid,
            issuer,
            audiences,
            not_before,
            expires,
            claims,
        })
    }

    /// Whether it holds now.
    pub(super) fn holds_at(&self, now: u64) -> Result<(), Status> {
        if now.saturating_add(CLOCK_SKEW) < self.not_before {
            return Err(Status::NotYetValid);
        }
        if self.expires != 0 && now > self.expires.saturating_add(CLOCK_SKEW) {
            return Err(Status::Expired);
        }
        Ok(())
    }
}

fn object(bytes: &[u8]) -> Option<Map<String, Value>> {
    serde_json::from_slice(bytes).ok()
}

fn text(of: &Map<String, Value>, key: &str, wrong: Status) -> Result<String, Status> {
    match of.get(key) {
        None => Ok(String::new()),
        Some(Value::String(text)) => Ok(text.clone()),
        Some(_) => Err(wrong),
    }
}

fn seconds(of: &Map<String, Value>, key: &str, wrong: Status, out_of_range: Status) -> Result<u64, Status> {
    let Some(value) = of.get(key) else { return Ok(0) };
    let number = value.as_f64().ok_or(wrong)?;
    // The number of seconds is a double in Envoy's reading too.
    if (0.0..18_446_744_073_709_551_616.0).contains(&number) { Ok(number as u64) } else { Err(out_of_range) }
}
