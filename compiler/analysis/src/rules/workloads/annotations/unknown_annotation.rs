//! An annotation of Istio's domain that Istio does not know.

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_syntax::de::Spanned;

use super::carriers::Carrier;
use super::table;
use crate::rules::context::Context;

declare_rule! {
    /// ## What it does
    /// Finds annotations of a domain of Istio's (`….istio.io/…`) that Istio does not know, on Namespaces, Services, Pods
    /// and the workloads that make Pods.
    ///
    /// ## What happens to traffic
    /// The annotation has no effect.
    ///
    /// ## Example
    /// ```yaml
    /// metadata:
    ///   annotations:
    ///     traffic.sidecar.istio.io/excludeInboundPort: "9400"
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// metadata:
    ///   annotations:
    ///     traffic.sidecar.istio.io/excludeInboundPorts: "9400"
    /// ```
    ///
    /// ## Fix safety
    /// The fix writes the nearest annotation that exists; check that it is the one that was meant.
    ///
    /// ## Covers
    /// IST0108. `istioctl` looks at Namespaces, Services, Pods and Deployments only, and not at the templates of
    /// workloads, where these annotations belong.
    pub UNKNOWN_ANNOTATION = "MC1105", "unknown-annotation", Warning, Mesh,
    "An annotation of Istio's domain that Istio does not know",
    ["IST0108"]
}

/// The finding, with the nearest name.
pub(super) fn finding(context: &Context<'_>, carrier: &Carrier<'_>, name: &Spanned<String>) -> Diagnostic {
    let message = format!("Istio knows no annotation `{}`: it has no effect", name.value);
    let finding = carrier.finding(&UNKNOWN_ANNOTATION, name.span, message, "IST0108");
    context.suggest(
        finding,
        name.span,
        name,
        table::ALL.iter().map(|known| known.name),
        "remove it, or give it another domain if another program reads it".to_owned(),
    )
}
