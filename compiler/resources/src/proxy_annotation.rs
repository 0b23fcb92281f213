//! The annotation `proxy.istio.io/config` of pods and of what makes them: how their proxies run.

use meshc_diagnostics::{Diagnostic, Severity};
use meshc_syntax::de::Spanned;
use meshc_syntax::{Limits, Node};

use crate::istio::mesh::MeshProxyConfig;
use crate::mesh_settings::{nested, protojson};
use crate::{Kind, rules};

/// The annotation.
pub const PROXY_CONFIG: &str = "proxy.istio.io/config";

/// The annotation's text, and what it says. What istiod refuses of it keeps the sidecar from being injected; the API
/// server takes the object.
pub(crate) fn read(
    kind: Kind,
    root: &Node,
    text: &str,
    limits: &Limits,
    found: &mut Vec<Diagnostic>,
) -> Option<(String, Spanned<MeshProxyConfig>)> {
    let annotations: &[&str] = match kind {
        Kind::Pod => &["metadata", "annotations"],
        Kind::Deployment | Kind::StatefulSet | Kind::DaemonSet | Kind::ReplicaSet => {
            &["spec", "template", "metadata", "annotations"]
        }
        _ => return None,
    };
    let string = root.at(annotations)?.get(PROXY_CONFIG)?;
    let written = string.as_str()?.to_owned();
    let mut own = Vec::new();
    let config = nested(string, text, limits, &mut own, |node, found| {
        let config: MeshProxyConfig = protojson(node, "ProxyConfig", found);
        rules::proxy_annotation(&config, node, found);
        config
    });
    found.extend(own.into_iter().map(|finding| {
        if finding.severity == Severity::Error { finding.severity(Severity::Warning) } else { finding }
    }));
    Some((written, config?))
}
