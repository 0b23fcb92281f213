//! A kind that a mesh reads and this version does not.

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_syntax::Node;

use crate::istio::mesh::MeshNetworks;

declare_rule! {
    /// ## What it does
    /// Refuses a resource of a kind that is part of a mesh's configuration but that this version of meshc does
    /// not model yet.
    ///
    /// ## What happens to traffic
    /// In a cluster the resource takes effect. meshc would have to guess without it, so it refuses the tree by
    /// name rather than show routes that are not true.
    ///
    /// ## Example
    /// ```yaml
    /// apiVersion: security.istio.io/v1
    /// kind: AuthorizationPolicy
    /// ```
    ///
    /// ## Use instead
    /// Leave the file out of what meshc reads (name the paths that it shall read), or wait for the version that
    /// models the kind. The same holds for the ConfigMap `istio` with the mesh's own settings.
    pub KIND_NOT_IMPLEMENTED = "MC0201", "kind-not-implemented", Info, Document,
    "A kind that meshc does not model yet",
    []
}

/// The finding for the document `root`.
pub(crate) fn check(root: &Node, kind: &str) -> Diagnostic {
    let span = root.get("kind").map_or(root.span, |node| node.span);
    let message = format!(
        "{kind} is not implemented yet: what it does to traffic is unknown here, so the tree is refused"
    );
    let name = root.at(&["metadata", "name"]).and_then(Node::as_str).unwrap_or_default();
    let namespace = root.at(&["metadata", "namespace"]).and_then(Node::as_str);
    Diagnostic::new(&KIND_NOT_IMPLEMENTED, span, message)
        .resource(kind, Some(namespace.unwrap_or(crate::DEFAULT_NAMESPACE)), name)
        .help("name the files that meshc shall read, without this one")
}

/// The finding for networks of the mesh: which endpoints a proxy reaches how depends on them.
pub(crate) fn mesh_networks(networks: &MeshNetworks, found: &mut Vec<Diagnostic>) {
    if let Some(name) = networks.networks.keys().next() {
        let message = "MeshNetworks is not implemented yet: it changes how every proxy reaches others, so the tree is refused";
        found.push(Diagnostic::new(&KIND_NOT_IMPLEMENTED, name.span, message));
    }
}
