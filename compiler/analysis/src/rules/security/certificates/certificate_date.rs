//! A certificate that is not valid today.

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_source::Span;
use x509_parser::certificate::X509Certificate;

use super::Credential;
use crate::rules::context::Context;

declare_rule! {
    /// ## What it does
    /// Finds certificates of gateways that have expired or are not valid yet, and those that expire within 30 days (a warning).
    ///
    /// ## What happens to traffic
    /// Istio refuses an expired certificate: TLS handshakes fail.
    ///
    /// ## Example
    /// A Secret with a certificate of last year.
    ///
    /// ## Use instead
    /// One that is renewed by itself, by cert-manager for instance.
    ///
    /// ## Covers
    /// IST0161 (expired or not yet valid).
    pub CERTIFICATE_DATE = "MC1514", "certificate-date", Error, Mesh,
    "A certificate that is not valid today",
    ["IST0161"]
}

/// Seconds in 30 days.
const SOON: i64 = 30 * 24 * 3600;

/// The finding, if the clock says so.
pub(super) fn finding(
    context: &Context<'_>,
    credential: &Credential<'_>,
    certificate: &X509Certificate<'_>,
    span: Span,
) -> Option<Diagnostic> {
    let now = context.now?;
    let (from, until) = (certificate.validity().not_before, certificate.validity().not_after);
    let (what, error) = if now > until.timestamp() {
        (format!("expired on {until}: TLS handshakes fail"), true)
    } else if now < from.timestamp() {
        (format!("is not valid before {from}: TLS handshakes fail"), true)
    } else if until.timestamp() - now < SOON {
        (format!("expires on {until}"), false)
    } else {
        return None;
    };
    let message =
        format!("the certificate of Secret `{}/{}` {what}", credential.namespace, credential.name.value);
    let finding =
        credential.finding(&CERTIFICATE_DATE, message).label(span, "the certificate").help("renew it");
    Some(if error {
        credential.alias(finding, "IST0161")
    } else {
        finding.severity(meshc_diagnostics::Severity::Warning)
    })
}
