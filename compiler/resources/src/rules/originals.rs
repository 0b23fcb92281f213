//! The codes with which `istioctl analyze` reports what Istio's webhook says of a document.
//!
//! Its validation analyzers run the webhook's own code (`pkg/config/validation`) over each of Istio's resources, without
//! their labels and annotations. They do not ask the definition, so that a finding of the definition has a code only where
//! that code asks for the same.

use meshc_diagnostics::{Diagnostic, Severity};
use meshc_schema::{Problem, Violation};

use super::{RULES, is_schema};
use crate::Kind;

/// Gives each finding of a rule about the webhook the code of a webhook's error (`IST0106`) or warning (`IST0133`).
pub(crate) fn add(kind: Kind, found: &mut [Diagnostic]) {
    if !kind.is_istio() {
        return;
    }
    for finding in found.iter_mut().filter(|finding| !is_schema(finding)) {
        let alias = match finding.severity {
            Severity::Error => "IST0106",
            Severity::Warning => "IST0133",
            Severity::Info => continue,
        };
        let rule = RULES.iter().find(|rule| rule.code == finding.code);
        let covers = rule.is_some_and(|rule| rule.aliases.contains(&alias));
        if covers && !finding.aliases.contains(&alias) {
            finding.aliases.push(alias);
        }
    }
}

/// Whether the webhook's code refuses what a definition refuses.
pub(crate) fn webhook_asks(kind: Kind, violation: &Violation) -> bool {
    let path = violation.path.as_str();
    let field = path.rsplit('.').next().unwrap_or_default();
    let name = field.split('[').next().unwrap_or_default();
    match violation.problem {
        // The document is never decoded, or of two forms the decoder takes the last.
        Problem::Type { .. }
        | Problem::UnknownField { .. }
        | Problem::Value { .. }
        | Problem::Format { .. }
        | Problem::Exclusive { .. }
        | Problem::Alternatives { .. } => return false,
        Problem::Bounds { too_many: true, .. } => return has_upper_limit(kind, path),
        _ => {}
    }
    match kind {
        // `ValidateEnvoyFilter` looks at the selector and the patches.
        Kind::EnvoyFilter => path.starts_with("spec.workloadSelector"),
        // "Do not call validateWorkloadEntry": the template is filled in later.
        Kind::WorkloadGroup => {
            !path.starts_with("spec.template") && !path.starts_with("spec.probe.exec.command[")
        }
        Kind::DestinationRule => !matches!(name, "outlierDetectionHttpErrorCodes" | "minClusterSize"),
        Kind::Gateway | Kind::Sidecar => !matches!(name, "credentialNames" | "tlsCertificates"),
        Kind::RequestAuthentication => {
            name != "spaceDelimitedClaims" && !(name == "jwtRules" && is_rule(violation))
        }
        Kind::Telemetry => name != "reportingInterval",
        // Zero is the port's own number to it.
        Kind::ServiceEntry => name != "targetPort",
        Kind::WasmPlugin | Kind::TrafficExtension => !matches!(name, "imagePullSecret" | "pluginName"),
        _ => true,
    }
}

fn is_rule(violation: &Violation) -> bool {
    matches!(violation.problem, Problem::Rule { .. })
}

/// Of the lengths and counts that definitions limit, the webhook asks for those of extensions alone.
fn has_upper_limit(kind: Kind, path: &str) -> bool {
    let field = path.rsplit('.').next().unwrap_or_default();
    matches!(kind, Kind::WasmPlugin | Kind::TrafficExtension)
        && (matches!(field, "imagePullSecret" | "pluginName" | "inlineCode")
            || (path.contains("vmConfig.env[") && field == "name"))
}
