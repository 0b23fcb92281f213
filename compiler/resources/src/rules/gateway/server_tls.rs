//! TLS of servers that Istio refuses.

use std::collections::BTreeSet;

use meshc_diagnostics::{Diagnostic, Severity, declare_rule};
use meshc_source::Span;
use meshc_syntax::de::Spanned;

use crate::Object;
use crate::istio::{CIPHER_SUITES, Gateway, Server, ServerTls, TlsMode, TlsVersion};
use crate::names;
use crate::rules::webhook::Refusals;

declare_rule! {
    /// ## What it does
    /// Finds servers of HTTPS or TLS without `tls`, `tls` on other ports (HTTP may redirect, nothing else), certificates that
    /// the mode needs and that are missing, several sources of certificates, and (as warnings) ciphers that Istio does not pass
    /// on, certificates that the mode does not use, and versions of TLS without ciphers for them.
    ///
    /// ## What happens to traffic
    /// Istio's webhook refuses the Gateway; nothing of it takes effect.
    ///
    /// ## Example
    /// ```yaml
    /// port: {number: 443, protocol: HTTPS, name: https}
    /// tls: {mode: SIMPLE}
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// port: {number: 443, protocol: HTTPS, name: https}
    /// tls: {mode: SIMPLE, credentialName: shop-cert}
    /// ```
    ///
    /// ## Covers
    /// IST0106 (what Istio's webhook refuses) and IST0133 (what Istio's webhook warns of).
    pub SERVER_TLS = "MC0277", "server-tls", Error, Document,
    "TLS settings of a Gateway that Istio refuses",
    ["IST0106", "IST0133"]
}

/// Each server.
pub(crate) fn check(object: &Object<Gateway>, found: &mut Vec<Diagnostic>) {
    for server in &object.spec.servers {
        if let Some(tls) = &server.tls {
            for (span, message) in suspicious(tls) {
                found.push(object.finding(&SERVER_TLS, span, message).severity(Severity::Warning));
            }
            redirect(object, server, tls, found);
            let mut refusals = Refusals { object, rule: &SERVER_TLS, found };
            options(&mut refusals, tls);
        }
        let mut refusals = Refusals { object, rule: &SERVER_TLS, found };
        refusals.maybe(server.tls.as_ref().map_or(server.span, |tls| tls.span), of_protocol(server));
    }
}

fn is_set(value: &Option<Spanned<String>>) -> bool {
    value.as_ref().is_some_and(|value| !value.is_empty())
}

fn mode(tls: &ServerTls) -> TlsMode {
    tls.mode.as_ref().map(|mode| mode.value).unwrap_or_default()
}

fn passes_through(tls: &ServerTls) -> bool {
    matches!(mode(tls), TlsMode::Passthrough | TlsMode::AutoPassthrough)
}

fn protocol(server: &Server) -> String {
    let protocol = server.port.as_ref().and_then(|port| port.protocol.as_ref());
    protocol.map(|protocol| protocol.to_ascii_lowercase()).unwrap_or_default()
}

/// Whether TLS and the protocol go together.
fn of_protocol(server: &Server) -> Option<&'static str> {
    let protocol = protocol(server);
    match (&server.tls, matches!(protocol.as_str(), "https" | "tls")) {
        (None, true) => Some("this protocol needs `tls`"),
        (Some(tls), false) if names::is_http_protocol(&protocol) => {
            let certificates =
                is_set(&tls.ca_certificates) || is_set(&tls.private_key) || is_set(&tls.server_certificate);
            (!passes_through(tls) || certificates)
                .then_some("plain HTTP has no TLS: only `httpsRedirect` can stand here")
        }
        (Some(_), false) => Some("this protocol has no TLS: write HTTPS or TLS"),
        _ => None,
    }
}

