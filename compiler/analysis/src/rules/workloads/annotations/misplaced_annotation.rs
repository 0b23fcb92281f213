//! An annotation of Istio's on a kind where Istio does not read it.

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_syntax::de::Spanned;
use meshc_syntax::suggest::list;

use super::carriers::Carrier;
use super::table::Known;

declare_rule! {
    /// ## What it does
    /// Finds annotations of Istio's that stand on a kind where Istio does not read them; most often on a Deployment
    /// instead of on the template of its Pods.
    ///
    /// ## What happens to traffic
    /// The annotation has no effect.
    ///
    /// ## Example
    /// ```yaml
    /// kind: Deployment
    /// metadata:
    ///   annotations:
    ///     traffic.sidecar.istio.io/excludeOutboundPorts: "5432"
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// kind: Deployment
    /// spec:
    ///   template:
    ///     metadata:
    ///       annotations:
    ///         traffic.sidecar.istio.io/excludeOutboundPorts: "5432"
    /// ```
    ///
    /// ## Covers
    /// IST0107.
    pub MISPLACED_ANNOTATION = "MC1106", "misplaced-annotation", Warning, Mesh,
    "An annotation of Istio's on a kind where Istio does not read it",
    ["IST0107"]
}

/// The finding.
pub(super) fn finding(carrier: &Carrier<'_>, name: &Spanned<String>, known: &Known) -> Diagnostic {
    let message = format!(
        "Istio reads `{}` on {}, not on a {}: it has no effect here",
        name.value,
        list(known.kinds),
        carrier.kind
    );
    let of_pods = known.kinds.contains(&"Pod");
    let makes_pods = !matches!(carrier.kind, "Namespace" | "Service");
    carrier.finding(&MISPLACED_ANNOTATION, name.span, message, "IST0107").help(if of_pods && makes_pods {
        "move it to `spec.template.metadata.annotations`".to_owned()
    } else {
        format!("move it to the {}", known.kinds.join(" or "))
    })
}
