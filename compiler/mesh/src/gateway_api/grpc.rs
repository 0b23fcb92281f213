//! The rules of GRPCRoutes.

use meshc_resources::Object;
use meshc_resources::gateway_api::{
    self, GrpcBackendRef, GrpcRouteFilter, GrpcRouteFilterType, GrpcRouteRule,
};
use meshc_resources::istio::{Headers, HttpRoute, HttpRouteDestination};
use meshc_syntax::de::Spanned;

use super::backends::{self, Reference, weight};
use super::filters::OnHeaders;
use super::http::{Rules, no_backends, rule_of, share};
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
        if let Some(operations) = on_headers(filter) {
            operations.add_to(&mut made.headers)?;
        } else if filter.kind.as_ref().is_some_and(|kind| kind.value == GrpcRouteFilterType::RequestMirror) {
            if let Some(mirror) = &filter.request_mirror {
                made.mirrors.extend(filters::mirror(world, route, mirror, enforce)?);
            }
        } else {
            return Err(filters::unsupported(filter.span, filter.kind.as_ref()));
        }
    }
    let sum: i64 = rule.backend_refs.iter().map(|backend| i64::from(weight(&backend.weight))).sum();
    if sum == 0 {
        made.direct_response = Some(Box::new(no_backends(rule.span)));
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

/// What a filter does to headers, if that is what it does.
fn on_headers(filter: &GrpcRouteFilter) -> Option<OnHeaders<'_>> {
    match filter.kind.as_ref()?.value {
        GrpcRouteFilterType::RequestHeaderModifier => {
            Some(OnHeaders::Request(filter.request_header_modifier.as_ref()))
        }
        GrpcRouteFilterType::ResponseHeaderModifier => {
            Some(OnHeaders::Response(filter.response_header_modifier.as_ref()))
        }
        _ => None,
    }
}

/// The operations of a backend's filters, which are those on headers.
fn of_backend(backend: &GrpcBackendRef) -> Result<Option<Box<Spanned<Headers>>>, Problem> {
    let mut made = None;
    for filter in &backend.filters {
        match on_headers(filter) {
            Some(operations) => operations.add_to(&mut made)?,
            None => return Err(filters::unsupported(filter.span, filter.kind.as_ref())),
        }
    }
    Ok(made)
}
