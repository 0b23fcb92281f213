//! Envoy's CORS filter, which acts on routes that lead to a cluster.

use meshc_effective::model::{Cors, StringMatch};

use crate::headers::Headers;
use crate::matching::string_matches;
use crate::regexes::Regexes;
use crate::seen::Seen;
use meshc_re2::Error as Re2Error;

/// What the filter does with a request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct CorsVerdict {
    /// The answer to a preflight, where the filter gives one.
    pub(crate) preflight: Option<Headers>,
    /// What it sets on any response.
    pub(crate) response: Headers,
}

/// Envoy takes a request with an `Origin` for one of another site; a preflight is an `OPTIONS` with
/// `Access-Control-Request-Method` besides. The preflight of an origin that is not allowed goes to the service,
/// unless the policy says otherwise.
pub(crate) fn judge(cors: &Cors, seen: &Seen, regexes: &Regexes) -> Result<CorsVerdict, Re2Error> {
    let mut verdict = CorsVerdict::default();
    let Some(origin) = seen.headers.joined("origin").filter(|o| !o.is_empty()) else { return Ok(verdict) };
    let allowed = is_allowed(&cors.allow_origins, &origin, regexes)?;
    let credentials = cors.allow_credentials == Some(true);
    if allowed {
        verdict.response.set("access-control-allow-origin", origin.as_str());
        if credentials {
            verdict.response.set("access-control-allow-credentials", "true");
        }
        if !cors.expose_headers.is_empty() {
            verdict.response.set("access-control-expose-headers", cors.expose_headers.as_str());
        }
    }
    let asked_method = seen.headers.joined("access-control-request-method").unwrap_or_default();
    let preflight = seen.method == "OPTIONS" && !asked_method.is_empty();
    if preflight && (allowed || cors.forward_not_matching_preflights == Some(false)) {
        let mut answer = verdict.response.clone();
        if credentials {
            answer.set("access-control-allow-credentials", "true");
        }
        let asked_headers = seen.headers.joined("access-control-request-headers").unwrap_or_default();
        for (name, configured, asked) in [
            ("access-control-allow-methods", cors.allow_methods.as_str(), asked_method),
            ("access-control-allow-headers", cors.allow_headers.as_str(), asked_headers),
        ] {
            match configured {
                "" => {}
                "*" => answer.set(name, asked),
                _ => answer.set(name, configured),
            }
        }
        if let Some(max_age) = cors.max_age.as_deref().filter(|a| !a.is_empty()) {
            answer.set("access-control-max-age", max_age);
        }
        verdict.preflight = Some(answer);
    }
    Ok(verdict)
}

/// A condition that a star fulfils allows everyone, as Envoy reads it.
fn is_allowed(origins: &[StringMatch], origin: &str, regexes: &Regexes) -> Result<bool, Re2Error> {
    for condition in origins {
        if string_matches(condition, "*", false, regexes)?
            || string_matches(condition, origin, false, regexes)?
        {
            return Ok(true);
        }
    }
    Ok(false)
}
