//! A route that hangs on nothing.

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_settings::ways_out;

use super::routes::Route;
use crate::rules::context::Context;

declare_rule! {
    /// ## What it does
    /// Finds `parentRefs` of routes of the Gateway API that name a Gateway, a listener of it (`sectionName`), or a Service
    /// which does not exist.
    ///
    /// ## What happens to traffic
    /// Nobody follows the route there: requests get 404, or go where they went without it.
    ///
    /// ## Example
    /// ```yaml
    /// parentRefs:
    ///   - {name: egde, namespace: shop}
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// parentRefs:
    ///   - {name: edge, namespace: shop}
    /// ```
    ///
    /// ## Fix safety
    /// The fix writes the nearest name that exists; check that it is the one that was meant.
    ///
    /// ## Covers
    /// KIA1401 (a Gateway) and KIA1402 (a Service).
    pub ROUTE_PARENT = "MC1621", "route-parent", Error, Mesh,
    "A route that hangs on nothing",
    ["KIA1401", "KIA1402"]
}

/// The parents of one route.
pub(super) fn check(context: &Context<'_>, route: &Route<'_>, found: &mut Vec<Diagnostic>) {
    for (index, parent) in route.parents.iter().enumerate() {
        let namespace = parent.namespace(route.namespace);
        let Some(name) = &parent.name else { continue };
        match (parent.group(), parent.kind()) {
            ("gateway.networking.k8s.io", "Gateway") => {
                let gateway = context.kubernetes_gateway(&format!("{namespace}/{}", name.value));
                let Some(gateway) = gateway else {
                    if context.mesh.external.has_gateway(namespace, name) {
                        continue;
                    }
                    let all = context.resources.kubernetes_gateways.iter();
                    let message = format!(
                        "parentRefs[{index}]: no Gateway of this tree is called `{namespace}/{}`: nobody follows the route there",
                        name.value
                    );
                    let finding = route.finding(&ROUTE_PARENT, name.span, message).alias("KIA1401");
                    let names = all.filter(|g| g.namespace() == namespace).map(meshc_resources::Object::name);
                    let otherwise = format!("declare the Gateway; {}", ways_out("gateways"));
                    found.push(context.suggest(finding, name.span, name, names, otherwise));
                    continue;
                };
                if let Some(section) = parent.section_name.as_ref().filter(|section| !section.is_empty()) {
                    let listeners = || {
                        gateway
                            .spec
                            .listeners
                            .iter()
                            .filter_map(|l| l.name.as_ref())
                            .map(|n| n.value.as_str())
                    };
                    if listeners().any(|listener| listener == section.value) {
                        continue;
                    }
                    let message = format!(
                        "parentRefs[{index}]: {} has no listener `{}`: nobody follows the route there",
                        gateway.id(),
                        section.value
                    );
                    let finding = route
                        .finding(&ROUTE_PARENT, section.span, message)
                        .label(gateway.name_span(), "the Gateway");
                    found.push(context.suggest(
                        finding,
                        section.span,
                        section,
                        listeners(),
                        format!("its listeners: {}", listeners().collect::<Vec<_>>().join(", ")),
                    ));
                }
            }
            ("", "Service") => {
                let host = meshc_mesh::hostname::service_host(name, namespace);
                let absence = context.mesh.absence(&host);
                if context.service_object(namespace, name).is_some()
                    || absence == meshc_mesh::Absence::Elsewhere
                {
                    continue;
                }
                let message = format!(
                    "parentRefs[{index}]: no Service of this tree is called `{namespace}/{}`: nobody follows the route there",
                    name.value
                );
                let finding = route.finding(&ROUTE_PARENT, name.span, message).alias("KIA1402");
                found.push(super::with_absence(finding, &absence));
            }
            _ => {}
        }
    }
}
