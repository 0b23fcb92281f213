//! Workloads without sidecars that the mesh takes by its nodes.

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_syntax::{Entry, Node};

use crate::Kind;

declare_rule! {
    /// ## What it does
    /// Refuses namespaces, workloads and services that are enrolled in Istio's ambient mode
    /// (`istio.io/dataplane-mode: ambient`, `istio.io/use-waypoint`), and Gateways that are waypoints.
    ///
    /// ## What happens to traffic
    /// In a cluster the node's ztunnel takes the workload's connections, and its waypoint routes its requests. This
    /// version of meshc models sidecars and gateways only: an answer would be a guess, so `trace`, `build`, `up` and
    /// `diff` refuse the tree.
    ///
    /// ## Example
    /// ```yaml
    /// kind: Namespace
    /// metadata:
    ///   name: shop
    ///   labels: {istio.io/dataplane-mode: ambient}
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// kind: Namespace
    /// metadata:
    ///   name: shop
    ///   labels: {istio-injection: enabled}
    /// ```
    pub AMBIENT_MODE = "MC0490", "ambient-mode", Info, Document,
    "Ambient mode, which meshc does not model yet",
    []
}

/// The label by which a namespace or a pod is enrolled.
const DATAPLANE_MODE: &str = "istio.io/dataplane-mode";
/// The label by which something is reached through a waypoint.
const USE_WAYPOINT: &str = "istio.io/use-waypoint";
/// The classes of Gateways that are waypoints.
const WAYPOINT_CLASSES: [&str; 2] = ["istio-waypoint", "istio-east-west"];

/// One finding for each resource that is enrolled.
pub(crate) fn check(kind: Kind, root: &Node, found: &mut Vec<Diagnostic>) {
    let labels =
        |node: &Node| node.at(&["metadata", "labels"]).and_then(enrolled).map(|entry| entry.value.span);
    let template = || root.at(&["spec", "template"]).and_then(labels);
    let class = || {
        let class = root.at(&["spec", "gatewayClassName"])?;
        class.as_str().is_some_and(|class| WAYPOINT_CLASSES.contains(&class)).then_some(class.span)
    };
    let span = match kind {
        Kind::Namespace | Kind::Pod | Kind::Service | Kind::ServiceEntry | Kind::WorkloadEntry => {
            labels(root)
        }
        Kind::Deployment | Kind::StatefulSet | Kind::DaemonSet | Kind::ReplicaSet | Kind::Job => template(),
        Kind::KubernetesGateway => class(),
        _ => None,
    };
    let Some(span) = span else { return };
    let what = if kind == Kind::KubernetesGateway {
        "this Gateway is a waypoint"
    } else {
        "this is enrolled in ambient mode"
    };
    let message = format!("{what}, which is not modelled yet: what happens to its requests is unknown here");
    let text = |key| root.at(&["metadata", key]).and_then(Node::as_str);
    let namespace = kind.is_namespaced().then(|| text("namespace").unwrap_or(crate::DEFAULT_NAMESPACE));
    found.push(
        Diagnostic::new(&AMBIENT_MODE, span, message)
            .resource(kind.as_str(), namespace, text("name").unwrap_or_default())
            .help("with sidecars meshc knows it: `istio-injection: enabled` on the namespace"),
    );
}

/// The label that enrols.
fn enrolled(labels: &Node) -> Option<&Entry> {
    let mode = labels.entry(DATAPLANE_MODE).filter(|entry| entry.value.as_str() == Some("ambient"));
    mode.or_else(|| {
        let waypoint = labels.entry(USE_WAYPOINT)?;
        waypoint.value.as_str().is_some_and(|name| !name.is_empty() && name != "none").then_some(waypoint)
    })
}
