//! A part of a mesh that this version does not read.

use meshc_diagnostics::{Diagnostic, declare_rule};

use crate::istio::mesh::MeshNetworks;

declare_rule! {
    /// ## What it does
    /// Refuses what is part of a mesh's configuration as a whole but not modelled by this version of meshc: gateways
    /// between networks (`meshNetworks`) that are known by a name.
    ///
    /// ## What happens to traffic
    /// istiod looks the name up and sends proxies the addresses that it finds, of one weight each. meshc asks no name
    /// server: which addresses there are would be a guess, so it refuses the tree by name.
    ///
    /// ## Example
    /// ```yaml
    /// kind: ConfigMap
    /// metadata: {name: istio, namespace: istio-system}
    /// data:
    ///   meshNetworks: |
    ///     networks: {east: {gateways: [{address: east.example.com, port: 15443}]}}
    /// ```
    ///
    /// ## Use instead
    /// The gateway's IP address; or leave the file out of what meshc reads (name the paths that it shall read).
    pub KIND_NOT_IMPLEMENTED = "MC0201", "kind-not-implemented", Info, Document,
    "A part of a mesh that meshc does not model yet",
    []
}

/// A gateway that is known by a name: istiod looks the name up itself.
pub(crate) fn mesh_networks(networks: &MeshNetworks, found: &mut Vec<Diagnostic>) {
    for gateway in networks.networks.values().flat_map(|network| &network.gateways) {
        let Some(address) = gateway.address.as_ref().filter(|address| !address.is_empty()) else { continue };
        if address.parse::<std::net::IpAddr>().is_err() {
            let message = format!(
                "the gateway `{}` is known by its name, which istiod looks up: where it leads is unknown here, so the tree                  is refused",
                address.value
            );
            found.push(
                Diagnostic::new(&KIND_NOT_IMPLEMENTED, address.span, message)
                    .help("write its IP address; tests may take any"),
            );
        }
    }
}
