//! Where routes send requests to.

use meshc_resources::gateway_api::{BackendObjectReference, BackendRef, GrpcBackendRef, HttpBackendRef};
use meshc_resources::istio::{Destination, PortSelector};
use meshc_source::Span;
use meshc_syntax::de::Spanned;

use super::listeners::text;
use super::status::{Absent, Problem};
use super::{World, host_of};
use crate::Meta;

/// What all kinds of references to backends have.
pub(super) struct Reference<'a> {
    group: &'a Option<Spanned<String>>,
    kind: &'a Option<Spanned<String>>,
    name: &'a Option<Spanned<String>>,
    namespace: &'a Option<Spanned<String>>,
    port: &'a Option<Spanned<i32>>,
    span: Span,
}

macro_rules! references {
    ($($kind:ty),*) => {$(
        impl<'a> From<&'a Spanned<$kind>> for Reference<'a> {
            fn from(written: &'a Spanned<$kind>) -> Self {
                Self {
                    group: &written.group,
                    kind: &written.kind,
                    name: &written.name,
                    namespace: &written.namespace,
                    port: &written.port,
                    span: written.span,
                }
            }
        }
    )*};
}

references!(HttpBackendRef, GrpcBackendRef, BackendRef, BackendObjectReference);

/// A backend in Istio's words; with a problem, it is there but answers 500, because what it names is not.
///
/// # Errors
/// If the whole route is lost.
pub(super) fn destination(
    world: &World<'_>,
    route: &Meta,
    reference: &Reference<'_>,
    enforce: bool,
) -> Result<(Destination, Option<Problem>), Problem> {
    let name = text(reference.name);
    let kind = reference.kind.as_ref().map_or("Service", |kind| kind.value.as_str());
    let group = text(reference.group);
    let written = Some(text(reference.namespace)).filter(|namespace| !namespace.is_empty());
    let namespace = written.unwrap_or(&route.namespace);
    let span = reference.name.as_ref().map_or(reference.span, |name| name.span);
    let at = |field: &Option<Spanned<String>>| field.as_ref().map_or(span, |field| field.span);
    if enforce
        && namespace != route.namespace
        && !world.grants.allow(route.kind, &route.namespace, (group, kind, namespace, name))
    {
        let message = format!(
            "{kind} `{namespace}/{name}` is of another namespace, and no ReferenceGrant there allows {}s of `{}` to use it",
            route.kind, route.namespace
        );
        let problem = Problem::new("RefNotPermitted", at(reference.namespace), message);
        return Ok((Destination::default(), Some(problem)));
    }
    let hard = |span, message: &str| Err(Problem::new("InvalidDestination", span, message));
    let missing = |what: &str, host: &str| {
        Problem::new("BackendNotFound", span, format!("there is no {what}"))
            .absent(Absent::Service(host.to_owned()))
    };
    let (host, problem) = match (group, kind) {
        ("", "Service") | ("multicluster.x-k8s.io", "ServiceImport") => {
            if kind == "Service" && name.contains('.') {
                return hard(
                    span,
                    "a backend is the name of a Service, not its host: the whole route is left out",
                );
            }
            let host = host_of(name, namespace);
            let there = world.has_service(namespace, name);
            let problem = (!there).then(|| missing(&format!("Service `{namespace}/{name}`"), &host));
            (host, problem)
        }
        ("networking.istio.io", "Hostname") => {
            if reference.namespace.is_some() {
                return hard(
                    at(reference.namespace),
                    "a Hostname has no namespace: the whole route is left out",
                );
            }
            let there = world.has_host(name, namespace);
            let problem = (!there).then(|| missing(&format!("service with the host `{name}`"), name));
            (name.to_owned(), problem)
        }
        ("gateway.networking.x-k8s.io", "XBackend") | ("inference.networking.k8s.io", "InferencePool") => {
            let message =
                format!("Istio knows {kind} only with a feature switched on that is off by default");
            let problem = Problem::new("InvalidKind", at(reference.kind), message);
            return Ok((Destination::default(), Some(problem)));
        }
        _ => {
            let message = format!("{kind} of the group `{group}` is no backend that Istio knows");
            let problem = Problem::new("InvalidKind", at(reference.kind), message);
            return Ok((Destination::default(), Some(problem)));
        }
    };
    let Some(port) = reference.port else {
        return hard(reference.span, "a backend needs a `port`: the whole route is left out");
    };
    let number = Spanned::at(u32::try_from(port.value).unwrap_or_default(), port.span);
    let destination = Destination {
        host: Some(Spanned::at(host, span)),
        port: Some(Spanned::at(PortSelector { number: Some(number) }, port.span)),
        ..Destination::default()
    };
    Ok((destination, problem))
}

/// The weight of a backend, 1 where none is written.
pub(super) fn weight(written: &Option<Spanned<i32>>) -> i32 {
    written.as_ref().map_or(1, |weight| weight.value)
}
