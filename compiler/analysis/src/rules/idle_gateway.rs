//! A Gateway that selects no workload.

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_mesh::{Bound, Gateway, PodProxy};
use meshc_settings::{External, ways_out};

use super::context::Context;

declare_rule! {
    /// ## What it does
    /// Finds Gateways whose selector no gateway workload has. The gateways that Istio's installation brings
    /// (`istio: ingressgateway`, `istio: egressgateway`) count as present.
    ///
    /// ## What happens to traffic
    /// No proxy serves the Gateway: connections to its ports are refused, or answered by whatever else listens.
    ///
    /// ## Example
    /// ```yaml
    /// selector: {istio: ingresgateway}
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// selector: {istio: ingressgateway}
    /// ```
    ///
    /// ## Covers
    /// IST0101 and KIA0302.
    pub IDLE_GATEWAY = "MC1005", "idle-gateway", Error, Mesh,
    "A Gateway that selects no workload",
    ["IST0101", "KIA0302"]
}

/// Every Gateway.
pub(super) fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    for gateway in &context.mesh.gateways {
        let external = &context.mesh.external;
        if let Some(bound) = &gateway.bound {
            if context.mesh.pods_of(gateway).next().is_none() {
                found.extend(unserved(gateway, bound, external));
            }
            continue;
        }
        let mut selected = context.pods.selected(None, &gateway.selector);
        if selected.any(|pod| pod.proxy == PodProxy::Gateway)
            || external.workloads.iter().any(|of| of.selected_by(&gateway.selector))
        {
            continue;
        }
        let selector: Vec<String> =
            gateway.selector.iter().map(|(key, value)| format!("{key}={value}")).collect();
        let message = if selector.is_empty() {
            "no workload of this tree is a gateway: no proxy serves this Gateway".to_owned()
        } else {
            format!(
                "no gateway workload of this tree has the labels {}: no proxy serves this Gateway",
                selector.join(", ")
            )
        };
        found.push(
            Diagnostic::new(&IDLE_GATEWAY, gateway.selector_span, message)
                .resource(gateway.meta.kind, Some(&gateway.meta.namespace), &gateway.meta.name)
                .alias("IST0101")
                .alias("KIA0302")
                .help(format!(
                    "the gateways of Istio's installation have `istio: ingressgateway` and `istio: egressgateway` \
                     (another label: `istio.ingressgateway.label` of meshc.yaml); {}",
                    ways_out("workloads")
                )),
        );
    }
}

/// A listener of the Gateway API whose Gateway names Services that no gateway workload is behind.
fn unserved(gateway: &Gateway, bound: &Bound, external: &External) -> Option<Diagnostic> {
    if bound.hosts.iter().all(|host| external.has_service(host)) {
        return None;
    }
    let message = format!(
        "no workload of this tree is behind {} in the namespace `{}`: no proxy serves this listener",
        bound.hosts.join(" and "),
        bound.namespace
    );
    let finding = Diagnostic::new(&IDLE_GATEWAY, gateway.selector_span, message);
    Some(
        finding
            .resource("Gateway", Some(&gateway.meta.namespace), &gateway.meta.name)
            .help(ways_out("services")),
    )
}
