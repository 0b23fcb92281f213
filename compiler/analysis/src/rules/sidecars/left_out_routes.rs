//! A Sidecar that lets a host in and leaves its routes out.

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_mesh::hostname::{is_covered, qualify};

use crate::rules::context::Context;

declare_rule! {
    /// ## What it does
    /// Finds Sidecars whose `egress` lets a host in from its namespace, but not the VirtualService that has the routes for it,
    /// because that lives in another namespace. (The destinations of a VirtualService that is let in are let in by Istio
    /// itself.)
    ///
    /// ## What happens to traffic
    /// Requests of these sidecars to the host are not routed: they go to all of its pods.
    ///
    /// ## Example
    /// ```yaml
    /// kind: Sidecar
    /// spec:
    ///   egress:
    ///     - hosts: ["shop/*"]    # the VirtualService for reviews.shop.svc.cluster.local lives in namespace `routes`
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// egress:
    ///   - hosts: ["shop/*", "routes/*"]
    /// ```
    pub LEFT_OUT_ROUTES = "MC1421", "left-out-routes", Warning, Mesh,
    "A Sidecar that lets a host in and leaves its routes out",
    []
}

/// Every Sidecar with egress listeners, against the VirtualServices that live beside other hosts than theirs.
pub(super) fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    if context.resources.sidecars.is_empty() {
        return;
    }
    let mut foreign = Vec::new();
    for by in context.mesh.virtual_services.iter().filter(|by| by.is_for_mesh()) {
        for host in &by.hosts {
            let service = context.service(&host.value, &by.meta.namespace);
            if let Some(service) = service.filter(|service| service.namespace() != by.meta.namespace) {
                foreign.push((by, host, service));
            }
        }
    }
    for object in &context.resources.sidecars {
        let own = object.namespace();
        let lets_in = |host: &str, namespace: &str| {
            object.spec.egress.iter().flat_map(|egress| &egress.hosts).find(|written| {
                let Some((of, pattern)) = written.split_once('/') else { return false };
                let of = if of == "." { own } else { of };
                (of == "*" || of == namespace)
                    && (pattern == "*" || is_covered(host, &qualify(pattern, namespace)))
            })
        };
        for (by, host, service) in &foreign {
            let of = by.meta.namespace.as_str();
            if !by.export_to.allows(of, own) || lets_in(&host.value, of).is_some() {
                continue;
            }
            let Some(written) = lets_in(&service.hostname, service.namespace()) else { continue };
            let message = format!(
                "`{}` lets `{}` in and nothing lets {} in, which has its routes: requests to it are not routed here",
                written.value, service.hostname, by.meta
            );
            found.push(
                object
                    .finding(&LEFT_OUT_ROUTES, written.span, message)
                    .label(host.span, "its routes")
                    .help(format!("add `{of}/{}` to `hosts`", service.hostname)),
            );
        }
    }
}
