//! A resource in a namespace that is spelt like another.

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_resources::Object;
use meshc_syntax::suggest::sole;

use crate::rules::context::Context;

declare_rule! {
    /// ## What it does
    /// Finds resources in a namespace that nothing else of the tree shows, and whose name is spelt nearly like one that it does,
    /// in trees that hold Namespaces.
    ///
    /// ## What happens to traffic
    /// The resource holds for a namespace where nothing is, or for one that does not exist: the API server refuses it then.
    ///
    /// ## Example
    /// ```yaml
    /// metadata: {name: default, namespace: shpo}
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// metadata: {name: default, namespace: shop}
    /// ```
    ///
    /// ## Fix safety
    /// The fix writes the namespace that exists, where only one can be meant.
    pub NAMESPACE_NAME = "MC1567", "namespace-name", Warning, Mesh,
    "A resource in a namespace that is spelt like another",
    []
}

/// Istio's resources, and routes of the Gateway API.
pub(super) fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    let resources = context.resources;
    if resources.namespaces.is_empty() {
        return;
    }
    macro_rules! look {
        ($($list:ident)*) => {$(
            for object in &resources.$list {
                one(context, object, found);
            }
        )*};
    }
    look! {
        virtual_services destination_rules gateways service_entries sidecars authorization_policies
        peer_authentications request_authentications telemetries envoy_filters wasm_plugins proxy_configs
        kubernetes_gateways http_routes grpc_routes tls_routes tcp_routes
    }
}

fn one<T>(context: &Context<'_>, object: &Object<T>, found: &mut Vec<Diagnostic>) {
    let Some(written) = object.metadata.namespace.as_ref() else { return };
    if context.has_namespace(written) || context.mesh.external.has_namespace(written) {
        return;
    }
    let Some(near) = context.nearest(written, context.namespaces()) else { return };
    let message = format!("nothing else in this tree shows a namespace `{}`", written.value);
    let finding = object.finding(&NAMESPACE_NAME, written.span, message);
    let finding = finding.help(format!("did you mean `{near}`?"));
    found.push(if sole(written, context.namespaces()) == Some(near) {
        finding.replace(format!("Replace with `{near}`"), written.span, near)
    } else {
        finding
    });
}
