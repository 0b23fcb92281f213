//! An outbound policy of a Sidecar that Istio refuses.

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_source::Span;

use crate::Object;
use crate::istio::{OutboundMode, Sidecar};
use crate::names;

declare_rule! {
    /// ## What it does
    /// Finds an `egressProxy` in the `outboundTrafficPolicy` of a Sidecar whose mode is not `ALLOW_ANY`, or whose host,
    /// subset or port Istio does not take.
    ///
    /// ## What happens to traffic
    /// Istio's webhook refuses the Sidecar; nothing of it takes effect.
    ///
    /// ## Example
    /// ```yaml
    /// outboundTrafficPolicy:
    ///   mode: REGISTRY_ONLY
    ///   egressProxy: {host: egress.shop.svc.cluster.local, port: {number: 8080}}
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// outboundTrafficPolicy:
    ///   mode: ALLOW_ANY
    ///   egressProxy: {host: egress.shop.svc.cluster.local, port: {number: 8080}}
    /// ```
    ///
    /// ## Covers
    /// IST0106 (what Istio's webhook refuses).
    pub SIDECAR_POLICY = "MC0463", "sidecar-outbound-policy", Error, Document,
    "An egress proxy of a Sidecar that Istio refuses",
    ["IST0106"]
}

/// `validateSidecarOutboundTrafficPolicy`.
pub(crate) fn check(object: &Object<Sidecar>, found: &mut Vec<Diagnostic>) {
    let Some(policy) = &object.spec.outbound_traffic_policy else { return };
    let Some(proxy) = &policy.egress_proxy else { return };
    let mut wrong = |span: Span, why: String| {
        let message = format!("{why}: Istio refuses the Sidecar");
        found.push(object.finding(&SIDECAR_POLICY, span, message));
    };
    let mode = policy.mode.as_ref().map(|mode| mode.value).unwrap_or_default();
    if mode != OutboundMode::AllowAny {
        let span = policy.mode.as_ref().map_or(proxy.span, |mode| mode.span);
        return wrong(span, "an `egressProxy` needs the mode ALLOW_ANY".to_owned());
    }
    let (host, span) = proxy.host.as_ref().map_or(("", proxy.span), |host| (&host.value, host.span));
    if let Some(why) = names::fqdn(host) {
        wrong(span, format!("`{host}`: {why}"));
    }
    if let Some(subset) = proxy.subset.as_ref().filter(|name| !name.is_empty() && !names::is_label(name)) {
        wrong(subset.span, format!("`{}` is no name of a subset", subset.value));
    }
    match &proxy.port {
        None => wrong(proxy.span, "an `egressProxy` needs a port".to_owned()),
        Some(port) => {
            let number = port.number.as_ref().map_or(0, |number| number.value);
            if let Some(why) = names::port(i64::from(number)) {
                wrong(port.span, why);
            }
        }
    }
}
