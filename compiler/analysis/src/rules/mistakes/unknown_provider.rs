//! A Telemetry provider that the mesh does not have.

use meshc_diagnostics::{Diagnostic, Severity, declare_rule};

use crate::rules::context::Context;

declare_rule! {
    /// ## What it does
    /// Finds providers of Telemetry that are neither among `extensionProviders` of MeshConfig nor those that every mesh has
    /// (`prometheus`, `stackdriver`, `envoy`). Where the tree holds no MeshConfig it is only worth knowing.
    ///
    /// ## What happens to traffic
    /// None. Nothing is sent to the provider: no spans, metrics or logs.
    ///
    /// ## Example
    /// ```yaml
    /// accessLogging:
    ///   - providers: [{name: envoi}]
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// accessLogging:
    ///   - providers: [{name: envoy}]
    /// ```
    pub UNKNOWN_PROVIDER = "MC1569", "unknown-provider", Warning, Mesh,
    "A Telemetry provider that the mesh does not have",
    []
}

/// Those that Istio has without being told (`DefaultMeshConfig`).
const BUILT_IN: [&str; 3] = ["prometheus", "stackdriver", "envoy"];

/// Every provider that a Telemetry resource names.
pub(super) fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    let written = context.mesh_config.into_iter().flat_map(|config| &config.extension_providers);
    let mut known: Vec<&str> =
        written.filter_map(|p| p.name.as_ref()).map(|name| name.value.as_str()).collect();
    known.extend(BUILT_IN);
    let severity = if context.mesh_config.is_some() { Severity::Warning } else { Severity::Info };
    for object in &context.resources.telemetries {
        let spec = &object.spec;
        let tracing = spec.tracing.iter().flat_map(|part| &part.providers);
        let metrics = spec.metrics.iter().flat_map(|part| &part.providers);
        let logging = spec.access_logging.iter().flat_map(|part| &part.providers);
        for name in tracing.chain(metrics).chain(logging).filter_map(|provider| provider.name.as_ref()) {
            if name.is_empty() || known.contains(&name.as_str()) {
                continue;
            }
            let message = format!("the mesh has no provider `{}`: nothing is sent to it", name.value);
            let finding = object.finding(&UNKNOWN_PROVIDER, name.span, message).severity(severity);
            let otherwise = "declare it in `extensionProviders` of MeshConfig".to_owned();
            found.push(context.suggest(finding, name.span, name, known.iter().copied(), otherwise));
        }
    }
}
