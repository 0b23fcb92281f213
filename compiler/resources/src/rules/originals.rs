//! The codes with which `istioctl analyze` reports what Istio's webhook says of a document.

use meshc_diagnostics::{Diagnostic, Severity};

use super::RULES;
use crate::Kind;

/// Codes of rules about definitions: what those ask for the webhook asks for too, but for few kinds.
const OF_DEFINITIONS: [u16; 4] = [110, 111, 112, 114];

/// Gives each finding about an object the code of a webhook's error (`IST0106`) or warning (`IST0133`), where its rule
/// covers that.
pub(crate) fn add(kind: Kind, found: &mut [Diagnostic]) {
    if !is_of_istio(kind) {
        return;
    }
    for finding in found {
        let alias = match finding.severity {
            Severity::Error => "IST0106",
            Severity::Warning => "IST0133",
            Severity::Info => continue,
        };
        let of_definition = OF_DEFINITIONS.contains(&finding.code.number());
        let lenient = of_definition && matches!(kind, Kind::EnvoyFilter | Kind::WorkloadGroup);
        let rule = RULES.iter().find(|rule| rule.code == finding.code);
        let covers = rule.is_some_and(|rule| rule.aliases.contains(&alias));
        if covers && !lenient && !finding.aliases.contains(&alias) {
            finding.aliases.push(alias);
        }
    }
}

/// Whether Istio's webhook looks at objects of a kind.
fn is_of_istio(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::AuthorizationPolicy
            | Kind::DestinationRule
            | Kind::EnvoyFilter
            | Kind::Gateway
            | Kind::PeerAuthentication
            | Kind::ProxyConfig
            | Kind::RequestAuthentication
            | Kind::ServiceEntry
            | Kind::Sidecar
            | Kind::Telemetry
            | Kind::TrafficExtension
            | Kind::VirtualService
            | Kind::WasmPlugin
            | Kind::WorkloadEntry
            | Kind::WorkloadGroup
    )
}
