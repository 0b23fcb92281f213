//! DestinationRules for a whole namespace or the whole mesh, as Kiali looks at them.

use meshc_mesh::ROOT_NAMESPACE;
use meshc_resources::Object;
use meshc_resources::istio::{ClientTlsMode, ClientTlsSettings, DestinationRule};
use meshc_syntax::de::Spanned;

/// What a DestinationRule is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Width<'a> {
    /// Every service.
    Mesh,
    /// Every service of a namespace.
    Namespace(&'a str),
    /// Some.
    Narrow,
}

/// How wide its host is.
pub(super) fn width(object: &Object<DestinationRule>) -> Width<'_> {
    let Some(host) = &object.spec.host else { return Width::Narrow };
    match host.value.as_str() {
        "*.local" | "*" | "*.cluster.local" | "*.svc.cluster.local" => Width::Mesh,
        host => {
            let namespace = host.strip_prefix("*.").and_then(|rest| rest.strip_suffix(".svc.cluster.local"));
            namespace.filter(|name| !name.contains('.')).map_or(Width::Narrow, Width::Namespace)
        }
    }
}

/// Its `tls` settings and their mode.
pub(super) fn tls(object: &Object<DestinationRule>) -> Option<(&Spanned<ClientTlsSettings>, ClientTlsMode)> {
    let tls = object.spec.traffic_policy.as_ref()?.tls.as_ref()?;
    Some((tls, tls.mode.as_ref().map_or(ClientTlsMode::Disable, |mode| mode.value)))
}

/// Whether the callers prove who they are.
pub(super) fn is_mutual(mode: ClientTlsMode) -> bool {
    matches!(mode, ClientTlsMode::IstioMutual | ClientTlsMode::Mutual)
}

/// Whether a namespace is the mesh's root.
pub(super) fn is_root(namespace: &str) -> bool {
    namespace == ROOT_NAMESPACE
}
