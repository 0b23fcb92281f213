//! Keys, and signatures by them.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ECDSA_P521_SHA512_FIXED, ED25519,
    RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY, RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY,
    RSA_PKCS1_2048_8192_SHA384, RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512,
    RsaParameters, RsaPublicKeyComponents, UnparsedPublicKey, VerificationAlgorithm,
};
use aws_lc_rs::{hmac, hmac::Algorithm};
use serde_json::Value;

use super::Status;
use super::jwt::{Jwt, decode};

/// A set of keys; those that Envoy cannot read are left out.
#[derive(Debug, Clone, Default)]
pub(crate) struct Keys(Vec<Key>);

/// One key.
#[derive(Debug, Clone)]
struct Key {
    /// Empty: any.
    kid: String,
    /// Empty: any.
    alg: String,
    material: Material,
}

#[derive(Debug, Clone)]
enum Material {
    Rsa { modulus: Vec<u8>, exponent: Vec<u8> },
    Ec { curve: Curve, point: Vec<u8> },
    Ed25519(Vec<u8>),
    Symmetric(Vec<u8>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Curve {
    P256,
    P384,
    P521,
}

impl Keys {
    /// Reads a JSON Web Key Set.
    pub(crate) fn read(jwks: &str) -> Self {
        let value: Value = serde_json::from_str(jwks).unwrap_or_default();
        let keys = value.get("keys").and_then(Value::as_array);
        Self(keys.into_iter().flatten().filter_map(key).collect())
    }

    /// Whether one of them made the token's signature.
    pub(super) fn verify(&self, jwt: &Jwt) -> Status {
        if self.0.is_empty() {
            return Status::NoValidKeys;
        }
        let mut matched = false;
        for key in &self.0 {
            let other_kid = !jwt.kid.is_empty() && !key.kid.is_empty() && key.kid != jwt.kid;
            if other_kid || !(key.alg.is_empty() || key.alg == jwt.alg) {
                continue;
            }
            matched = true;
            if key.material.made(jwt) {
                return Status::Ok;
            }
        }
        if matched { Status::VerificationFail } else { Status::NoKeyMatches }
    }
}

fn key(of: &Value) -> Option<Key> {
    let text = |field: &str| of.get(field).and_then(Value::as_str);
    let bytes = |field: &str| text(field).and_then(decode);
    let alg = text("alg").unwrap_or_default();
    let (family, material) = match text("kty")? {
        "RSA" => (&["RS", "PS"][..], Material::Rsa { modulus: bytes("n")?, exponent: bytes("e")? }),
        "EC" => {
            let (curve, length) = match text("crv").unwrap_or("P-256") {
                "P-256" => (Curve::P256, 32),
                "P-384" => (Curve::P384, 48),
                "P-521" => (Curve::P521, 66),
                _ => return None,
            };
            // An uncompressed point: 4, then both coordinates at full length.
            let mut point = vec![4];
            for coordinate in [bytes("x")?, bytes("y")?] {
                point.resize(point.len() + usize::saturating_sub(length, coordinate.len()), 0);
                point.extend(coordinate);
            }
            (&["ES"][..], Material::Ec { curve, point })
        }
        "OKP" if text("crv") == Some("Ed25519") => (&["EdDSA"][..], Material::Ed25519(bytes("x")?)),
        "oct" => (&["HS"][..], Material::Symmetric(bytes("k")?)),
        _ => return None,
    };
    let fits = alg.is_empty() || family.iter().any(|family| alg.starts_with(family));
    fits.then(|| Key { kid: text("kid").unwrap_or_default().to_owned(), alg: alg.to_owned(), material })
}

impl Material {
    fn made(&self, jwt: &Jwt) -> bool {
        let (message, signature) = (jwt.signed.as_bytes(), jwt.signature.as_slice());
        match self {
            Self::Rsa { modulus, exponent } => {
                let parameters: &RsaParameters = match jwt.alg.as_str() {
                    "RS256" => &RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY,
                    "RS384" => &RSA_PKCS1_2048_8192_SHA384,
                    "RS512" => &RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY,
                    "PS256" => &RSA_PSS_2048_8192_SHA256,
                    "PS384" => &RSA_PSS_2048_8192_SHA384,
                    "PS512" => &RSA_PSS_2048_8192_SHA512,
                    _ => return false,
                };
                let components = RsaPublicKeyComponents { n: modulus, e: exponent };
                components.verify(parameters, message, signature).is_ok()
            }
            Self::Ec { curve, point } => {
                let algorithm: &dyn VerificationAlgorithm = match (jwt.alg.as_str(), curve) {
                    ("ES256", Curve::P256) => &ECDSA_P256_SHA256_FIXED,
                    ("ES384", Curve::P384) => &ECDSA_P384_SHA384_FIXED,
                    ("ES512", Curve::P521) => &ECDSA_P521_SHA512_FIXED,
                    _ => return false,
                };
                UnparsedPublicKey::new(algorithm, point).verify(message, signature).is_ok()
            }
            Self::Ed25519(key) => {
                let key = UnparsedPublicKey::new(&ED25519 as &'static dyn VerificationAlgorithm, key);
                jwt.alg == "EdDSA" && key.verify(message, signature).is_ok()
            }
            Self::Symmetric(secret) => {
                let algorithm: Algorithm = match jwt.alg.as_str() {
                    "HS256" => hmac::HMAC_SHA256,
                    "HS384" => hmac::HMAC_SHA384,
                    "HS512" => hmac::HMAC_SHA512,
                    _ => return false,
                };
                hmac::verify(&hmac::Key::new(algorithm, secret), message, signature).is_ok()
            }
        }
    }
}
