//! Routes of every kind: what they attach to, and the VirtualServices that they become.

use std::collections::BTreeSet;

use meshc_resources::gateway_api::ParentReference;
use meshc_resources::istio::HttpMatch;
use meshc_syntax::de::Spanned;

use super::http::Rules;
use super::listeners::{self, Parent};
use super::merge::{self, Part};
use super::parents::{Attachment, Target, attachments};
use super::status::{Condition, ObjectStatus, ParentStatus, Problem};
use super::{World, grpc, host_of, http, meta, stream};
use crate::{HttpRule, Meta, VirtualService};

/// All routes.
#[derive(Debug, Default)]
pub(super) struct Routes {
    pub(super) virtual_services: Vec<VirtualService>,
    pub(super) statuses: Vec<ObjectStatus>,
    pub(super) attached: BTreeSet<listeners::Attachment>,
}

/// Reads all routes.
pub(super) fn read(world: &World<'_>, parents: &[Parent]) -> Routes {
    let mut all = Routes::default();
    let mut parts = Vec::new();
    for object in &world.resources.http_routes {
        let route = meta(object);
        let spec = &object.spec;
        let found = attachments(world, parents, &route, &spec.parent_refs, &spec.hostnames);
        let convert = |enforce| http::rules(world, object, &route, enforce);
        request_route(world, &route, &found, &spec.hostnames, convert, &mut parts, &mut all);
    }
    for object in &world.resources.grpc_routes {
        let route = meta(object);
        let spec = &object.spec;
        let found = attachments(world, parents, &route, &spec.parent_refs, &spec.hostnames);
        let convert = |enforce| grpc::rules(world, object, &route, enforce);
        request_route(world, &route, &found, &spec.hostnames, convert, &mut parts, &mut all);
    }
    all.virtual_services.extend(merge::merge(parts));
    stream::read(world, parents, &mut all);
    all
}

/// A route of requests: an HTTPRoute or GRPCRoute.
fn request_route(
    world: &World<'_>,
    route: &Meta,
    found: &[Attachment<'_>],
    hostnames: &[Spanned<String>],
    convert: impl Fn(bool) -> Result<Rules, Problem>,
    parts: &mut Vec<Part>,
    all: &mut Routes,
) {
    let of_mesh = found.iter().any(Attachment::is_mesh).then(|| convert(false));
    let of_gateways = found.iter().any(|of| !of.is_mesh()).then(|| convert(true));
    tell(route, found, problem(&of_gateways), problem(&of_mesh), all);
    let mut number = 0;
    for attachment in accepted(found) {
        let made = if attachment.is_mesh() { &of_mesh } else { &of_gateways };
        let Some(Ok((rules, _))) = made else { continue };
        if rules.is_empty() {
            continue;
        }
        let mut rules = rules.clone();
        let mut key = attachment.internal.clone();
        if attachment.is_mesh() {
            key.clone_from(&route.namespace);
            if let Some(port) = &attachment.reference.port {
                at_port(&mut rules, port);
                key = format!("{key}/{}", port.value);
            }
        }
        rules.sort_by(merge::order);
        for host in hosts(world, route, attachment, hostnames) {
            if !attachment.takes(&host) {
                continue;
            }
            parts.push(Part {
                key: format!("{key}/{}", host.value),
                route: route.clone(),
                number,
                host,
                gateway: attachment.internal.clone(),
                rules: rules.clone(),
            });
            number += 1;
        }
    }
}

/// What is wrong with what was converted, if it was.
pub(super) fn problem<T>(result: &Option<Result<(T, Option<Problem>), Problem>>) -> Option<Problem> {
    match result {
        Some(Ok((_, problem))) => problem.clone(),
        Some(Err(problem)) => Some(problem.clone()),
        None => None,
    }
}

/// Those that attach, in Istio's order.
pub(super) fn accepted<'f, 'a>(found: &'f [Attachment<'a>]) -> Vec<&'f Attachment<'a>> {
    let mut accepted: Vec<_> = found.iter().filter(|attachment| attachment.denied.is_none()).collect();
    accepted.sort_by(|a, b| a.internal.cmp(&b.internal));
    accepted
}

