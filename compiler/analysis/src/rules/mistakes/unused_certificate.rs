//! Certificates that the TLS mode does not use.

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_resources::istio::ClientTlsMode;

use crate::rules::context::Context;

declare_rule! {
    /// ## What it does
    /// Finds certificates, keys and credentials beside `mode: ISTIO_MUTUAL` or `mode: DISABLE` in DestinationRules.
    ///
    /// ## What happens to traffic
    /// They are not used: with `ISTIO_MUTUAL` the workload's own certificate is, with `DISABLE` there is no TLS.
    ///
    /// ## Example
    /// ```yaml
    /// tls: {mode: ISTIO_MUTUAL, caCertificates: /etc/certs/ca.pem}
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// tls: {mode: SIMPLE, caCertificates: /etc/certs/ca.pem}
    /// ```
    pub UNUSED_CERTIFICATE = "MC1560", "unused-certificate", Warning, Mesh,
    "Certificates that the TLS mode does not use",
    []
}

/// Every TLS block.
pub(super) fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    for object in &context.resources.destination_rules {
        let subsets = object.spec.subsets.iter().filter_map(|subset| subset.traffic_policy.as_ref());
        for policy in object.spec.traffic_policy.iter().chain(subsets) {
            let of_ports = policy.port_level_settings.iter().filter_map(|port| port.tls.as_ref());
            for tls in policy.tls.iter().chain(of_ports) {
                let mode = match tls.mode.as_ref().map(|mode| mode.value).unwrap_or_default() {
                    ClientTlsMode::IstioMutual => "ISTIO_MUTUAL uses the workload's own certificate",
                    ClientTlsMode::Disable => "DISABLE means plaintext",
                    ClientTlsMode::Simple | ClientTlsMode::Mutual => continue,
                };
                let unused = [
                    ("clientCertificate", &tls.client_certificate),
                    ("privateKey", &tls.private_key),
                    ("caCertificates", &tls.ca_certificates),
                    ("credentialName", &tls.credential_name),
                    ("caCrl", &tls.ca_crl),
                ];
                for (name, value) in unused {
                    let Some(value) = value.as_ref().filter(|value| !value.is_empty()) else { continue };
                    let message = format!("`{name}` is not used: {mode}");
                    let help = "use SIMPLE or MUTUAL for certificates of your own";
                    found.push(object.finding(&UNUSED_CERTIFICATE, value.span, message).help(help));
                }
            }
        }
    }
}
