//! An annotation whose feature may still change.

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_syntax::de::Spanned;

use super::carriers::Carrier;
use super::table::{Known, Maturity};

declare_rule! {
    /// ## What it does
    /// Finds annotations of features that Istio calls alpha.
    ///
    /// ## What happens to traffic
    /// What the annotation says; an upgrade of Istio may change that without notice.
    ///
    /// ## Example
    /// ```yaml
    /// annotations:
    ///   traffic.sidecar.istio.io/excludeInboundPorts: "9400"
    /// ```
    ///
    /// ## Use instead
    /// Nothing has to be done: look at the annotation when Istio is upgraded.
    ///
    /// ## Covers
    /// IST0136. Annotations that Istio's CNI plugin writes to Pods by itself are left alone on Pods without an
    /// `istio-init` container, as by Istio.
    pub ALPHA_ANNOTATION = "MC1109", "alpha-annotation", Info, Mesh,
    "An annotation whose feature may still change",
    ["IST0136"]
}

/// Annotations that the CNI plugin writes.
const BY_CNI: [&str; 4] = [
    "sidecar.istio.io/interceptionMode",
    "traffic.sidecar.istio.io/includeInboundPorts",
    "traffic.sidecar.istio.io/excludeInboundPorts",
    "traffic.sidecar.istio.io/includeOutboundIPRanges",
];

/// The finding, if the annotation's feature is alpha.
pub(super) fn finding(carrier: &Carrier<'_>, name: &Spanned<String>, known: &Known) -> Option<Diagnostic> {
    let by_cni = carrier.by_cni && BY_CNI.contains(&name.as_str());
    if known.maturity != Maturity::Alpha || by_cni {
        return None;
    }
    let message =
        format!("`{}` belongs to an alpha feature of Istio: an upgrade may change what it does", name.value);
    Some(carrier.finding(&ALPHA_ANNOTATION, name.span, message, "IST0136"))
}
