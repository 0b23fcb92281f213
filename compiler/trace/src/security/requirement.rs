//! What Istio's filter requires of tokens: none, or valid ones. As Envoy's verifiers go through it.

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use meshc_effective::model::{JwtAuthentication, JwtKeys, JwtProvider};
use serde_json::Value;

use super::jwt::Jwt;
use super::places::{self, Found};
use super::{Checks, Status, Step};
use crate::TraceError;
use crate::seen::Seen;

/// What comes of the requirement.
pub(super) struct Verified<'m> {
    pub(super) status: Status,
    /// Of the last valid token.
    pub(super) claims: Option<Value>,
    pub(super) steps: Vec<Step<'m>>,
}

/// Puts a request through the requirement.
pub(super) fn verify<'m>(
    checks: &Checks<'m, '_>,
    jwt: &'m JwtAuthentication,
    seen: &mut Seen,
) -> Result<Verified<'m>, TraceError> {
    let mut verifier = Verifier { checks, jwt, seen, claims: None, steps: Vec::new() };
    let status = verifier.all()?;
    Ok(Verified { status, claims: verifier.claims, steps: verifier.steps })
}

struct Verifier<'m, 'c, 's> {
    checks: &'s Checks<'m, 'c>,
    jwt: &'m JwtAuthentication,
    seen: &'s mut Seen,
    claims: Option<Value>,
    steps: Vec<Step<'m>>,
}

impl<'m> Verifier<'m, '_, '_> {
    /// One provider: its token or none. Several: the token of any, or of each its own or none.
    fn all(&mut self) -> Result<Status, TraceError> {
        let count = self.jwt.providers.len();
        if count == 1 {
            return self.own_or_none(0);
        }
        let mut statuses = Vec::with_capacity(count + 1);
        for index in 0..count {
            let status = self.own(index)?;
            if status == Status::Ok {
                return Ok(status);
            }
            statuses.push(status);
        }
        let mut together = Status::Ok;
        for index in 0..count {
            together = self.own_or_none(index)?;
            if together != Status::Ok {
                break;
            }
        }
        statuses.push(together);
        Ok(if together == Status::Ok { Status::Ok } else { Status::of_alternatives(&statuses) })
    }

    fn own_or_none(&mut self, index: usize) -> Result<Status, TraceError> {
        let own = self.own(index)?;
        if own == Status::Ok {
            return Ok(own);
        }
        let none = self.authenticate(index, true)?;
        Ok(if none == Status::Ok { none } else { Status::of_alternatives(&[own, none]) })
    }

    fn own(&mut self, index: usize) -> Result<Status, TraceError> {
        self.authenticate(index, false)
    }

    /// All tokens in the places of one provider: of its issuer, or, where none may be there, of any issuer.
    fn authenticate(&mut self, index: usize, allow_missing: bool) -> Result<Status, TraceError> {
        let Some(provider) = self.jwt.providers.get(index) else { return Ok(Status::Missed) };
        // What only the proxy may say is taken out first.
        for header in
            provider.payload_header.iter().chain(provider.claim_headers.iter().map(|(name, _)| name))
        {
            self.seen.headers.remove(header);
        }
        let mut tokens = places::extract(self.seen, &[provider]);
        let mut status = Status::Missed;
        while let Some(found) = tokens.pop() {
            status = match self.token(&found, (!allow_missing).then_some(provider)) {
                Ok(()) => Status::Ok,
                Err(Failure::Token(status)) => status,
                Err(Failure::Unknown(error)) => return Err(error),
            };
            if status != Status::Ok {
                let of_issuer = &provider.issuer;
                let text = format!(
                    "the token in {} for the issuer {of_issuer}: {}",
                    found.place.describe(),
                    status.text()
                );
                self.steps.push(Step { text, origins: provider.origins.iter().collect() });
            }
            if status != Status::Ok && !allow_missing {
                break;
            }
        }
        Ok(if allow_missing && status == Status::Missed { Status::Ok } else { status })
    }

    /// One token: its form, issuer, time, audience and signature, then what it changes.
    fn token(&mut self, found: &Found, of: Option<&'m JwtProvider>) -> Result<(), Failure> {
        let jwt = Jwt::parse(&found.token)?;
        if !found.allows(&jwt.issuer) {
            return Err(Status::UnknownIssuer.into());
        }
        let of_issuer = |issuer: &str| self.jwt.providers.iter().find(|provider| provider.issuer == issuer);
        let provider =
            of.or_else(|| of_issuer(&jwt.issuer).or_else(|| of_issuer(""))).ok_or(Status::UnknownIssuer)?;
        jwt.holds_at(self.checks.now)?;
        if !allows(&provider.audiences, &jwt.audiences) {
            return Err(Status::AudienceNotAllowed.into());
        }
        let keys = match &provider.keys {
            JwtKeys::Inline(keys) => (self.checks.keys)(keys),
            JwtKeys::Remote(uri) => {
                let (issuer, place) = (provider.issuer.clone(), uri.clone());
                return Err(Failure::Unknown(TraceError::Keys { issuer, place }));
            }
            JwtKeys::Discovered => {
                let issuer = provider.issuer.clone();
                let place = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
                return Err(Failure::Unknown(TraceError::Keys { issuer, place }));
            }
        };
        match keys.verify(&jwt) {
            Status::Ok => {}
            status => return Err(status.into()),
        }
        self.accept(found, &jwt, provider);
        Ok(())
    }

