//! A route by claims of tokens that nobody reads.

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_mesh::PodProxy;
use meshc_mesh::hostname::{MESH_GATEWAY, qualify_gateway};
use meshc_resources::Object;
use meshc_resources::istio::VirtualService;
use meshc_syntax::de::Spanned;

use crate::rules::context::Context;

declare_rule! {
    /// ## What it does
    /// Finds VirtualServices that route by claims of tokens (`@request.auth.claims…`) at a gateway for whose workload no
    /// RequestAuthentication holds.
    ///
    /// ## What happens to traffic
    /// No token is read there, and no request has the claim: the route is never taken.
    ///
    /// ## Example
    /// ```yaml
    /// match:
    ///   - headers:
    ///       "@request.auth.claims.group": {exact: admin}
    /// ```
    ///
    /// ## Use instead
    /// The same with a RequestAuthentication for the gateway's workload.
    ///
    /// ## Covers
    /// IST0149.
    pub CLAIM_ROUTE = "MC1507", "claim-route", Error, Mesh,
    "A route by claims of tokens that nobody reads",
    ["IST0149"]
}

/// Every VirtualService that routes by claims.
pub(super) fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    for object in &context.resources.virtual_services {
        let Some(key) = claim(object) else { continue };
        for written in &object.spec.gateways {
            let full = qualify_gateway(written, object.namespace());
            let Some(gateway) = context.gateway(&full).filter(|_| full != MESH_GATEWAY) else { continue };
            let mut pods =
                context.pods.selected(None, &gateway.selector).filter(|pod| pod.proxy == PodProxy::Gateway);
            let unread = pods.find(|pod| {
                context.mesh.policies.request_authentications(&pod.namespace, &pod.labels).is_empty()
            });
            let Some(pod) = unread else { continue };
            let message = format!(
                "`{}`: no RequestAuthentication holds for `{}` of gateway `{full}`, so that no token is read: the route is \
                 never taken there",
                key.value, pod.workload
            );
            found.push(
                object
                    .finding(&CLAIM_ROUTE, key.span, message)
                    .label(gateway.meta.span, "the Gateway")
                    .help("add a RequestAuthentication for the gateway's workload, in its namespace")
                    .alias("IST0149"),
            );
        }
    }
}

fn claim(object: &Object<VirtualService>) -> Option<&Spanned<String>> {
    let matches = object.spec.http.iter().flat_map(|route| &route.matches);
    let mut keys = matches.flat_map(|m| m.headers.keys().chain(m.without_headers.keys()));
    // Istio's `jwt.ToRoutingClaim`.
    keys.find(|key| {
        let key = key.to_ascii_lowercase();
        key.strip_prefix("@request.auth.claims").is_some_and(|rest| rest.starts_with(['.', '[']))
    })
}
