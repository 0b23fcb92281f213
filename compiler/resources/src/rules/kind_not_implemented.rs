//! A kind that a mesh reads and this version does not.

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_syntax::Node;

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

/// The finding for the ConfigMap that holds the settings of the whole mesh, which change what every proxy does;
/// `None` for any other ConfigMap and for one without settings. Istio reads `istio`, or `istio-REVISION`, in its root
/// namespace.
pub(crate) fn mesh_config(root: &Node) -> Option<Diagnostic> {
    let metadata = |key| root.at(&["metadata", key]).and_then(Node::as_str);
    let name = metadata("name").filter(|name| *name == "istio" || name.starts_with("istio-"))?;
    let namespace = metadata("namespace").filter(|namespace| *namespace == "istio-system")?;
    let has_settings = |text: &str| !matches!(text.trim(), "" | "{}" | "networks: {}");
    let entry = ["mesh", "meshNetworks"].into_iter().find_map(|key| {
        let entry = root.get("data")?.entry(key)?;
        entry.value.as_str().is_some_and(has_settings).then_some(entry)
    })?;
    let what = if &*entry.key.text == "mesh" { "MeshConfig" } else { "MeshNetworks" };
    let message =
        format!("{what} is not implemented yet: it changes what every proxy does, so the tree is refused");
    Some(
        Diagnostic::new(&KIND_NOT_IMPLEMENTED, entry.key.span, message)
            .resource("ConfigMap", Some(namespace), name)
            .help("name the files that meshc shall read, without this one, if the settings are Istio's defaults"),
    )
}
