//! Access logs that go nowhere.

use meshc_diagnostics::{Diagnostic, declare_rule};

use crate::rules::context::Context;

declare_rule! {
    /// ## What it does
    /// Finds access logging in Telemetry resources without providers, in a mesh whose MeshConfig has no default providers for
    /// it.
    ///
    /// ## What happens to traffic
    /// Nothing is logged.
    ///
    /// ## Example
    /// ```yaml
    /// accessLogging:
    ///   - match: {mode: SERVER}
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// accessLogging:
    ///   - match: {mode: SERVER}
    ///     providers: [{name: envoy}]
    /// ```
    ///
    /// ## Covers
    /// IST0157.
    pub TELEMETRY_PROVIDER = "MC1607", "telemetry-provider", Warning, Mesh,
    "Access logs that go nowhere",
    ["IST0157"]
}

/// Every Telemetry resource.
pub(super) fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    let default = context.mesh_config.and_then(|config| config.default_providers.as_ref());
    if default.is_some_and(|providers| !providers.access_logging.is_empty()) {
        return;
    }
    for object in &context.resources.telemetries {
        for (index, logging) in object.spec.access_logging.iter().enumerate() {
            let off = logging.disabled.as_ref().is_some_and(|disabled| disabled.value);
            if off || !logging.providers.is_empty() {
                continue;
            }
            let message = format!(
                "accessLogging[{index}] names no provider and the mesh has no default one: nothing is logged"
            );
            found.push(
                object
                    .finding(&TELEMETRY_PROVIDER, logging.span, message)
                    .alias("IST0157")
                    .help("name a provider, `envoy` for instance, or set `defaultProviders.accessLogging` in MeshConfig"),
            );
        }
    }
}
