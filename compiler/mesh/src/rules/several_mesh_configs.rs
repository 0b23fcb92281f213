//! Several settings of the whole mesh in one tree.

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_resources::{MeshSettings, Object};

declare_rule! {
    /// ## What it does
    /// Finds a second ConfigMap `istio` or `istio-REVISION` whose settings differ from those of the first.
    ///
    /// ## What happens to traffic
    /// In a cluster each revision of istiod follows its own ConfigMap, and each proxy the revision that it is of. meshc
    /// takes one for the whole tree: `istio`, else the first revision by name. Proxies of the others are shown with
    /// settings that they do not have.
    ///
    /// ## Example
    /// The ConfigMaps `istio` and `istio-canary` in one directory, with different `outboundTrafficPolicy`.
    ///
    /// ## Use instead
    /// A view for each revision in `meshc.yaml`.
    pub SEVERAL_MESH_CONFIGS = "MC1370", "several-mesh-configs", Warning, Mesh,
    "Settings of the mesh that another revision replaces",
    []
}

/// The finding for the settings that are left aside.
pub(crate) fn several_mesh_configs(
    other: &Object<MeshSettings>,
    chosen: &Object<MeshSettings>,
) -> Diagnostic {
    let message = format!(
        "ConfigMap {}/{} has the settings of the mesh here: these are left aside",
        chosen.namespace(),
        chosen.name()
    );
    other
        .finding(&SEVERAL_MESH_CONFIGS, other.name_span(), message)
        .label(chosen.name_span(), "these hold")
        .help("give each revision a view of its own in meshc.yaml")
}
