//! The routes of the Gateway API alike: what they hang on and where they send requests.

use meshc_diagnostics::{Diagnostic, ResourceId, Rule};
use meshc_resources::gateway_api::ParentReference;
use meshc_resources::{Object, Resources};
use meshc_source::Span;
use meshc_syntax::de::Spanned;

/// A route.
pub(super) struct Route<'a> {
    id: ResourceId,
    /// `HTTPRoute`
    pub(super) kind: &'static str,
    /// Where it lives.
    pub(super) namespace: &'a str,
    /// What it hangs on.
    pub(super) parents: &'a [Spanned<ParentReference>],
    /// Where it sends requests.
    pub(super) backends: Vec<Backend<'a>>,
}

/// A destination of a route.
pub(super) struct Backend<'a> {
    /// `rules[0].backendRefs[1]`
    pub(super) path: String,
    pub(super) group: &'a str,
    pub(super) kind: &'a str,
    pub(super) namespace: Option<&'a Spanned<String>>,
    pub(super) name: &'a Spanned<String>,
}

impl Route<'_> {
    /// A finding about it.
    pub(super) fn finding(&self, rule: &Rule, span: Span, message: String) -> Diagnostic {
        Diagnostic::new(rule, span, message).resource_id(self.id.clone())
    }
}

fn text<'a>(field: &'a Option<Spanned<String>>, absent: &'a str) -> &'a str {
    field.as_ref().map_or(absent, |text| text.value.as_str())
}

macro_rules! backend {
    ($path:expr, $written:expr) => {
        $written.name.as_ref().map(|name| Backend {
            path: $path,
            group: text(&$written.group, ""),
            kind: text(&$written.kind, "Service"),
            namespace: $written.namespace.as_ref(),
            name,
        })
    };
}

macro_rules! routes {
    ($all:ident, $objects:expr, $backends:expr) => {
        for object in $objects {
            $all.push(Route {
                id: object.id(),
                kind: object.kind.as_str(),
                namespace: object.namespace(),
                parents: &object.spec.parent_refs,
                backends: $backends(object),
            });
        }
    };
}

/// All of them.
pub(super) fn all(resources: &Resources) -> Vec<Route<'_>> {
    let mut all = Vec::new();
    routes!(all, &resources.http_routes, http);
    routes!(all, &resources.grpc_routes, grpc);
    routes!(all, &resources.tls_routes, tls);
    routes!(all, &resources.tcp_routes, tcp);
    routes!(all, &resources.udp_routes, udp);
    all
}

macro_rules! of_rules {
    ($name:ident, $kind:ty) => {
        fn $name(object: &Object<$kind>) -> Vec<Backend<'_>> {
            let mut backends = Vec::new();
            for (number, rule) in object.spec.rules.iter().enumerate() {
                for (index, written) in rule.backend_refs.iter().enumerate() {
                    backends.extend(backend!(format!("rules[{number}].backendRefs[{index}]"), written));
                }
            }
            backends
        }
    };
}

of_rules!(grpc, meshc_resources::gateway_api::GrpcRoute);
of_rules!(tls, meshc_resources::gateway_api::TlsRoute);
of_rules!(tcp, meshc_resources::gateway_api::TcpRoute);
of_rules!(udp, meshc_resources::gateway_api::UdpRoute);

fn http(object: &Object<meshc_resources::gateway_api::HttpRoute>) -> Vec<Backend<'_>> {
    let mut backends = Vec::new();
    for (number, rule) in object.spec.rules.iter().flatten().enumerate() {
        for (index, written) in rule.backend_refs.iter().enumerate() {
            backends.extend(backend!(format!("rules[{number}].backendRefs[{index}]"), written));
        }
        for (index, filter) in rule.filters.iter().enumerate() {
            let mirror = filter.request_mirror.as_ref().and_then(|mirror| mirror.backend_ref.as_ref());
            if let Some(written) = mirror {
                let path = format!("rules[{number}].filters[{index}].requestMirror.backendRef");
                backends.extend(backend!(path, written));
            }
        }
    }
    backends
}
