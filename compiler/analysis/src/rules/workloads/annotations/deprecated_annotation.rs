//! An annotation that a later Istio will not read.

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_syntax::de::Spanned;

use super::carriers::Carrier;
use super::table::Known;

declare_rule! {
    /// ## What it does
    /// Finds annotations that Istio has declared deprecated.
    ///
    /// ## What happens to traffic
    /// Nothing today; a later version of Istio may ignore the annotation.
    ///
    /// ## Example
    /// ```yaml
    /// annotations:
    ///   sidecar.istio.io/inject: "false"
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// labels:
    ///   sidecar.istio.io/inject: "false"
    /// ```
    ///
    /// ## Covers
    /// IST0135. An `inject` annotation beside the label of the same name is left alone, as by Istio.
    pub DEPRECATED_ANNOTATION = "MC1108", "deprecated-annotation", Info, Mesh,
    "An annotation that a later Istio will not read",
    ["IST0135"]
}

/// The finding, if the annotation is deprecated.
pub(super) fn finding(carrier: &Carrier<'_>, name: &Spanned<String>, known: &Known) -> Option<Diagnostic> {
    let inject = name.value == "sidecar.istio.io/inject";
    if !known.deprecated || (inject && carrier.metadata.label(name).is_some()) {
        return None;
    }
    let message = format!("`{}` is deprecated: a later Istio may ignore it", name.value);
    let finding = carrier.finding(&DEPRECATED_ANNOTATION, name.span, message, "IST0135");
    Some(if inject {
        finding.help("use the label `sidecar.istio.io/inject`")
    } else {
        finding.help("`proxy.istio.io/config`, or a ProxyConfig or Telemetry resource, can say the same")
    })
}
