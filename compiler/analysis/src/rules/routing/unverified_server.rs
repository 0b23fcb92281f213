//! TLS to a server that nobody verifies.

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_resources::Object;
use meshc_resources::istio::{ClientTlsMode, ClientTlsSettings, DestinationRule};
use meshc_syntax::de::Spanned;

use crate::rules::context::Context;

declare_rule! {
    /// ## What it does
    /// Finds DestinationRules with `tls` of mode `SIMPLE` or `MUTUAL` without `caCertificates`. (A `credentialName` brings
    /// them, where the rule has a `workloadSelector`.)
    ///
    /// ## What happens to traffic
    /// Requests go to whoever answers: with older versions of Istio the server's certificate is not verified at all, with
    /// newer ones against the authorities of the proxy's system.
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
            found.push(finding(object, "trafficPolicy.tls", tls).alias("IST0128"));
        }
        for (index, settings) in policy.port_level_settings.iter().enumerate() {
            if let Some(tls) = settings.tls.as_ref().filter(|tls| is_unverified(object, tls)) {
                let path = format!("trafficPolicy.portLevelSettings[{index}].tls");
                found.push(finding(object, &path, tls).alias("IST0129"));
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

fn finding(object: &Object<DestinationRule>, path: &str, tls: &Spanned<ClientTlsSettings>) -> Diagnostic {
    let span = tls.mode.as_ref().map_or(tls.span, |mode| mode.span);
    let message = format!(
        "{path} has no `caCertificates`: nothing of this mesh says which authorities the server's certificate is verified by"
    );
    object
        .finding(&UNVERIFIED_SERVER, span, message)
        .help("add `caCertificates`, and `sni` or `subjectAltNames`")
}
