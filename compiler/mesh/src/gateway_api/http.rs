//! The rules of HTTPRoutes.

use meshc_resources::Object;
use meshc_resources::gateway_api::{
    self, HttpBackendRef, HttpRouteFilter, HttpRouteFilterType, HttpRouteRule,
};
use meshc_resources::istio::{
    Headers, HttpDirectResponse, HttpMatch, HttpRetry, HttpRoute, HttpRouteDestination,
};
use meshc_source::Span;
use meshc_syntax::de::Spanned;

use super::backends::{self, Reference, weight};
use super::filters::OnHeaders;
use super::status::Problem;
use super::{World, filters, matching};
use crate::{HttpRule, Meta};

/// The conditions after which a try is repeated when a route has retries.
const RETRY_ON: &str = "connect-failure,refused-stream,unavailable,cancelled";

/// The routes of a rule with what is wrong with it: one for each match.
pub(super) type Rules = (Vec<HttpRule>, Option<Problem>);

/// All rules of a route, one after the other, each once for each of its matches. `enforce` says whether
/// ReferenceGrants count: they do for gateways, not for traffic within the mesh.
///
/// # Errors
/// If one of them is of no use: then none is.
pub(super) fn rules(
    world: &World<'_>,
    object: &Object<gateway_api::HttpRoute>,
    route: &Meta,
    enforce: bool,
) -> Result<Rules, Problem> {
    let default = [Spanned::at(HttpRouteRule::default(), route.span)];
    let written = object.spec.rules.as_deref().unwrap_or(&default);
    let (mut made, mut problem) = (Vec::new(), None);
    for (index, rule) in written.iter().enumerate() {
        let conditions: Vec<Option<Spanned<HttpMatch>>> = match &rule.matches {
            None => vec![Some(matching::everything(rule.span))],
            Some(none) if none.is_empty() => vec![None],
            Some(several) => several.iter().map(|condition| Some(matching::http(condition))).collect(),
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

/// One route with one condition.
pub(super) fn rule_of(
    converted: &HttpRoute,
    condition: Option<Spanned<HttpMatch>>,
    route: &Meta,
    span: Span,
    index: usize,
) -> HttpRule {
    let matches = condition.into_iter().collect();
    HttpRule {
        route: HttpRoute { matches, ..converted.clone() },
        span,
        path: format!("rules[{index}]"),
        delegate: None,
        made_of: Some(route.clone()),
    }
}

fn convert(
    world: &World<'_>,
    rule: &Spanned<HttpRouteRule>,
    route: &Meta,
    enforce: bool,
) -> Result<(HttpRoute, Option<Problem>), Problem> {
    let mut made = HttpRoute::default();
    let mut mirrors_problem = None;
    for filter in &rule.filters {
        use HttpRouteFilterType as Type;
        if let Some(operations) = on_headers(filter) {
            operations.add_to(&mut made.headers)?;
            continue;
        }
        match filter.kind.as_ref().map(|kind| kind.value) {
            Some(Type::RequestRedirect) => {
                made.redirect = filter.request_redirect.as_ref().map(filters::redirect).map(Box::new);
            }
            Some(Type::UrlRewrite) => {
                made.rewrite = filter.url_rewrite.as_ref().and_then(filters::rewrite).map(Box::new);
            }
            Some(Type::Cors) => made.cors_policy = filter.cors.as_ref().map(filters::cors).map(Box::new),
            Some(Type::RequestMirror) => {
                if let Some(mirror) = &filter.request_mirror {
                    match filters::mirror(world, route, mirror, enforce) {
                        Ok(mirror) => made.mirrors.extend(mirror),
                        Err(problem) => mirrors_problem = Some(problem),
                    }
                }
            }
            _ => return Err(filters::unsupported(filter.span, filter.kind.as_ref())),
        }
    }
    made.retries = rule.retry.as_ref().map(|retry| {
        let attempts =
            retry.attempts.as_ref().map_or(Spanned::at(2, retry.span), |a| Spanned::at(a.value, a.span));
        let mut retry_on = RETRY_ON.to_owned();
        for code in &retry.codes {
            retry_on.push_str(&format!(",{}", code.value));
        }
        let policy = HttpRetry {
            retry_on: (attempts.value != 0).then(|| Spanned::at(retry_on, retry.span)),
            attempts: Some(attempts),
            backoff: retry.backoff,
            ..HttpRetry::default()
        };
        Box::new(Spanned::at(policy, retry.span))
    });
    if let Some(timeouts) = &rule.timeouts {
        made.timeout = timeouts.request.filter(|request| !request.is_zero());
        if let Some(one_try) = timeouts.backend_request.filter(|one_try| !one_try.is_zero()) {
            match &mut made.retries {
                Some(retries) => retries.value.per_try_timeout = Some(one_try),
                None => made.timeout = Some(one_try),
            }
        }
    }
    let sum: i64 = rule.backend_refs.iter().map(|backend| i64::from(weight(&backend.weight))).sum();
    if sum == 0 && made.redirect.is_none() {
        // A rule without backends answers 500.
        made.direct_response = Some(Box::new(no_backends(rule.span)));
        return Ok((made, mirrors_problem));
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
    Ok((made, Problem::join(problem, mirrors_problem)))
}

/// What a filter does to headers, if that is what it does.
fn on_headers(filter: &HttpRouteFilter) -> Option<OnHeaders<'_>> {
    match filter.kind.as_ref()?.value {
        HttpRouteFilterType::RequestHeaderModifier => {
            Some(OnHeaders::Request(filter.request_header_modifier.as_ref()))
        }
        HttpRouteFilterType::ResponseHeaderModifier => {
            Some(OnHeaders::Response(filter.response_header_modifier.as_ref()))
        }
        _ => None,
    }
}

/// The operations of a backend's filters, which are those on headers.
fn of_backend(backend: &HttpBackendRef) -> Result<Option<Box<Spanned<Headers>>>, Problem> {
    let mut made = None;
    for filter in &backend.filters {
        match on_headers(filter) {
            Some(operations) => operations.add_to(&mut made)?,
            None => return Err(filters::unsupported(filter.span, filter.kind.as_ref())),
        }
    }
    Ok(made)
}

/// An answer at once: what a rule without backends does.
pub(super) fn no_backends(span: Span) -> Spanned<HttpDirectResponse> {
    let status = Some(Spanned::at(500, span));
    Spanned::at(HttpDirectResponse { status, ..HttpDirectResponse::default() }, span)
}

/// The weight of one of so many backends; an only one needs none.
pub(super) fn share(of: usize, written: &Option<Spanned<i32>>, span: Span) -> Option<Spanned<i32>> {
    let span = written.as_ref().map_or(span, |weight| weight.span);
    (of > 1).then(|| Spanned::at(weight(written), span))
}
