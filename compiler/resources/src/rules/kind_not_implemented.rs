//! A part of a mesh that this version does not read.

use meshc_diagnostics::{Diagnostic, declare_rule};

use crate::istio::mesh::MeshNetworks;

declare_rule! {
    /// ## What it does
    /// Refuses what is part of a mesh's configuration as a whole but not modelled by this version of meshc: the
    /// networks of a mesh and the gateways between them (`meshNetworks`).
    ///
    /// ## What happens to traffic
    /// In a cluster it takes effect. meshc would have to guess without it, so it refuses the tree by name rather than
    /// show routes that are not true.
    ///
    /// ## Example
    /// ```yaml
    /// kind: ConfigMap
    /// metadata: {name: istio, namespace: istio-system}
    /// data:
    ///   meshNetworks: |
    ///     networks: {east: {}}
    /// ```
    ///
    /// ## Use instead
    /// Leave the file out of what meshc reads (name the paths that it shall read), or wait for the version that
    /// models it.
    pub KIND_NOT_IMPLEMENTED = "MC0201", "kind-not-implemented", Info, Document,
    "A part of a mesh that meshc does not model yet",
    []
}

/// The finding for networks of the mesh: which endpoints a proxy reaches how depends on them.
pub(crate) fn mesh_networks(networks: &MeshNetworks, found: &mut Vec<Diagnostic>) {
    if let Some(name) = networks.networks.keys().next() {
        let message = "MeshNetworks is not implemented yet: it changes how every proxy reaches others, so the tree is refused";
        found.push(Diagnostic::new(&KIND_NOT_IMPLEMENTED, name.span, message));
    }
}
