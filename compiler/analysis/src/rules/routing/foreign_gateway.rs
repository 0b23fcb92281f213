//! A condition on a gateway that the VirtualService is not for.

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_mesh::hostname::{MESH_GATEWAY, qualify_gateway};
use meshc_syntax::suggest::list;

use crate::rules::context::Context;

declare_rule! {
    /// ## What it does
    /// Finds gateways in `http[].match[].gateways` that exist but are not among the `gateways` of the VirtualService itself.
    ///
    /// ## What happens to traffic
    /// The route is never taken there: that gateway does not follow the VirtualService.
    ///
    /// ## Example
    /// ```yaml
    /// gateways: [edge]
    /// http:
    ///   - match: [{gateways: [mesh]}]
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// gateways: [edge, mesh]
    /// ```
    pub FOREIGN_GATEWAY = "MC1418", "foreign-gateway", Warning, Mesh,
    "A condition on a gateway that the VirtualService is not for",
    []
}

/// Every condition with gateways, of VirtualServices that are no delegates.
pub(super) fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    for object in context.resources.virtual_services.iter().filter(|object| !object.spec.hosts.is_empty()) {
        let namespace = object.namespace();
        let mut own: Vec<String> =
            object.spec.gateways.iter().map(|gateway| qualify_gateway(gateway, namespace)).collect();
        if own.is_empty() {
            own.push(MESH_GATEWAY.to_owned());
        }
        for (number, route) in object.spec.http.iter().enumerate() {
            for (m, condition) in route.matches.iter().enumerate() {
                for (index, gateway) in condition.gateways.iter().enumerate() {
                    let full = qualify_gateway(gateway, namespace);
                    let exists = full == MESH_GATEWAY || context.gateway(&full).is_some();
                    if !exists || own.contains(&full) {
                        continue;
                    }
                    let names: Vec<&str> = own.iter().map(String::as_str).collect();
                    let message = format!(
                        "http[{number}].match[{m}].gateways[{index}]: the VirtualService is for {}, not for `{full}`: \
                         this condition holds for no request",
                        list(&names)
                    );
                    found.push(
                        object
                            .finding(&FOREIGN_GATEWAY, gateway.span, message)
                            .help(format!("add `{}` to `gateways` of the VirtualService", gateway.value)),
                    );
                }
            }
        }
    }
}
