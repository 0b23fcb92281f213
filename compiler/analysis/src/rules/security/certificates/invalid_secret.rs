//! A Secret of a gateway without a certificate that can be read.

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_source::Span;

use super::Credential;

declare_rule! {
    /// ## What it does
    /// Finds Secrets that Gateways name for their servers and that have no certificate with a key (`tls.crt` and `tls.key`, or
    /// `cert` and `key`), or whose certificate is none.
    ///
    /// ## What happens to traffic
    /// The gateway has no certificate: TLS handshakes fail.
    ///
    /// ## Example
    /// ```yaml
    /// data: {tls.cert: …, tls.key: …}
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// data: {tls.crt: …, tls.key: …}
    /// ```
    ///
    /// ## Covers
    /// IST0161.
    pub INVALID_SECRET = "MC1513", "invalid-secret", Error, Mesh,
    "A Secret of a gateway without a certificate that can be read",
    ["IST0161"]
}

/// The finding.
pub(super) fn finding(credential: &Credential<'_>, span: Span, why: &str) -> Diagnostic {
    let message = format!(
        "Secret `{}/{}` is of no use here: {why}: TLS handshakes fail",
        credential.namespace, credential.name.value
    );
    let finding = credential
        .finding(&INVALID_SECRET, message)
        .label(span, "here")
        .help("a Secret for a server has `tls.crt` and `tls.key`, both PEM");
    credential.alias(finding, "IST0161")
}
