//! A namespace that does not say whether its pods get sidecars.

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_mesh::ROOT_NAMESPACE;
use meshc_syntax::suggest::nearest;

use crate::rules::context::Context;

declare_rule! {
    /// ## What it does
    /// Finds Namespaces without a label that says whether their pods are in the mesh: `istio-injection`, `istio.io/rev`
    /// or `istio.io/dataplane-mode`.
    ///
    /// ## What happens to traffic
    /// Istio's injector leaves such namespaces alone unless it is installed with `enableNamespacesByDefault`: pods get
    /// no sidecar, and no routing rule and no policy holds for them. meshc takes the pods as if they had one.
    ///
    /// ## Example
    /// ```yaml
    /// kind: Namespace
    /// metadata: {name: shop}
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// kind: Namespace
    /// metadata:
    ///   name: shop
    ///   labels: {istio-injection: enabled}    # or disabled
    /// ```
    ///
    /// ## Covers
    /// IST0102, and IST0148 where the tree holds the injector's settings with `enableNamespacesByDefault`.
    pub UNINJECTED_NAMESPACE = "MC1101", "uninjected-namespace", Info, Mesh,
    "A namespace that does not say whether its pods get sidecars",
    ["IST0102", "IST0148"]
}

/// Namespaces that Kubernetes keeps for itself: `istioctl` leaves them alone too.
const SYSTEM: [&str; 4] = ["kube-system", "kube-public", "kube-node-lease", "local-path-storage"];

/// Every Namespace.
pub(super) fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    for object in &context.resources.namespaces {
        let label = |key: &str| object.metadata.label(key).filter(|value| !value.is_empty());
        let says = label("istio-injection").is_some()
            || object.metadata.label("istio.io/rev").is_some()
            || label("istio.io/dataplane-mode") == Some("ambient");
        if says || object.name() == ROOT_NAMESPACE || SYSTEM.contains(&object.name()) {
            continue;
        }
        let misspelt = object.metadata.labels.keys().find(|key| {
            nearest(key, ["istio-injection", "istio.io/rev", "istio.io/dataplane-mode"]).is_some()
        });
        let span = misspelt.map_or(object.name_span(), |key| key.span);
        let (message, alias, help) = if context.injects_by_default {
            (
                "the namespace has no label for injection, and Istio's injector is installed with \
                 `enableNamespacesByDefault`: its pods get sidecars"
                    .to_owned(),
                "IST0148",
                "label it `istio-injection: enabled` or `disabled`, so that it does not depend on the installation",
            )
        } else {
            (
                "the namespace has no label for injection: unless Istio injects by default its pods get no sidecar, \
                 and no routing rule and no policy holds for them"
                    .to_owned(),
                "IST0102",
                "label it `istio-injection: enabled`, or `disabled` if that is meant",
            )
        };
        found.push(object.finding(&UNINJECTED_NAMESPACE, span, message).alias(alias).help(help));
    }
}
