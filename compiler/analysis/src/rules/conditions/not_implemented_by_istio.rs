//! A kind or field of the Gateway API that Istio leaves alone.

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_resources::Object;

use super::super::context::Context;

declare_rule! {
    /// ## What it does
    /// Tells of objects of the Gateway API that Istio does not implement: UDPRoute; XBackend and XBackendTrafficPolicy,
    /// which it reads only where `PILOT_ENABLE_ALPHA_GATEWAY_API` is set; XMesh; and `sessionPersistence` of routes.
    ///
    /// ## What happens to traffic
    /// Nothing: Istio does not look at them.
    ///
    /// ## Example
    /// ```yaml
    /// kind: UDPRoute
    /// ```
    pub NOT_IMPLEMENTED_BY_ISTIO = "MC1335", "not-implemented-by-istio", Info, Mesh,
    "A part of the Gateway API that Istio leaves alone",
    []
}

/// Every such object and field.
pub(super) fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    let all = context.resources;
    kind(&all.udp_routes, "Istio does not route UDP", found);
    let alpha = "Istio reads this kind only where its alpha features of the Gateway API are switched on";
    kind(&all.x_backends, alpha, found);
    kind(&all.x_backend_traffic_policies, alpha, found);
    kind(&all.x_meshes, "Istio does not read this kind", found);
    for object in &all.http_routes {
        for rule in object.spec.rules.iter().flatten() {
            session(object, rule.session_persistence.as_ref().map(|session| session.span), found);
        }
    }
    for object in &all.grpc_routes {
        for rule in &object.spec.rules {
            session(object, rule.session_persistence.as_ref().map(|session| session.span), found);
        }
    }
}

fn kind<T>(objects: &[Object<T>], why: &str, found: &mut Vec<Diagnostic>) {
    for object in objects {
        let message = format!("{why}: it does nothing to traffic");
        found.push(object.finding(&NOT_IMPLEMENTED_BY_ISTIO, object.name_span(), message));
    }
}

fn session<T>(object: &Object<T>, span: Option<meshc_source::Span>, found: &mut Vec<Diagnostic>) {
    if let Some(span) = span {
        let message =
            "Istio does not implement `sessionPersistence`: requests are spread as if it were not there";
        found.push(object.finding(&NOT_IMPLEMENTED_BY_ISTIO, span, message));
    }
}
