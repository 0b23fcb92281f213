//! The settings of the whole mesh: `MeshConfig` and `MeshNetworks`, from the ConfigMap that istiod reads, or from a
//! node of any other file.

use meshc_diagnostics::{Diagnostic, Severity};
use meshc_syntax::de::{self, Encoding, Issue, Spanned};
use meshc_syntax::{Limits, Node};
use serde::de::DeserializeOwned;

use crate::istio::mesh::{MeshConfig, MeshNetworks};
use crate::object::{Bare, Root};
use crate::{Kind, Metadata, Object, rules};

/// What a ConfigMap says about the whole mesh.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct MeshSettings {
    /// The key `mesh`.
    pub config: Option<Spanned<MeshConfig>>,
    /// The key `meshNetworks`.
    pub networks: Option<Spanned<MeshNetworks>>,
}

/// The settings in a ConfigMap; none in one that is not istiod's. Istiod reads `istio`, or `istio-REVISION`, in its
/// own namespace.
pub(crate) fn of_config_map(
    root: &Node,
    text: &str,
    limits: &Limits,
    found: &mut Vec<Diagnostic>,
) -> Option<Object<MeshSettings>> {
    let name = root.at(&["metadata", "name"])?.as_str()?;
    if name != "istio" && !name.starts_with("istio-") {
        return None;
    }
    let data = root.get("data")?;
    let (mesh, networks) = (data.get("mesh"), data.get("meshNetworks"));
    mesh.or(networks)?.as_str()?;
    let (metadata, _) = de::read::<Bare>(root).0.unwrap_or_default().split();
    let mut object = Object {
        kind: Kind::ConfigMap,
        metadata,
        spec: MeshSettings::default(),
        status: None,
        span: root.span,
    };
    let mut own = Vec::new();
    if let Some(string) = mesh {
        object.spec.config = nested(string, text, limits, &mut own, mesh_config);
    }
    if let Some(string) = networks {
        object.spec.networks = nested(string, text, limits, &mut own, mesh_networks);
    }
    let id = object.id();
    found.extend(own.into_iter().map(|finding| finding.resource_id(id.clone())));
    Some(object)
}

/// The settings in any other place than istiod's ConfigMap, as if they stood in one: none where there are none.
pub fn mesh_settings(
    config: Option<&Node>,
    networks: Option<&Node>,
    found: &mut Vec<Diagnostic>,
) -> Option<Object<MeshSettings>> {
    let span = config.or(networks)?.span;
    let mut metadata = Metadata::default();
    metadata.name = Some(Spanned::at("istio".to_owned(), span));
    metadata.namespace = Some(Spanned::at("istio-system".to_owned(), span));
    let spec = MeshSettings {
        config: config.map(|node| Spanned::at(mesh_config(node, found), node.span)),
        networks: networks.map(|node| Spanned::at(mesh_networks(node, found), node.span)),
    };
    Some(Object { kind: Kind::ConfigMap, metadata, spec, status: None, span })
}

/// The one document within a string.
pub(crate) fn nested<T>(
    string: &Node,
    text: &str,
    limits: &Limits,
    found: &mut Vec<Diagnostic>,
    read: impl FnOnce(&Node, &mut Vec<Diagnostic>) -> T,
) -> Option<Spanned<T>> {
    let parsed = meshc_syntax::parse_nested(text, string, limits);
    found.extend(parsed.diagnostics);
    let root = &parsed.documents.first()?.root;
    Some(Spanned::at(read(root, found), root.span))
}

/// Reads a `MeshConfig` as istiod does, with what it would refuse. The node may stand in any file.
pub fn mesh_config(node: &Node, found: &mut Vec<Diagnostic>) -> MeshConfig {
    let config: MeshConfig = protojson(node, "MeshConfig", found);
    rules::mesh_config(&config, node, found);
    config
}

/// Reads a `MeshNetworks` as istiod does, with what it would refuse.
pub fn mesh_networks(node: &Node, found: &mut Vec<Diagnostic>) -> MeshNetworks {
    let networks: MeshNetworks = protojson(node, "MeshNetworks", found);
    rules::mesh_networks(&networks, found);
    networks
}

/// Istiod leaves unknown fields aside and refuses the whole for any other mistake.
pub(crate) fn protojson<T: DeserializeOwned + Default>(
    node: &Node,
    kind: &str,
    found: &mut Vec<Diagnostic>,
) -> T {
    let (value, issues) = de::read_as::<T>(node, Encoding::ProtoJson);
    for issue in &issues {
        let finding = meshc_syntax::rules::issue_diagnostic(issue, kind);
        let ignored = matches!(issue, Issue::UnknownField { .. });
        found.push(if ignored { finding.severity(Severity::Warning) } else { finding });
    }
    value.unwrap_or_default()
}
