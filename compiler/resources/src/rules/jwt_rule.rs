//! A rule about tokens that cannot work.

use meshc_diagnostics::{Diagnostic, declare_rule};

use crate::Object;
use crate::istio::RequestAuthentication;

declare_rule! {
    /// ## What it does
    /// Finds a JWT rule with neither `issuer` nor `jwksUri`, a `jwksUri` that is no URL of HTTP or HTTPS, and a
    /// timeout that is no whole number of milliseconds, or none at all.
    ///
    /// ## What happens to traffic
    /// Istio's webhook refuses the RequestAuthentication: no token is verified.
    ///
    /// ## Example
    /// ```yaml
    /// jwtRules:
    ///   - jwksUri: idp.example.com/keys
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// jwtRules:
    ///   - issuer: https://idp.example.com
    ///     jwksUri: https://idp.example.com/keys
    /// ```
    ///
    /// ## Covers
    /// IST0106 (what Istio's webhook refuses).
    pub JWT_RULE = "MC0409", "jwt-rule", Error, Document,
    "A rule about tokens that cannot work",
    ["IST0106"]
}

/// A millisecond.
const MILLISECOND: i64 = 1_000_000;

/// Each rule can be followed.
pub(crate) fn check(object: &Object<RequestAuthentication>, found: &mut Vec<Diagnostic>) {
    for rule in &object.spec.jwt_rules {
        let issuer = rule.issuer.as_ref().filter(|issuer| !issuer.is_empty());
        if issuer.is_none() && rule.jwks_uri().is_none() {
            let message = "this rule has neither `issuer` nor `jwksUri`: Istio refuses it";
            found.push(
                object
                    .finding(&JWT_RULE, rule.span, message)
                    .help("name the `issuer` whose tokens are meant, as in their `iss`"),
            );
        }
        if let Some(uri) = rule.jwks_uri()
            && let Some(wrong) = wrong_uri(uri)
        {
            let message = format!("`{}` {wrong}: Istio refuses the rule", uri.value);
            found.push(
                object.finding(&JWT_RULE, uri.span, message).help("such as `https://idp.example.com/keys`"),
            );
        }
        if let Some(timeout) = &rule.timeout {
            let nanos = timeout.as_nanos();
            if nanos < MILLISECOND || nanos % MILLISECOND != 0 {
                let message =
                    format!("{} is no whole number of milliseconds: Istio refuses it", timeout.value);
                found.push(object.finding(&JWT_RULE, timeout.span, message));
            }
        }
    }
}

/// As Go's `url.Parse` and Istio's `ParseJwksURI`.
fn wrong_uri(uri: &str) -> Option<&'static str> {
    if uri.chars().any(|c| c.is_ascii_control()) {
        return Some("has a control character");
    }
    let Some((scheme, rest)) = uri.split_once("://") else { return Some("is no URL") };
    if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") {
        return Some("is neither `http://` nor `https://`");
    }
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let after = match host.strip_prefix('[') {
        Some(rest) => match rest.split_once(']') {
            Some((_, after)) => after,
            None => return Some("lacks a `]`"),
        },
        None => host.find(':').map_or("", |colon| &host[colon..]),
    };
    if after.is_empty() {
        return host.contains(' ').then_some("has a space in its host");
    }
    match after.strip_prefix(':') {
        Some("") => None,
        Some(port) if port.bytes().all(|b| b.is_ascii_digit()) && port.len() < 19 => None,
        _ => Some("has a port that is no number"),
    }
}

#[cfg(test)]
mod tests {
    use super::wrong_uri;

    #[test]
    fn uris_are_read_as_go_does() {
        for good in ["https://a.b/c", "HTTP://a:80", "https://[::1]:80/x", "https://u:p@h/x"] {
            assert_eq!(wrong_uri(good), None, "{good}");
        }
        for bad in ["a.b/c", "ftp://a", "https://a:b", "https://[::1", "https://a:1:2"] {
            assert!(wrong_uri(bad).is_some(), "{bad}");
        }
    }
}
