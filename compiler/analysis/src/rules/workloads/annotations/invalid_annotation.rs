//! An annotation of Istio's with a value that Istio cannot read.

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_syntax::de::Spanned;

use super::carriers::Carrier;
use super::value;

declare_rule! {
    /// ## What it does
    /// Finds annotations of Istio's whose value is none that Istio can read: ports, address ranges, numbers, amounts of
    /// CPU and memory, truth values, names of interfaces and modes.
    ///
    /// ## What happens to traffic
    /// Istio refuses to inject a sidecar: the Pod is not created.
    ///
    /// ## Example
    /// ```yaml
    /// annotations:
    ///   traffic.sidecar.istio.io/excludeOutboundIPRanges: 10.0.0.1
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// annotations:
    ///   traffic.sidecar.istio.io/excludeOutboundIPRanges: 10.0.0.1/32
    /// ```
    ///
    /// ## Covers
    /// IST0125. On the template of a workload too, where `istioctl` does not look.
    pub INVALID_ANNOTATION = "MC1107", "invalid-annotation", Error, Mesh,
    "An annotation of Istio's with a value that Istio cannot read",
    ["IST0125"]
}

/// The finding, if the value is none.
pub(super) fn finding(
    carrier: &Carrier<'_>,
    name: &Spanned<String>,
    value: &Spanned<String>,
) -> Option<Diagnostic> {
    let why = value::problem(name, value)?;
    let message = format!("`{}`: {why}: Istio refuses to inject a sidecar", name.value);
    Some(carrier.finding(&INVALID_ANNOTATION, value.span, message, "IST0125"))
}
