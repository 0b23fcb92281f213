//! The rules of GRPCRoutes.

use meshc_resources::Object;
use meshc_resources::gateway_api::{self, GrpcBackendRef, GrpcRouteFilterType, GrpcRouteRule};
use meshc_resources::istio::{Headers, HttpRoute, HttpRouteDestination};
use meshc_source::Span;
use meshc_syntax::de::Spanned;

use super::backends::{self, Reference, weight};
use super::http::{Rules, no_backends, on_request, on_response, rule_of, share};
use super::status::Problem;
use super::{World, filters, matching};
use crate::Meta;

/// All rules of a route, as those of an HTTPRoute.
///
/// # Errors
/// If one of them is of no use: then none is.
pub(super) fn rules(
    world: &World<'_>,
    object: &Object<gateway_api::GrpcRoute>,
    route: &Meta,
    enforce: bool,
) -> Result<Rules, Problem> {
    let (mut made, mut problem) = (Vec::new(), None);
    for (index, rule) in object.spec.rules.iter().enumerate() {
        let conditions = if rule.matches.is_empty() {
            vec![None]
        } else {
            rule.matches
                .iter()
                .map(|condition| matching::grpc(condition).map(Some))
                .collect::<Result<_, _>>()?
        };
        let (mut converted, new) = convert(world, rule, route, enforce)?;
        problem = new.or(problem);
        let name = rule
            .name
            .clone()
            .unwrap_or_else(|| Spanned::at(format!("{}.{}.{index}", route.namespace, route.name), rule.span));
        converted.name = Some(name);
        for condition in conditions {
            made.push(rule_of(&converted, condition, route, rule.span, index));
        }
    }
    Ok((made, problem))
}

fn convert(
    world: &World<'_>,
    rule: &Spanned<GrpcRouteRule>,
    route: &Meta,
    enforce: bool,
) -> Result<(HttpRoute, Option<Problem>), Problem> {
    let mut made = HttpRoute::default();
    for filter in &rule.filters {
        match filter.kind.as_ref().map(|kind| kind.value) {
            Some(GrpcRouteFilterType::RequestHeaderModifier) => {
                on_request(&mut made.headers, filters::headers(filter.request_header_modifier.as_ref())?);
            }
            Some(GrpcRouteFilterType::ResponseHeaderModifier) => {
                on_response(&mut made.headers, filters::headers(filter.response_header_modifier.as_ref())?);
            }
            Some(GrpcRouteFilterType::RequestMirror) => {
                if let Some(mirror) = &filter.request_mirror {
                    made.mirrors.extend(filters::mirror(world, route, mirror, enforce)?);
                }
            }
            Some(GrpcRouteFilterType::ExtensionRef) | None => {
                return Err(unsupported(filter.span, filter.kind.as_ref().map(|kind| kind.span)));
            }
        }
    }
    let sum: i64 = rule.backend_refs.iter().map(|backend| i64::from(weight(&backend.weight))).sum();
    if sum == 0 {
        made.direct_response = Some(no_backends(rule.span));
        return Ok((made, None));
    }
    let mut problem = None;
    let weighted: Vec<_> = rule.backend_refs.iter().filter(|backend| weight(&backend.weight) != 0).collect();
    for backend in &weighted {
        let (destination, new) = backends::destination(world, route, &Reference::from(*backend), enforce)?;
        problem = new.or(problem);
        made.route.push(Spanned::at(
            HttpRouteDestination {
                destination: Some(Spanned::at(destination, backend.span)),
                weight: share(weighted.len(), &backend.weight, backend.span),
                headers: of_backend(backend)?,
            },
            backend.span,
        ));
    }
    Ok((made, problem))
}

fn unsupported(span: Span, kind: Option<Span>) -> Problem {
    let message = "Istio does not know this type of filters here: the whole route is left out";
    Problem::new("InvalidFilter", kind.unwrap_or(span), message)
}

fn of_backend(backend: &Spanned<GrpcBackendRef>) -> Result<Option<Spanned<Headers>>, Problem> {
    let mut made = None;
    for filter in &backend.filters {
        match filter.kind.as_ref().map(|kind| kind.value) {
            Some(GrpcRouteFilterType::RequestHeaderModifier) => {
                on_request(&mut made, filters::headers(filter.request_header_modifier.as_ref())?);
            }
            Some(GrpcRouteFilterType::ResponseHeaderModifier) => {
                on_response(&mut made, filters::headers(filter.response_header_modifier.as_ref())?);
            }
            _ => return Err(unsupported(filter.span, filter.kind.as_ref().map(|kind| kind.span))),
        }
    }
    Ok(made)
}
