//! A gateway in the old form of names.

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_mesh::hostname::qualify_gateway;

use crate::rules::context::Context;

declare_rule! {
    /// ## What it does
    /// Finds gateways of VirtualServices in the old form `NAME.NAMESPACE.svc.cluster.local`.
    ///
    /// ## What happens to traffic
    /// Nothing: Istio understands it as `NAMESPACE/NAME`. A Gateway whose own name has a dot cannot be meant this way.
    ///
    /// ## Example
    /// ```yaml
    /// gateways: [edge.shop.svc.cluster.local]
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// gateways: [shop/edge]
    /// ```
    ///
    /// ## Fix safety
    /// The fix writes the same name in the new form.
    ///
    /// ## Covers
    /// KIA1108, and IST0133 (what Istio's webhook warns of) for the first of a VirtualService's own.
    pub OLD_GATEWAY_NAME = "MC1407", "old-gateway-name", Info, Mesh,
    "A gateway in the old form of names",
    ["KIA1108", "IST0133"]
}

/// Every gateway that a VirtualService names.
pub(super) fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    for object in &context.resources.virtual_services {
        let of_matches = object.spec.http.iter().flat_map(|route| &route.matches).flat_map(|m| &m.gateways);
        // Istio warns of those of the VirtualService, up to the first without a slash.
        let warned = object.spec.gateways.iter().position(|gateway| !gateway.contains('/'));
        for (index, written) in object.spec.gateways.iter().chain(of_matches).enumerate() {
            if !written.contains('.') || written.contains('/') {
                continue;
            }
            let full = qualify_gateway(written, object.namespace());
            let message =
                format!("`{}` is the old form of `{full}`: Istio still understands it", written.value);
            let finding = object
                .finding(&OLD_GATEWAY_NAME, written.span, message)
                .replace(format!("Replace with `{full}`"), written.span, full)
                .alias("KIA1108");
            found.push(if warned == Some(index) { finding.alias("IST0133") } else { finding });
        }
    }
}
