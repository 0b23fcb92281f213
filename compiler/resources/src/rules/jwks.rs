//! Keys that cannot be read, and keys that nobody should see.

use meshc_diagnostics::{Diagnostic, declare_rule};
use serde_json::Value;

use crate::Object;
use crate::istio::RequestAuthentication;

declare_rule! {
    /// ## What it does
    /// Finds a `jwks` that is no JSON Web Key Set (RFC 7517), or one with a key that lacks what its type needs.
    ///
    /// ## What happens to traffic
    /// Istio's webhook refuses the RequestAuthentication: no token is verified.
    ///
    /// ## Example
    /// ```yaml
    /// jwks: '{"keys": [{"kty": "RSA", "kid": "k1"}]}'
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// jwks: '{"keys": [{"kty": "RSA", "kid": "k1", "e": "AQAB", "n": "xAE7eB6q…"}]}'
    /// ```
    ///
    /// ## Covers
    /// IST0106 (what Istio's webhook refuses).
    pub JWKS = "MC0410", "jwks", Error, Document,
    "A `jwks` that is no set of keys",
    ["IST0106"]
}

declare_rule! {
    /// ## What it does
    /// Finds private or symmetric keys in a `jwks`.
    ///
    /// ## What happens to traffic
    /// Nothing more than with the public key. But whoever can read the resource, or the Git repository, can sign
    /// tokens. Istio's webhook warns.
    ///
    /// ## Example
    /// ```yaml
    /// jwks: '{"keys": [{"kty": "RSA", "e": "AQAB", "n": "xAE7…", "d": "Kt3r…"}]}'
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// jwks: '{"keys": [{"kty": "RSA", "e": "AQAB", "n": "xAE7…"}]}'
    /// ```
    ///
    /// ## Covers
    /// IST0133 (what Istio's webhook warns of).
    pub PRIVATE_JWKS = "MC0411", "private-jwks", Warning, Document,
    "A `jwks` with a key that can sign",
    ["IST0133"]
}

/// Keys can be read, and cannot sign.
pub(crate) fn check(object: &Object<RequestAuthentication>, found: &mut Vec<Diagnostic>) {
    for rule in &object.spec.jwt_rules {
        let Some(jwks) = rule.jwks.as_ref().filter(|jwks| !jwks.is_empty()) else { continue };
        let keys = match keys(jwks) {
            Ok(keys) => keys,
            Err(wrong) => {
                let message = format!("this `jwks` {wrong}: Istio refuses the rule");
                found.push(
                    object
                        .finding(&JWKS, jwks.span, message)
                        .help("it is what the issuer's `jwks_uri` answers: `{\"keys\": [{\"kty\": …}]}`"),
                );
                continue;
            }
        };
        for (index, key) in keys.iter().enumerate().filter(|(_, key)| can_sign(key)) {
            let kind = if key.get("kty").is_some_and(|kty| kty == "oct") { "symmetric" } else { "private" };
            let message =
                format!("key {index} of this `jwks` is a {kind} one: whoever reads it can sign tokens");
            found.push(
                object
                    .finding(&PRIVATE_JWKS, jwks.span, message)
                    .help("keep the public key alone here, and make new keys"),
            );
        }
    }
}

/// The keys of a set, or the one key that stands for it.
fn keys(jwks: &str) -> Result<Vec<Value>, String> {
    let value: Value = serde_json::from_str(jwks).map_err(|error| format!("is no JSON ({error})"))?;
    let Value::Object(set) = &value else { return Err("is no JSON object".to_owned()) };
    let keys = match set.get("keys") {
        None => vec![value],
        Some(Value::Null) => Vec::new(),
        Some(Value::Array(keys)) => keys.clone(),
        Some(_) => return Err("has `keys` that are no list".to_owned()),
    };
    for (index, key) in keys.iter().enumerate() {
        wrong_key(key).map_or(Ok(()), |wrong| Err(format!("has a key ({index}) that {wrong}")))?;
    }
    Ok(keys)
}

/// What a key lacks.
fn wrong_key(key: &Value) -> Option<String> {
    let kty = key.get("kty").and_then(Value::as_str).unwrap_or_default();
    let needed: &[&str] = match kty {
        "RSA" => &["n", "e"],
        "EC" => &["x", "y"],
        "OKP" => &["x"],
        "oct" => &["k"],
        "" => return Some("has no `kty`".to_owned()),
        other => return Some(format!("has the unknown `kty` {other}")),
    };
    for field in needed {
        match key.get(*field).and_then(Value::as_str) {
            None => return Some(format!("lacks `{field}`")),
            Some(text) if !is_base64(text) => return Some(format!("has an `{field}` that is no base64url")),
            Some(_) => {}
        }
    }
    let curves: &[&str] = match kty {
        "EC" => &["P-256", "P-384", "P-521"],
        "OKP" => &["Ed25519", "Ed448", "X25519", "X448"],
        _ => return None,
    };
    let curve = key.get("crv").and_then(Value::as_str).unwrap_or_default();
    (!curves.contains(&curve)).then(|| format!("has an unknown curve `{curve}`"))
}

fn can_sign(key: &Value) -> bool {
    key.get("d").is_some() || key.get("kty").is_some_and(|kty| kty == "oct")
}

/// In either alphabet, with padding or without.
fn is_base64(text: &str) -> bool {
    let digits = text.trim_end_matches('=');
    let alphabet = |b: u8| b.is_ascii_alphanumeric() || b"-_+/".contains(&b);
    !digits.is_empty() && digits.bytes().all(alphabet) && digits.len() % 4 != 1
}
