//! The routes of a VirtualService: one for each `match`, until one takes every request.

use meshc_mesh::{HttpRule, VirtualService, selects};
use meshc_resources::istio::HttpMatch;

use super::{Perspective, action, cors, describe, fault, headers, is_catch_all, matching, redirect};
use crate::model::{Action, Forward, Origin, PathMatch, Route, RouteMatch};

/// The routes that the proxy gets, in order. What comes after one that takes every request is left out.
pub(crate) fn routes(virtual_service: &VirtualService, perspective: &Perspective<'_>) -> Vec<Route> {
    let mut routes: Vec<Route> = Vec::with_capacity(virtual_service.http.len());
    for rule in &virtual_service.http {
        if rule.route.matches.is_empty() {
            routes.extend(route(virtual_service, rule, None, perspective));
            // Nothing behind it is reached, even if it could not be made.
            return routes;
        }
        for condition in &rule.route.matches {
            routes.extend(route(virtual_service, rule, Some(condition), perspective));
            if routes.last().is_some_and(is_catch_all) {
                return routes;
            }
        }
    }
    routes
}

fn route(
    virtual_service: &VirtualService,
    rule: &HttpRule,
    condition: Option<&meshc_syntax::de::Spanned<HttpMatch>>,
    perspective: &Perspective<'_>,
) -> Option<Route> {
    if !condition.is_none_or(|condition| concerns(condition, perspective)) {
        return None;
    }
    let written = &rule.route;
    let semantics = virtual_service.semantics;
    let matches = matching::route_match(condition.map(|condition| &condition.value), semantics);
    let subject = describe::subject(virtual_service, rule);
    let span = condition.map_or(rule.span, |condition| condition.span);
    let said = describe::condition(condition.map(|condition| &condition.value), &matches);
    let mut origins = vec![Origin::new(span, format!("{subject}{said}"))];
    let mut operations = headers::operations(written.headers.as_deref().map(|headers| &headers.value));
    let action = if let Some(elsewhere) = &written.redirect {
        operations.authority = None;
        let made = redirect::redirect(elsewhere, perspective.port, perspective.tls)?;
        origins
            .push(Origin::new(elsewhere.span, format!("the client is told to go elsewhere ({})", made.code)));
        Action::Redirect(made)
    } else if let Some(response) = &written.direct_response {
        operations.authority = None;
        let made = redirect::direct_response(response);
        origins.push(Origin::new(response.span, format!("answered at once with status {}", made.status)));
        Action::DirectResponse(made)
    } else {
        let matched = (semantics, &matches.path);
        Action::Forward(Box::new(action::forward(
            written,
            perspective,
            matched,
            &mut operations,
            &mut origins,
        )?))
    };
    if let Some(headers) = &written.headers {
        origins.push(Origin::new(headers.span, "headers are changed"));
    }
    for headers in written.route.iter().filter_map(|part| part.headers.as_ref()) {
        origins.push(Origin::new(headers.span, "headers are changed for this destination"));
    }
    if let Some(fault) = &written.fault {
        origins.push(Origin::new(fault.span, "a fault is injected"));
    }
    if let Some(cors) = &written.cors_policy {
        origins.push(Origin::new(cors.span, "cross-origin requests are answered for the service"));
    }
    Some(Route {
        name: Some(name(rule, condition.map(|condition| &condition.value))).filter(|name| !name.is_empty()),
        decorator: Some(operation(virtual_service, &matches, &action, perspective.port)),
        matches,
        action,
        headers: operations,
        fault: written.fault.as_ref().and_then(|written| fault::fault(written)),
        cors: written.cors_policy.as_ref().map(|policy| cors::cors(policy)),
        config: Some(virtual_service.meta.api_path()),
        stat_prefix: condition
            .and_then(|condition| condition.stat_prefix.as_ref())
            .map(|prefix| prefix.value.clone())
            .filter(|prefix| !prefix.is_empty()),
        origins,
    })
}

/// Whether a proxy gets the route: by the port, by the gateways of the condition, else by the caller.
fn concerns(condition: &HttpMatch, perspective: &Perspective<'_>) -> bool {
    let port = condition.port.as_ref().map_or(0, |port| port.value);
    if port != 0 && port != u32::from(perspective.port) {
        return false;
    }
    if !condition.gateways.is_empty() {
        return condition.gateways.iter().any(|gateway| gateway.value == perspective.gateway);
    }
    let labels = condition.source_labels.iter().map(|(key, value)| (key.value.clone(), value.value.clone()));
    let namespace = condition.source_namespace.as_ref().map_or("", |namespace| namespace.value.as_str());
    selects(&labels.collect(), perspective.labels)
        && (namespace.is_empty() || namespace == perspective.namespace)
}

/// `ROUTE.MATCH`, or what there is of it.
fn name(rule: &HttpRule, condition: Option<&HttpMatch>) -> String {
    let route = rule.route.name.as_ref().map_or("", |name| name.value.as_str());
    match condition.and_then(|condition| condition.name.as_ref()).filter(|name| !name.is_empty()) {
        Some(of_match) => format!("{route}.{of_match}"),
        None => route.to_owned(),
    }
}

/// Istio's name of the operation in traces: the only destination, or the VirtualService, with the path.
fn operation(virtual_service: &VirtualService, matches: &RouteMatch, action: &Action, port: u16) -> String {
    let path = match &matches.path {
        PathMatch::Prefix(prefix) => format!("{prefix}*"),
        PathMatch::Exact(path) | PathMatch::Regex(path) => path.clone(),
        PathMatch::PathSeparatedPrefix(_) => "/*".to_owned(),
    };
    if let Action::Forward(forward) = action
        && let Some((port, host)) = only_destination(forward)
    {
        return format!("{host}:{port}{path}");
    }
    format!("{}:{port}{path}", virtual_service.meta.name)
}

/// Port and host in the name of the only cluster, `outbound|PORT|SUBSET|HOST`.
fn only_destination(forward: &Forward) -> Option<(&str, &str)> {
    let [only] = forward.destinations.as_slice() else { return None };
    if forward.weighted {
        return None;
    }
    let mut parts = only.cluster.split('|').skip(1);
    let port = parts.next()?;
    Some((port, parts.nth(1)?))
}