/// Certificates that the mode needs, and no others.
fn options(refusals: &mut Refusals<'_, Gateway>, tls: &Spanned<ServerTls>) {
    let by_name = is_set(&tls.credential_name) || !tls.credential_names.is_empty();
    let mode = mode(tls);
    if mode == TlsMode::IstioMutual {
        let others = [
            is_set(&tls.server_certificate),
            is_set(&tls.private_key),
            is_set(&tls.ca_certificates),
            !tls.tls_certificates.is_empty(),
            by_name,
        ];
        if others.contains(&true) {
            refusals.at(tls.span, "ISTIO_MUTUAL uses the workload's certificate, and no other");
        }
        return;
    }
    let sources = [
        is_set(&tls.server_certificate) && is_set(&tls.private_key),
        is_set(&tls.credential_name),
        !tls.credential_names.is_empty(),
        !tls.tls_certificates.is_empty(),
    ];
    if sources.into_iter().filter(|there| *there).count() > 1 {
        refusals.at(tls.span, "several sources of certificates: one of credentialName, credentialNames, tlsCertificates and serverCertificate");
    }
    let terminates = matches!(mode, TlsMode::Simple | TlsMode::Mutual | TlsMode::OptionalMutual);
    if terminates && by_name {
        return;
    }
    if terminates {
        files(refusals, tls, mode);
    }
    if is_set(&tls.ca_crl) {
        if is_set(&tls.credential_name) {
            refusals.at(tls.span, "`caCrl` is not for `credentialName`: the Secret has it");
        }
        if mode == TlsMode::Simple {
            refusals.at(tls.span, "`caCrl` is about clients, which SIMPLE does not ask");
        }
    }
}

fn files(refusals: &mut Refusals<'_, Gateway>, tls: &Spanned<ServerTls>, mode: TlsMode) {
    if mode != TlsMode::Simple && !is_set(&tls.ca_certificates) {
        refusals.at(tls.span, "this mode needs `caCertificates`, or a Secret by `credentialName`");
    }
    let mut pair = |span: Span, certificate: &Option<Spanned<String>>, key: &Option<Spanned<String>>| {
        if !is_set(certificate) {
            refusals.at(span, "this mode needs a `serverCertificate`, or a Secret by `credentialName`");
        }
        if !is_set(key) {
            refusals.at(span, "this mode needs a `privateKey`, or a Secret by `credentialName`");
        }
    };
    if tls.tls_certificates.is_empty() {
        pair(tls.span, &tls.server_certificate, &tls.private_key);
    }
    for certificate in &tls.tls_certificates {
        pair(certificate.span, &certificate.server_certificate, &certificate.private_key);
    }
}

/// What Istio takes with a warning (`validateTLSOptions`): of Gateways and Sidecars alike.
pub(crate) fn suspicious(tls: &Spanned<ServerTls>) -> Vec<(Span, String)> {
    let mut found = Vec::new();
    let mut warn = |span: Span, message: String| found.push((span, message));
    if let Some(version) = &tls.min_protocol_version
        && matches!(version.value, TlsVersion::Tls10 | TlsVersion::Tls11)
        && tls.cipher_suites.is_empty()
    {
        let message = "Envoy's ciphers are for TLS 1.2 and newer: name `cipherSuites` for older versions";
        warn(version.span, message.to_owned());
    }
    let mut seen = BTreeSet::new();
    for suite in &tls.cipher_suites {
        let operator = suite.chars().next().is_none_or(|first| !first.is_alphanumeric());
        if !operator && suite.value != "ALL" && !CIPHER_SUITES.contains(&suite.as_str()) {
            let message = format!("Istio leaves the cipher suite `{}` out: it does not know it", suite.value);
            warn(suite.span, message);
        } else if !seen.insert(suite.as_str()) {
            warn(suite.span, format!("the cipher suite `{}` stands there twice", suite.value));
        }
    }
    let certificates = is_set(&tls.ca_crl)
        || is_set(&tls.server_certificate)
        || is_set(&tls.private_key)
        || is_set(&tls.ca_certificates)
        || is_set(&tls.credential_name)
        || !tls.credential_names.is_empty()
        || !tls.tls_certificates.is_empty();
    if passes_through(tls) && certificates {
        let message = match &tls.mode {
            Some(_) => "TLS is passed on in this mode: certificates are not used",
            None => "without a `mode` TLS is passed on: certificates are not used",
        };
        warn(tls.mode.as_ref().map_or(tls.span, |mode| mode.span), message.to_owned());
    }
    found
}

fn redirect(object: &Object<Gateway>, server: &Server, tls: &ServerTls, found: &mut Vec<Diagnostic>) {
    let redirects = tls.https_redirect.as_ref().filter(|redirect| redirect.value);
    if let Some(redirect) = redirects.filter(|_| !names::is_http_protocol(&protocol(server))) {
        let message = "`httpsRedirect` is for servers of plain HTTP";
        found.push(object.finding(&SERVER_TLS, redirect.span, message).severity(Severity::Warning));
    }
}
