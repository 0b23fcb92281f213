//! A definition of the Gateway API that is too old for Istio.

use meshc_diagnostics::{Diagnostic, declare_rule};

use crate::rules::context::Context;

declare_rule! {
    /// ## What it does
    /// Finds definitions of kinds of the Gateway API whose version (`gateway.networking.k8s.io/bundle-version`) is older than
    /// the one that Istio reads them from.
    ///
    /// ## What happens to traffic
    /// Istio does not read resources of that kind: their routes are not there.
    ///
    /// ## Example
    /// `tlsroutes.gateway.networking.k8s.io` of version v1.2.0.
    ///
    /// ## Use instead
    /// The definitions of a newer release of the Gateway API.
    ///
    /// ## Covers
    /// IST0176. (IST0156 and IST0172 ask the same of a cluster before an upgrade.)
    pub OLD_DEFINITION = "MC1606", "old-definition", Warning, Mesh,
    "A definition of the Gateway API that is too old for Istio",
    ["IST0176"]
}

/// The versions from which Istio reads a kind.
const MINIMUM: [(&str, [u32; 3]); 4] = [
    ("grpcroutes.gateway.networking.k8s.io", [1, 1, 0]),
    ("backendtlspolicies.gateway.networking.k8s.io", [1, 4, 0]),
    ("tlsroutes.gateway.networking.k8s.io", [1, 5, 0]),
    ("tcproutes.gateway.networking.k8s.io", [1, 6, 0]),
];

/// Every definition.
pub(super) fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    for object in &context.resources.custom_resource_definitions {
        let Some((_, minimum)) = MINIMUM.iter().find(|(name, _)| *name == object.name()) else { continue };
        let annotation = "gateway.networking.k8s.io/bundle-version";
        let Some((_, written)) = object.metadata.annotations.iter().find(|(key, _)| key.value == annotation)
        else {
            continue;
        };
        let Some(version) = version(&written.value).filter(|version| version < minimum) else { continue };
        let dotted = |v: &[u32; 3]| format!("v{}.{}.{}", v[0], v[1], v[2]);
        let message = format!(
            "the definition is of {} and Istio reads this kind from {} on: its resources have no effect",
            dotted(&version),
            dotted(minimum)
        );
        found.push(
            object
                .finding(&OLD_DEFINITION, written.span, message)
                .help("install the definitions of a newer release of the Gateway API")
                .alias("IST0176"),
        );
    }
}

/// The numbers of a version, without what follows them.
fn version(text: &str) -> Option<[u32; 3]> {
    let text = text.strip_prefix('v').unwrap_or(text);
    let numbers = text.split(['-', '+']).next()?;
    let mut parts = numbers.split('.');
    let mut next = || parts.next().map_or(Some(0), |part| part.parse().ok());
    Some([next()?, next()?, next()?])
}