    /// What a valid token changes: headers, and what later filters know.
    fn accept(&mut self, found: &Found, jwt: &Jwt, provider: &'m JwtProvider) {
        if let Some(header) = &provider.payload_header {
            self.seen.headers.append(header, jwt.payload_text.clone());
        }
        for (header, claim) in &provider.claim_headers {
            if let Some(text) = claim_text(&jwt.claims, claim) {
                self.seen.headers.append(header, text);
            }
        }
        if !provider.forward {
            found.place.remove(self.seen);
        }
        let mut claims = jwt.claims.clone();
        for name in &provider.space_delimited_claims {
            if let Some(claim) = claims.get_mut(name)
                && let Some(text) = claim.as_str()
            {
                let words = text.split(' ').filter(|word| !word.is_empty());
                *claim = Value::Array(words.map(|word| Value::String(word.to_owned())).collect());
            }
        }
        self.claims = Some(Value::Object(claims));
        let text = format!("the token in {} is valid, of the issuer {}", found.place.describe(), jwt.issuer);
        self.steps.push(Step { text, origins: provider.origins.iter().collect() });
    }
}

/// Why a token does not count.
enum Failure {
    /// It is not valid.
    Token(Status),
    /// Whether it is valid cannot be known.
    Unknown(TraceError),
}

impl From<Status> for Failure {
    fn from(status: Status) -> Self {
        Self::Token(status)
    }
}

/// Whether one of a token's audiences is among those of a provider; none of the latter: any.
fn allows(configured: &[String], audiences: &[String]) -> bool {
    if configured.is_empty() {
        return true;
    }
    let configured: BTreeSet<&str> = configured.iter().map(|audience| bare(audience)).collect();
    audiences.iter().any(|audience| configured.contains(bare(audience)))
}

/// An audience without its scheme and last slash, which do not count.
fn bare(audience: &str) -> &str {
    let rest = audience.strip_prefix("http://").or_else(|| audience.strip_prefix("https://"));
    let rest = rest.unwrap_or(audience);
    rest.strip_suffix('/').unwrap_or(rest)
}

/// A claim as a header's value; `a.b` is a claim within a claim. Structures become base64 of their JSON.
fn claim_text(claims: &serde_json::Map<String, Value>, path: &str) -> Option<String> {
    let mut names = path.split('.');
    let mut value = claims.get(names.next()?)?;
    for name in names {
        value = value.as_object()?.get(name)?;
    }
    let text = match value {
        Value::Null => return None,
        Value::String(text) => text.clone(),
        Value::Bool(flag) => flag.to_string(),
        Value::Number(number) => number_text(number.as_f64()?),
        Value::Array(_) | Value::Object(_) => STANDARD.encode(serde_json::to_string(value).ok()?),
    };
    (!text.is_empty()).then_some(text)
}

/// A whole number without a fraction, any other with six significant digits, as Envoy writes them.
fn number_text(number: f64) -> String {
    if number.fract() == 0.0 && number.abs() < 9.2e18 {
        return format!("{}", number as i64);
    }
    let exponent = number.abs().log10().floor() as i32;
    if (-5..6).contains(&exponent) {
        let decimals = usize::try_from(5 - exponent).unwrap_or_default();
        let text = format!("{number:.decimals$}");
        return text.trim_end_matches('0').trim_end_matches('.').to_owned();
    }
    let text = format!("{number:.5e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let mantissa = mantissa.trim_end_matches('0').trim_end_matches('.');
    let exponent: i32 = exponent.parse().unwrap_or_default();
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.abs())
}

#[cfg(test)]
mod tests {
    use super::{allows, number_text};

    #[test]
    fn audiences_are_compared_without_scheme_and_slash() {
        let of = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        assert!(allows(&of(&["https://a/"]), &of(&["x", "a"])));
        assert!(allows(&[], &[]) && !allows(&of(&["a"]), &[]));
    }

    #[test]
    fn numbers_are_written_as_envoy_does() {
        assert_eq!(number_text(3.0), "3");
        assert_eq!(number_text(1.5), "1.5");
        assert_eq!(number_text(0.1 + 0.2), "0.3");
        assert_eq!(number_text(1e20), "1e+20");
    }
}
