//! A registry in MeshNetworks that does not exist.

use meshc_diagnostics::{Diagnostic, declare_rule};

use crate::rules::context::Context;

declare_rule! {
    /// ## What it does
    /// Finds `fromRegistry` in MeshNetworks that is neither a registry of Istio's own (`Kubernetes`, `External`) nor a cluster
    /// of a Secret with the label `istio/multiCluster: "true"`.
    ///
    /// ## What happens to traffic
    /// No endpoint belongs to the network: requests to the endpoints of that cluster do not go through its gateway.
    ///
    /// ## Example
    /// ```yaml
    /// networks:
    ///   network1:
    ///     endpoints: [{fromRegistry: cluser1}]
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// networks:
    ///   network1:
    ///     endpoints: [{fromRegistry: cluster1}]
    /// ```
    ///
    /// ## Covers
    /// IST0126.
    pub UNKNOWN_REGISTRY = "MC1611", "unknown-registry", Error, Mesh,
    "A registry in MeshNetworks that does not exist",
    ["IST0126"]
}

/// Registries that Istio always has.
const OWN: [&str; 3] = ["Kubernetes", "External", "Mock"];

/// Every network.
pub(super) fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    for object in &context.resources.mesh_settings {
        let Some(networks) = &object.spec.networks else { continue };
        for (name, network) in &networks.networks {
            for (index, endpoints) in network.endpoints.iter().enumerate() {
                let Some(registry) = &endpoints.from_registry else { continue };
                if OWN.contains(&registry.as_str()) || context.clusters.contains(registry.as_str()) {
                    continue;
                }
                let message = format!(
                    "networks.{}.endpoints[{index}]: there is no registry `{}`: no endpoint belongs to the network",
                    name.value, registry.value
                );
                let finding = object.finding(&UNKNOWN_REGISTRY, registry.span, message).alias("IST0126");
                let known = OWN.into_iter().chain(context.clusters.iter().copied());
                let otherwise =
                    "a cluster is known by a Secret with the label `istio/multiCluster: \"true\"`";
                found.push(context.suggest(finding, registry.span, registry, known, otherwise.to_owned()));
            }
        }
    }
}
