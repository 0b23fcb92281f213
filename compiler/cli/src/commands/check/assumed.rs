//! What `check -v` adds: what was taken for granted, what was rendered, what was left alone.

use crate::load::Workspace;
use crate::output;

/// Tells it on standard error.
pub(super) fn tell(workspace: &Workspace) {
    for line in workspace.renders.files.keys().map(|file| &workspace.sources.file(*file).path) {
        output::note(&format!("rendered: {line}"));
    }
    for (view, tree) in workspace.trees() {
        let of = view.map(|view| format!(" ({view})")).unwrap_or_default();
        for service in tree.mesh.services.iter().filter(|service| service.made_up) {
            output::note(&format!(
                "assumed{of}: Istio's installation brings `{}` in namespace `{}`",
                service.name, service.meta.namespace
            ));
        }
        for namespace in meshc_analysis::unseen_namespaces(&tree.resources, &tree.mesh) {
            output::note(&format!(
                "assumed{of}: namespace `{namespace}`, of which the tree has no Service, lives elsewhere"
            ));
        }
        for (kind, count) in &tree.resources.foreign {
            output::note(&format!("left alone{of}: {count} × {kind}"));
        }
    }
    let external = &workspace.governing.settings.external;
    for (what, names) in [
        ("services", &external.services),
        ("gateways", &external.gateways),
        ("namespaces", &external.namespaces),
        ("service accounts", &external.service_accounts),
        ("secrets", &external.secrets),
    ] {
        if !names.is_empty() {
            let names: Vec<&str> = names.iter().map(|name| name.value.as_str()).collect();
            output::note(&format!("elsewhere, as meshc.yaml says: {what} {}", names.join(", ")));
        }
    }
    if let Some(snapshot) = workspace.governing.snapshot {
        output::note(&format!("snapshot of a cluster: {}", workspace.sources.file(snapshot).path));
    }
}
