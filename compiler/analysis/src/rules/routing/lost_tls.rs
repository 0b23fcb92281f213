//! A DestinationRule that takes the mutual TLS of a wider one away.

use meshc_diagnostics::{Diagnostic, Severity, declare_rule};
use meshc_mesh::hostname::{is_covered, is_wildcard};
use meshc_resources::istio::ClientTlsMode;

use crate::rules::context::Context;

declare_rule! {
    /// ## What it does
    /// Finds DestinationRules without `tls` for a host which a wider DestinationRule (`*.local`, `*.shop.svc.cluster.local`)
    /// with mutual TLS covers. An error where mutual TLS is not automatic, an info otherwise.
    ///
    /// ## What happens to traffic
    /// Callers follow the closer rule alone. Where mutual TLS is not automatic (`enableAutoMtls: false`) they send plaintext;
    /// where it is, they send mutual TLS to whoever takes it.
    ///
    /// ## Example
    /// A DestinationRule for `*.local` with `tls: {mode: ISTIO_MUTUAL}`, and one for `reviews` with subsets alone.
    ///
    /// ## Use instead
    /// `tls: {mode: ISTIO_MUTUAL}` in both.
    ///
    /// ## Covers
    /// KIA0204.
    pub LOST_TLS = "MC1426", "lost-tls", Error, Mesh,
    "A DestinationRule that takes the mutual TLS of a wider one away",
    ["KIA0204"]
}

/// Every DestinationRule under a wider one.
pub(super) fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    let tls = |rule: &meshc_mesh::DestinationRule| {
        let tls = rule.traffic_policy.as_ref()?.tls.as_ref()?;
        Some((tls.span, tls.mode.as_ref().map_or(ClientTlsMode::Disable, |mode| mode.value)))
    };
    let wide: Vec<_> = context
        .mesh
        .destination_rules
        .iter()
        .filter(|rule| is_wildcard(&rule.host.value))
        .filter_map(|rule| Some((rule, tls(rule).filter(|(_, mode)| *mode == ClientTlsMode::IstioMutual)?)))
        .collect();
    if wide.is_empty() {
        return;
    }
    for rule in context.mesh.destination_rules.iter() {
        let of_port =
            rule.traffic_policy.iter().flat_map(|p| &p.port_level_settings).any(|p| p.tls.is_some());
        if tls(rule).is_some() || of_port {
            continue;
        }
        let covers = |(other, _): &&(&std::sync::Arc<meshc_mesh::DestinationRule>, _)| {
            let followed = other.meta.namespace == rule.meta.namespace
                || other.meta.namespace == meshc_mesh::ROOT_NAMESPACE;
            followed && other.host.value != rule.host.value && is_covered(&rule.host.value, &other.host.value)
        };
        let Some((other, (span, _))) = wide.iter().find(covers) else { continue };
        let (what, severity) = if context.auto_mtls {
            ("callers send mutual TLS to whoever takes it", Severity::Info)
        } else {
            ("callers send plaintext", Severity::Error)
        };
        let message = format!(
            "callers of `{}` follow this rule, which has no `tls`, and not that of {}: {what}",
            rule.host.value, other.meta
        );
        found.push(
            super::finding(&LOST_TLS, &rule.meta, rule.host.span, message)
                .severity(severity)
                .label(*span, "does not hold for this host")
                .help("add `trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}`")
                .alias("KIA0204"),
        );
    }
}
