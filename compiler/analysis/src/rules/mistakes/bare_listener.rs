//! A listener of HTTPS without a certificate.

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_resources::gateway_api::TlsMode;

use crate::rules::context::Context;

declare_rule! {
    /// ## What it does
    /// Finds listeners of the Gateway API whose protocol is HTTPS, or TLS that ends there, without `tls.certificateRefs`.
    ///
    /// ## What happens to traffic
    /// The listener has no certificate to show: no handshake succeeds.
    ///
    /// ## Example
    /// ```yaml
    /// listeners:
    ///   - {name: https, port: 443, protocol: HTTPS}
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// listeners:
    ///   - name: https
    ///     port: 443
    ///     protocol: HTTPS
    ///     tls: {certificateRefs: [{name: shop-certificate}]}
    /// ```
    pub BARE_LISTENER = "MC1571", "bare-listener", Warning, Mesh,
    "A listener of HTTPS without a certificate",
    []
}

/// Every listener.
pub(super) fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    for object in &context.resources.kubernetes_gateways {
        // Waypoints and gateways between networks have certificates of Istio's own.
        let class = object.spec.gateway_class_name.as_ref().map_or("", |class| class.value.as_str());
        if class != "istio" {
            continue;
        }
        for listener in &object.spec.listeners {
            let Some(protocol) = &listener.protocol else { continue };
            let tls = listener.tls.as_ref();
            let passes =
                tls.and_then(|tls| tls.mode.as_ref()).is_some_and(|mode| mode.value == TlsMode::Passthrough);
            let bare = tls.is_none_or(|tls| tls.certificate_refs.is_empty() && tls.options.is_empty());
            if matches!(protocol.as_str(), "HTTPS" | "TLS") && bare && !passes {
                let message =
                    format!("this listener of {} has no certificate: no handshake succeeds", protocol.value);
                let finding = object.finding(&BARE_LISTENER, protocol.span, message);
                found.push(finding.help("name a Secret in `tls.certificateRefs`"));
            }
        }
    }
}
