//! A Gateway of a class that nobody serves.

use meshc_diagnostics::{Diagnostic, declare_rule};

use crate::rules::context::Context;

declare_rule! {
    /// ## What it does
    /// Finds Gateways of the Gateway API whose `gatewayClassName` is none of Istio's own (`istio`, `istio-remote`,
    /// `istio-waypoint`, `istio-east-west`) and no GatewayClass of the tree.
    ///
    /// ## What happens to traffic
    /// Istio leaves the Gateway alone: unless another controller serves the class, nobody listens.
    ///
    /// ## Example
    /// ```yaml
    /// gatewayClassName: itsio
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// gatewayClassName: istio
    /// ```
    ///
    /// ## Fix safety
    /// The fix writes the nearest class that exists; check that it is the one that was meant.
    ///
    /// ## Covers
    /// KIA1504. Kiali asks its own configuration for the classes.
    pub UNKNOWN_CLASS = "MC1626", "unknown-class", Warning, Mesh,
    "A Gateway of a class that nobody serves",
    ["KIA1504"]
}

/// Classes that Istio brings.
const OWN: [&str; 4] = ["istio", "istio-remote", "istio-waypoint", "istio-east-west"];

/// Every Gateway.
pub(super) fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    for object in &context.resources.kubernetes_gateways {
        let Some(class) = object.spec.gateway_class_name.as_ref().filter(|class| !class.is_empty()) else {
            continue;
        };
        let classes = || {
            let declared = context.resources.gateway_classes.iter().map(|class| class.metadata.name());
            OWN.into_iter().chain(declared)
        };
        if classes().any(|known| known == class.value) {
            continue;
        }
        let message =
            format!("nobody in this tree serves the class `{}`: Istio leaves the Gateway alone", class.value);
        let finding = object.finding(&UNKNOWN_CLASS, class.span, message).alias("KIA1504");
        found.push(context.suggest(finding, class.span, class, classes(), "Istio's own class is `istio`; if another controller serves this one, declare its GatewayClass".to_owned()));
    }
}
