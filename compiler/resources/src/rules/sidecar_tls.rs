//! TLS of a Sidecar's ingress that Istio refuses.

use meshc_diagnostics::{Diagnostic, Severity, declare_rule};
use meshc_source::Span;

use super::gateway::server_tls;
use crate::Object;
use crate::istio::{ServerTls, Sidecar, TlsMode};

declare_rule! {
    /// ## What it does
    /// Finds `tls` settings of a Sidecar's ingress listeners that Istio does not take there: certificates by name of a
    /// Secret, subject alternative names, redirects, Istio's own mutual TLS, TLS on a port that is neither HTTPS nor TLS,
    /// and missing files.
    ///
    /// ## What happens to traffic
    /// Istio's webhook refuses the Sidecar; nothing of it takes effect.
    ///
    /// ## Example
    /// ```yaml
    /// ingress:
    ///   - port: {number: 9080, protocol: HTTP, name: http}
    ///     tls: {mode: SIMPLE, credentialName: cert}
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// ingress:
    ///   - port: {number: 9443, protocol: HTTPS, name: https}
    ///     tls: {mode: SIMPLE, serverCertificate: /etc/cert.pem, privateKey: /etc/key.pem}
    /// ```
    ///
    /// ## Covers
    /// IST0106 (what Istio's webhook refuses) and IST0133 (what Istio's webhook warns of).
    pub SIDECAR_TLS = "MC0462", "sidecar-tls", Error, Document,
    "TLS settings of a Sidecar that Istio refuses",
    ["IST0106", "IST0133"]
}

/// `ValidateSidecar`'s part about TLS, and `validateTLSOptions`.
pub(crate) fn check(object: &Object<Sidecar>, found: &mut Vec<Diagnostic>) {
    for listener in &object.spec.ingress {
        let Some(tls) = &listener.tls else { continue };
        let protocol = listener.port.as_ref().and_then(|port| port.protocol.as_ref());
        let is_tls = protocol.is_some_and(|protocol| {
            protocol.eq_ignore_ascii_case("https") || protocol.eq_ignore_ascii_case("tls")
        });
        let mut wrong = |span: Span, why: &str| {
            let message = format!("{why}: Istio refuses the Sidecar");
            found.push(object.finding(&SIDECAR_TLS, span, message));
        };
        if listener.port.is_some() && !is_tls {
            wrong(tls.span, "TLS needs a port whose protocol is HTTPS or TLS");
        }
        not_here(tls, &mut wrong);
        files(tls, tls.span, &mut wrong);
        let mode = tls.mode.as_ref().map(|mode| mode.value).unwrap_or_default();
        if let Some(crl) = tls.ca_crl.as_ref().filter(|crl| !crl.is_empty() && mode == TlsMode::Simple) {
            wrong(crl.span, "`caCrl` is about clients, which SIMPLE does not ask");
        }
        for (span, message) in server_tls::suspicious(tls) {
            found.push(object.finding(&SIDECAR_TLS, span, message).severity(Severity::Warning));
        }
    }
}

/// Settings of gateways that a sidecar does not have.
fn not_here(tls: &ServerTls, wrong: &mut impl FnMut(Span, &str)) {
    if let Some(name) = tls.subject_alt_names.first() {
        wrong(name.span, "a sidecar cannot ask for `subjectAltNames`");
    }
    if let Some(redirect) = tls.https_redirect.as_ref().filter(|redirect| redirect.value) {
        wrong(redirect.span, "a sidecar does not redirect to HTTPS");
    }
    let name = tls.credential_name.as_ref().filter(|name| !name.is_empty());
    if let Some(name) = name.or(tls.credential_names.first()) {
        wrong(name.span, "a sidecar takes certificates from files, not from Secrets");
    }
    if let Some(certificate) = tls.tls_certificates.first() {
        wrong(certificate.span, "a sidecar takes one certificate, not `tlsCertificates`");
    }
    if let Some(mode) = &tls.mode
        && matches!(mode.value, TlsMode::IstioMutual | TlsMode::AutoPassthrough)
    {
        wrong(mode.span, "this mode is not for sidecars");
    }
}

/// What the modes need: only where no Secret has it.
fn files(tls: &ServerTls, span: Span, wrong: &mut impl FnMut(Span, &str)) {
    let mode = tls.mode.as_ref().map(|mode| mode.value).unwrap_or_default();
    let terminates = matches!(mode, TlsMode::Simple | TlsMode::Mutual | TlsMode::OptionalMutual);
    let secret = tls.credential_name.as_ref().is_some_and(|name| !name.is_empty());
    if !terminates || secret || !tls.credential_names.is_empty() || !tls.tls_certificates.is_empty() {
        return;
    }
    let missing =
        |file: &Option<meshc_syntax::de::Spanned<String>>| file.as_ref().is_none_or(|f| f.is_empty());
    if missing(&tls.server_certificate) {
        wrong(span, "this mode needs a `serverCertificate`");
    }
    if missing(&tls.private_key) {
        wrong(span, "this mode needs a `privateKey`");
    }
    if mode != TlsMode::Simple && missing(&tls.ca_certificates) {
        wrong(span, "this mode needs `caCertificates`");
    }
}
