//! A route to a port that the Service does not have.

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_resources::Object;
use meshc_resources::kubernetes::ServiceSpec;
use meshc_syntax::de::{IntOrString, Spanned};
use meshc_syntax::suggest::list;

use crate::rules::context::Context;

declare_rule! {
    /// ## What it does
    /// Finds `backendRefs` of routes of the Gateway API with a port that the Service does not have. It is the Service's port, not
    /// the pods'.
    ///
    /// ## What happens to traffic
    /// Requests that are sent there get 500.
    ///
    /// ## Example
    /// ```yaml
    /// backendRefs:
    ///   - {name: reviews, port: 80}      # the Service has 9080
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// backendRefs:
    ///   - {name: reviews, port: 9080}
    /// ```
    pub BACKEND_PORT = "MC1570", "backend-port", Error, Mesh,
    "A route to a port that the Service does not have",
    []
}

/// Every backend that is a Service of the tree.
pub(super) fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    macro_rules! look {
        ($($list:ident $rules:ident;)*) => {$(
            for object in &context.resources.$list {
                for backend in $rules(&object.spec.rules).flat_map(|rule| &rule.backend_refs) {
                    let text = |field: &'_ Option<Spanned<String>>| field.as_ref().map(|text| text.value.clone());
                    let is_service = text(&backend.kind).is_none_or(|kind| kind == "Service")
                        && text(&backend.group).is_none_or(|group| matches!(group.as_str(), "" | "core"));
                    let namespace = text(&backend.namespace).unwrap_or_else(|| object.namespace().to_owned());
                    let (true, Some(name), Some(port)) = (is_service, &backend.name, &backend.port) else { continue };
                    let Some(service) = context.service_object(&namespace, name) else { continue };
                    if let Some((message, help)) = missing(service, port.value) {
                        found.push(
                            object
                                .finding(&BACKEND_PORT, port.span, message)
                                .label(service.name_span(), "the Service")
                                .help(help),
                        );
                    }
                }
            }
        )*};
    }
    look! {
        http_routes optional;
        grpc_routes plain;
        tls_routes plain;
        tcp_routes plain;
    }
}

fn optional<T>(rules: &Option<Vec<T>>) -> impl Iterator<Item = &T> {
    rules.iter().flatten()
}

fn plain<T>(rules: &[T]) -> impl Iterator<Item = &T> {
    rules.iter()
}

/// What is to say where the Service has no such port.
fn missing(service: &Object<ServiceSpec>, wanted: i32) -> Option<(String, String)> {
    let ports: Vec<u32> =
        service.spec.ports.iter().filter_map(|p| p.port.as_ref()).map(|p| p.value).collect();
    if ports.is_empty() || ports.iter().any(|port| i64::from(*port) == i64::from(wanted)) {
        return None;
    }
    let target = service.spec.ports.iter().find(|port| {
        port.target_port
            .as_ref()
            .is_some_and(|target| matches!(&target.value, IntOrString::Int(n) if *n == wanted))
    });
    let numbers: Vec<String> = ports.iter().map(ToString::to_string).collect();
    let numbers: Vec<&str> = numbers.iter().map(String::as_str).collect();
    let message = format!("Service `{}` has no port {wanted}: requests sent there get 500", service.name());
    let help = match target.and_then(|port| port.port.as_ref()) {
        Some(port) => format!("{wanted} is the pods' port; the Service's is {}", port.value),
        None => format!("it has {}", list(&numbers).replace(" or ", " and ")),
    };
    Some((message, help))
}
