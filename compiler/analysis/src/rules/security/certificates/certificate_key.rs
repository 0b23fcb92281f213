//! A key that does not fit its certificate.

use meshc_diagnostics::{Diagnostic, declare_rule};
use x509_parser::certificate::X509Certificate;
use x509_parser::public_key::PublicKey;

use super::der::{Public, public_of, without_zeros};
use super::{Credential, Pair, pem};

declare_rule! {
    /// ## What it does
    /// Finds Secrets of gateways whose key is not that of the certificate beside it (RSA, and elliptic curves where the key
    /// tells its point).
    ///
    /// ## What happens to traffic
    /// Envoy refuses the pair: the gateway has no certificate, TLS handshakes fail.
    ///
    /// ## Example
    /// A Secret in which `tls.crt` was renewed and `tls.key` was not.
    ///
    /// ## Use instead
    /// The key that the certificate was made for.
    pub CERTIFICATE_KEY = "MC1516", "certificate-key", Error, Mesh,
    "A key that does not fit its certificate",
    []
}

/// The finding, if both tell what they are, and differ.
pub(super) fn finding(
    credential: &Credential<'_>,
    certificate: &X509Certificate<'_>,
    pair: &Pair<'_>,
) -> Option<Diagnostic> {
    let of_certificate = match certificate.public_key().parsed().ok()? {
        PublicKey::RSA(key) => Public::Modulus(without_zeros(key.modulus).to_vec()),
        PublicKey::EC(point) => Public::Point(point.data().to_vec()),
        _ => return None,
    };
    let blocks = pem::blocks(&pair.key.bytes);
    let of_key = blocks.iter().find_map(public_of)?;
    if of_key == of_certificate {
        return None;
    }
    let message = format!(
        "the key of Secret `{}/{}` does not fit its certificate: Envoy refuses both, TLS handshakes fail",
        credential.namespace, credential.name.value
    );
    Some(
        credential
            .finding(&CERTIFICATE_KEY, message)
            .label(pair.certificate.span, "the certificate")
            .label(pair.key.span, "the key of another one")
            .help(format!("put the key that the certificate was made for into `{}`", pair.key.name)),
    )
}
