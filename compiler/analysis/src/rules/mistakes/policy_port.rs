//! A port in an AuthorizationPolicy that the workload does not have.

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_mesh::ROOT_NAMESPACE;

use super::ports::Ports;
use crate::rules::context::Context;

declare_rule! {
    /// ## What it does
    /// Finds `ports` of AuthorizationPolicies that none of the selected pods has: neither one of their containers declares
    /// it, nor does a Service lead to it. Ports of policies are those of the pods (`targetPort`), not of the Services.
    ///
    /// ## What happens to traffic
    /// The value matches no request: of an ALLOW policy requests get 403, of a DENY policy they get through.
    ///
    /// ## Example
    /// ```yaml
    /// ports: ["80"]      # the Service's port; the pods listen on 8080
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// ports: ["8080"]
    /// ```
    pub POLICY_PORT = "MC1704", "policy-port", Warning, Mesh,
    "A port in an AuthorizationPolicy that the workload does not have",
    []
}

/// Every policy with a selector that selects pods of the tree.
pub(super) fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    for object in &context.resources.authorization_policies {
        let Some(selector) = object.spec.selector.as_ref() else { continue };
        let namespace = (object.namespace() != ROOT_NAMESPACE).then(|| object.namespace());
        let known = Ports::of_selected(context, namespace, &selector.match_labels);
        let operations =
            object.spec.rules.iter().flat_map(|rule| &rule.to).filter_map(|to| to.operation.as_ref());
        for written in operations.flat_map(|operation| operation.ports.iter().chain(&operation.not_ports)) {
            let Ok(port) = written.value.parse::<u16>() else { continue };
            if let Some(help) = known.unknown(port) {
                let message =
                    format!("none of the selected pods has port {port}: the value matches no request");
                found.push(object.finding(&POLICY_PORT, written.span, message).help(help));
            }
        }
    }
}
