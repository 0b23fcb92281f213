//! TLS to a server that nobody verifies.

use meshc_diagnostics::{Diagnostic, Severity, declare_rule};
use meshc_resources::Object;
use meshc_resources::istio::{ClientTlsMode, ClientTlsSettings, DestinationRule};
use meshc_syntax::de::Spanned;

use crate::rules::context::Context;

declare_rule! {
    /// ## What it does
    /// Finds DestinationRules with `tls` of mode `SIMPLE` or `MUTUAL` without `caCertificates`. (A `credentialName` brings
    /// them, where the rule has a `workloadSelector`.) An info, but where `insecureSkipVerify` or the mesh's
    /// `verifyCertificateAtClient` switches the verification off.
    ///
    /// ## What happens to traffic
    /// The server's certificate is verified against the authorities of the proxy's system, which are all that browsers
    /// trust. (Older versions of Istio, and `istioctl analyze` still, think that it is not verified at all.)
    ///
    /// ## Example
    /// ```yaml
    /// tls: {mode: SIMPLE}
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// tls:
    ///   mode: SIMPLE
    ///   caCertificates: /etc/ssl/certs/ca-certificates.crt
    ///   sni: db.example.com
    /// ```
    ///
    /// ## Covers
    /// IST0128 (for the host) and IST0129 (for a port).
    pub UNVERIFIED_SERVER = "MC1412", "unverified-server", Warning, Mesh,
    "TLS to a server that nobody verifies",
    ["IST0128", "IST0129"]
}

/// Every DestinationRule.
pub(super) fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    for object in &context.resources.destination_rules {
        let Some(policy) = &object.spec.traffic_policy else { continue };
        if let Some(tls) = policy.tls.as_ref().filter(|tls| is_unverified(object, tls)) {
            found.push(finding(context, object, "trafficPolicy.tls", tls).alias("IST0128"));
        }
        for (index, settings) in policy.port_level_settings.iter().enumerate() {
            if let Some(tls) = settings.tls.as_ref().filter(|tls| is_unverified(object, tls)) {
                let path = format!("trafficPolicy.portLevelSettings[{index}].tls");
                found.push(finding(context, object, &path, tls).alias("IST0129"));
            }
        }
    }
}

fn is_unverified(object: &Object<DestinationRule>, tls: &ClientTlsSettings) -> bool {
    let mode = tls.mode.as_ref().map_or(ClientTlsMode::Disable, |mode| mode.value);
    let has = |field: &Option<Spanned<String>>| field.as_ref().is_some_and(|text| !text.is_empty());
    matches!(mode, ClientTlsMode::Simple | ClientTlsMode::Mutual)
        && !has(&tls.ca_certificates)
        && !(has(&tls.credential_name) && object.spec.workload_selector.is_some())
}

fn finding(
    context: &Context<'_>,
    object: &Object<DestinationRule>,
    path: &str,
    tls: &Spanned<ClientTlsSettings>,
) -> Diagnostic {
    let span = tls.mode.as_ref().map_or(tls.span, |mode| mode.span);
    let skipped = tls.insecure_skip_verify.as_ref().is_some_and(|skip| skip.value);
    let by_mesh = context.mesh_config.and_then(|config| config.verify_certificate_at_client.as_ref());
    let (severity, what) = if skipped || by_mesh.is_some_and(|verify| !verify.value) {
        (Severity::Warning, "nobody verifies the server's certificate: requests go to whoever answers")
    } else {
        (
            Severity::Info,
            "the server's certificate is verified by the authorities that the proxy's system has",
        )
    };
    object
        .finding(&UNVERIFIED_SERVER, span, format!("{path} has no `caCertificates`: {what}"))
        .severity(severity)
        .help("add `caCertificates`, and `sni` or `subjectAltNames`")
}
