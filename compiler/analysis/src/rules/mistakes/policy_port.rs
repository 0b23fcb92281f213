//! A port in an AuthorizationPolicy that the workload does not have.

use std::collections::BTreeSet;

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_mesh::{Pod, ROOT_NAMESPACE};
use meshc_syntax::suggest::list;

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
        let selects = |pod: &Pod| {
            (pod.namespace == object.namespace() || object.namespace() == ROOT_NAMESPACE)
                && selector
                    .match_labels
                    .iter()
                    .all(|(key, value)| pod.labels.get(&key.value) == Some(&value.value))
        };
        let pods = context.mesh.pods.iter().enumerate().filter(|(_, pod)| selects(pod));
        let mut known: BTreeSet<u16> = BTreeSet::new();
        let mut services: BTreeSet<u16> = BTreeSet::new();
        for (index, pod) in pods {
            known.extend(pod.ports.iter().map(|port| port.number));
            for target in context.mesh.targets(index) {
                known.insert(target.target_port);
                let port = target.service.ports.get(target.port);
                services.extend(port.map(|port| port.number));
            }
        }
        // Of pods that declare nothing nothing can be said.
        if known.is_empty() {
            continue;
        }
        let operations =
            object.spec.rules.iter().flat_map(|rule| &rule.to).filter_map(|to| to.operation.as_ref());
        for written in operations.flat_map(|operation| operation.ports.iter().chain(&operation.not_ports)) {
            let Ok(port) = written.value.parse::<u16>() else { continue };
            if known.contains(&port) {
                continue;
            }
            let message = format!("none of the selected pods has port {port}: the value matches no request");
            let finding = object.finding(&POLICY_PORT, written.span, message);
            let names: Vec<String> = known.iter().map(ToString::to_string).collect();
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let ports = list(&names).replace(" or ", " and ");
            found.push(if services.contains(&port) {
                finding.help(format!("{port} is a port of the Service; those of the pods are {ports}"))
            } else {
                finding.help(format!("the pods have {ports}"))
            });
        }
    }
}
