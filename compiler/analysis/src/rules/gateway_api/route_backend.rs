//! A route to a Service that does not exist, or that it may not use.

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_mesh::Absence;
use meshc_settings::ways_out;

use super::routes::Route;
use crate::rules::context::Context;

declare_rule! {
    /// ## What it does
    /// Finds `backendRefs` of routes of the Gateway API that name a Service which does not exist, or one of another
    /// namespace without a ReferenceGrant there.
    ///
    /// ## What happens to traffic
    /// Requests that are sent there get 500.
    ///
    /// ## Example
    /// ```yaml
    /// backendRefs:
    ///   - {name: reviws, port: 9080}
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// backendRefs:
    ///   - {name: reviews, port: 9080}
    /// ```
    ///
    /// ## Fix safety
    /// The fix writes the nearest name that exists; check that it is the one that was meant.
    ///
    /// ## Covers
    /// KIA1402. Kiali passes over references without `kind`; they mean a Service.
    pub ROUTE_BACKEND = "MC1622", "route-backend", Error, Mesh,
    "A route to a Service that does not exist, or that it may not use",
    ["KIA1402"]
}

/// The backends of one route.
pub(super) fn check(context: &Context<'_>, route: &Route<'_>, found: &mut Vec<Diagnostic>) {
    for backend in &route.backends {
        if backend.kind != "Service" || !matches!(backend.group, "" | "core") {
            continue;
        }
        let namespace = backend.namespace.map_or(route.namespace, |namespace| namespace.value.as_str());
        let name = backend.name;
        let Some(service) = context.service_object(namespace, name) else {
            let host = meshc_mesh::hostname::service_host(name, namespace);
            let absence = context.mesh.absence(&host);
            if absence == Absence::Elsewhere {
                continue;
            }
            let message = format!(
                "{}: no Service of this tree is called `{namespace}/{}`: requests sent there get 500",
                backend.path, name.value
            );
            let finding = route.finding(&ROUTE_BACKEND, name.span, message).alias("KIA1402");
            let all = context.resources.services.iter().filter(|service| service.namespace() == namespace);
            let finding = super::with_absence(finding, &absence);
            let otherwise = format!("declare the Service; {}", ways_out("services"));
            let names = all.map(meshc_resources::Object::name);
            found.push(context.suggest(finding, name.span, name, names, otherwise));
            continue;
        };
        if namespace == route.namespace || is_granted(context, route, namespace, name) {
            continue;
        }
        let message = format!(
            "{}: no ReferenceGrant of namespace `{namespace}` lets a {} of namespace `{}` use Service `{}`: requests sent \
             there get 500",
            backend.path, route.kind, route.namespace, name.value
        );
        found.push(
            route
                .finding(&ROUTE_BACKEND, name.span, message)
                .label(service.name_span(), "the Service")
                .alias("KIA1402")
                .help(format!("add a ReferenceGrant to namespace `{namespace}`")),
        );
    }
}

fn is_granted(context: &Context<'_>, route: &Route<'_>, namespace: &str, name: &str) -> bool {
    let text = |field: &Option<meshc_syntax::de::Spanned<String>>| {
        field.as_ref().map(|text| text.value.clone()).unwrap_or_default()
    };
    context.resources.reference_grants.iter().filter(|grant| grant.namespace() == namespace).any(|grant| {
        let from = grant.spec.from.iter().any(|from| {
            text(&from.group) == "gateway.networking.k8s.io"
                && text(&from.kind) == route.kind
                && text(&from.namespace) == route.namespace
        });
        let to = grant.spec.to.iter().any(|to| {
            text(&to.kind) == "Service" && to.name.as_ref().is_none_or(|of| of.is_empty() || of.value == name)
        });
        from && to
    })
}