/// The hosts of a route at one of its parents: its own for a gateway, the parent's within the mesh.
pub(super) fn hosts(
    world: &World<'_>,
    route: &Meta,
    attachment: &Attachment<'_>,
    hostnames: &[Spanned<String>],
) -> Vec<Spanned<String>> {
    let reference = attachment.reference;
    let namespace = reference.namespace(&route.namespace);
    let span = reference.name.as_ref().map_or(reference.span, |name| name.span);
    match attachment.target {
        Target::Service => vec![Spanned::at(host_of(reference.name(), namespace), span)],
        Target::ServiceEntry => {
            let entry = world
                .resources
                .service_entries
                .iter()
                .find(|entry| entry.namespace() == namespace && entry.name() == reference.name());
            let hosts = entry.map(|entry| entry.spec.hosts.as_slice()).unwrap_or_default();
            hosts.iter().map(|host| Spanned::at(host.value.clone(), span)).collect()
        }
        Target::Listener(_) if hostnames.is_empty() => vec![Spanned::at("*".to_owned(), route.span)],
        Target::Listener(_) => hostnames.to_vec(),
    }
}

/// Limits routes to a port of the Service that they are bound to.
fn at_port(rules: &mut [HttpRule], port: &Spanned<i32>) {
    let number = Spanned::at(u32::try_from(port.value).unwrap_or_default(), port.span);
    for rule in rules {
        if rule.route.matches.is_empty() {
            rule.route.matches.push(Spanned::at(HttpMatch::default(), rule.span));
        }
        for condition in &mut rule.route.matches {
            condition.value.port = Some(number);
        }
    }
}

/// Notes what a route is told of each of its parents. Of several listeners that one reference leads to, one that takes
/// the route is enough.
pub(super) fn tell(
    route: &Meta,
    found: &[Attachment<'_>],
    of_gateways: Option<Problem>,
    of_mesh: Option<Problem>,
    all: &mut Routes,
) {
    let mut parents: Vec<ParentStatus> = Vec::new();
    let mut seen: Vec<&Spanned<ParentReference>> = Vec::new();
    for attachment in found {
        if seen.iter().any(|reference| reference.span == attachment.reference.span) {
            continue;
        }
        seen.push(attachment.reference);
        let same: Vec<_> = found.iter().filter(|of| of.reference.span == attachment.reference.span).collect();
        let bound = same.iter().filter(|of| of.denied.is_none()).count();
        // The one that came closest to being accepted.
        let closest = same.iter().filter_map(|of| of.denied.as_ref()).min_by_key(|problem| severity(problem));
        let denied = if bound > 0 { None } else { closest.cloned() };
        let message = match bound {
            0 | 1 => "the route is accepted".to_owned(),
            several => format!("the route is accepted by {several} listeners"),
        };
        let refs = if attachment.is_mesh() { of_mesh.clone() } else { of_gateways.clone() };
        parents.push(ParentStatus {
            parent: describe(route, attachment.reference),
            span: attachment.reference.span,
            conditions: vec![
                Condition::new("Accepted", message, denied),
                Condition::new("ResolvedRefs", "all references are resolved", refs),
            ],
        });
    }
    for attachment in accepted(found) {
        if let Target::Listener(parent) = attachment.target {
            let (kind, namespace, name) = parent.key.clone();
            all.attached.insert((kind, namespace, name, parent.section.clone(), route.to_string()));
        }
    }
    all.statuses.push(ObjectStatus { parents, ..ObjectStatus::new(route.clone()) });
}

/// Istio reports the reason that says most.
fn severity(problem: &Problem) -> u8 {
    match problem.reason {
        "NotAllowedByListeners" => 0,
        "NoMatchingListenerHostname" => 1,
        _ => 2,
    }
}

fn describe(route: &Meta, reference: &ParentReference) -> String {
    let mut text =
        format!("{} {}/{}", reference.kind(), reference.namespace(&route.namespace), reference.name());
    if let Some(section) = reference.section_name.as_ref().filter(|section| !section.is_empty()) {
        text.push_str(&format!(", section {}", section.value));
    }
    if let Some(port) = &reference.port {
        text.push_str(&format!(", port {}", port.value));
    }
    text
}
