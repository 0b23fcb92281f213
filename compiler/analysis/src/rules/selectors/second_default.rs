//! Two resources of a kind for a whole namespace.

use meshc_diagnostics::{Diagnostic, declare_rule};

use super::policies::Policy;

declare_rule! {
    /// ## What it does
    /// Finds Sidecars, Telemetry resources and PeerAuthentications of one namespace of which several have no selector.
    ///
    /// ## What happens to traffic
    /// Istio takes one of them, the oldest, and nothing of the others.
    ///
    /// ## Example
    /// Two Sidecars without `workloadSelector` in one namespace.
    ///
    /// ## Use instead
    /// One of them, with what both say.
    ///
    /// ## Covers
    /// IST0111 (Sidecar), IST0160 (Telemetry), KIA0002 (Sidecar, PeerAuthentication).
    pub SECOND_DEFAULT = "MC1121", "second-default", Error, Mesh,
    "Two resources of a kind for a whole namespace",
    ["IST0111", "IST0160", "KIA0002"]
}

/// Those of one kind and namespace without a selector.
pub(super) fn check(defaults: &[&Policy], found: &mut Vec<Diagnostic>) {
    for (index, policy) in defaults.iter().enumerate() {
        let Some(other) = defaults.iter().enumerate().find(|(at, _)| *at != index).map(|(_, other)| other)
        else {
            continue;
        };
        let message = format!(
            "{} `{}` is for all of namespace `{}` too: Istio takes the older one, and nothing of the other",
            other.kind, other.name, other.namespace
        );
        let finding = policy
            .finding(&SECOND_DEFAULT, policy.name_span, message)
            .label(other.name_span, "the other")
            .help("put what both say into one, or give one of them a selector");
        found.push(match policy.kind {
            "Sidecar" => finding.alias("IST0111").alias("KIA0002"),
            "Telemetry" => finding.alias("IST0160"),
            _ => finding.alias("KIA0002"),
        });
    }
}
