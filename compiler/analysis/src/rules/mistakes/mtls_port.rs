//! A port in portLevelMtls that the workload does not have.

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_mesh::ROOT_NAMESPACE;

use super::ports::Ports;
use crate::rules::context::Context;

declare_rule! {
    /// ## What it does
    /// Finds ports of `portLevelMtls` that none of the selected pods has. They are ports of the pods (`targetPort`), not of the
    /// Services.
    ///
    /// ## What happens to traffic
    /// The setting holds for no connection: the ports that were meant follow `mtls`.
    ///
    /// ## Example
    /// ```yaml
    /// portLevelMtls:
    ///   80: {mode: DISABLE}      # the Service's port; the pods listen on 8080
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// portLevelMtls:
    ///   8080: {mode: DISABLE}
    /// ```
    pub MTLS_PORT = "MC1564", "mtls-port", Warning, Mesh,
    "A port in portLevelMtls that the workload does not have",
    []
}

/// Every PeerAuthentication with a selector that selects pods of the tree.
pub(super) fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    for object in &context.resources.peer_authentications {
        let Some(selector) = object.spec.selector.as_ref() else { continue };
        if object.spec.port_level_mtls.is_empty() {
            continue;
        }
        let namespace = (object.namespace() != ROOT_NAMESPACE).then(|| object.namespace());
        let ports = Ports::of_selected(context, namespace, &selector.match_labels);
        for key in object.spec.port_level_mtls.keys() {
            let Ok(port) = key.value.parse::<u16>() else { continue };
            if let Some(help) = ports.unknown(port) {
                let message =
                    format!("none of the selected pods has port {port}: the mode holds for no connection");
                found.push(object.finding(&MTLS_PORT, key.span, message).help(help));
            }
        }
    }
}
