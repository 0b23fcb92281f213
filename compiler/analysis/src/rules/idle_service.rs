//! A Service that selects no pod.

use meshc_diagnostics::{Diagnostic, Severity, declare_rule};
use meshc_mesh::Resolution;
use meshc_mesh::hostname::service_host;
use meshc_settings::ways_out;
use meshc_syntax::suggest::list;

use super::context::Context;

declare_rule! {
    /// ## What it does
    /// Finds Services with a selector that no pod of their namespace has, and no EndpointSlice.
    ///
    /// ## What happens to traffic
    /// Requests to the Service get 503. (An info where the tree holds no workload of the namespace at all: they are
    /// elsewhere.)
    ///
    /// ## Example
    /// ```yaml
    /// selector: {app: review}    # the pods have app: reviews
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// selector: {app: reviews}
    /// ```
    pub IDLE_SERVICE = "MC1006", "idle-service", Warning, Mesh,
    "A Service that selects no pod",
    []
}

/// Every Service with a selector.
pub(super) fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    for object in &context.resources.services {
        let selector = &object.spec.selector;
        let host = service_host(object.name(), object.namespace());
        let Some(service) = context.mesh.service(&host, object.namespace()) else { continue };
        if selector.is_empty()
            || !service.endpoints.is_empty()
            || service.resolution != Resolution::ClientSide
            || context.mesh.external.has_workload(object.namespace(), &service.selector)
            || context.pods.any(Some(object.namespace()), &service.selector)
        {
            continue;
        }
        let (Some(first), Some(last)) = (selector.first(), selector.last()) else { continue };
        let span = first.0.span.join(last.1.span);
        let labels: Vec<String> = selector.iter().map(|(key, value)| format!("{key}={value}")).collect();
        let message = format!(
            "no pod of this tree in namespace `{}` has the labels {}: requests to `{}` get 503",
            object.namespace(),
            labels.join(", "),
            object.name()
        );
        // Of a namespace without any workload in the tree the workloads are elsewhere.
        let unseen = !context.has_workloads(object.namespace());
        let severity = if unseen { Severity::Info } else { Severity::Warning };
        let finding = object.finding(&IDLE_SERVICE, span, message).severity(severity);
        let mut values: Vec<&str> = context
            .pods
            .of_namespace(object.namespace())
            .filter_map(|pod| pod.labels.get(&first.0.value))
            .map(String::as_str)
            .collect();
        values.sort_unstable();
        values.dedup();
        found.push(if values.is_empty() || values.len() > 8 {
            finding.help(ways_out("workloads"))
        } else {
            finding.help(format!("pods of the namespace have `{}` {}", first.0.value, list(&values)))
        });
    }
}
