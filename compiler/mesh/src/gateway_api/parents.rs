//! What a route attaches to, and what it is told where it may not.

use std::collections::BTreeSet;

use meshc_resources::gateway_api::{GATEWAY_GROUP, ParentReference};
use meshc_syntax::de::Spanned;

use super::World;
use super::listeners::Parent;
use super::status::{Absent, Problem};
use crate::Meta;
use crate::hostname::{MESH_GATEWAY, is_covered, is_wildcard, overlaps};

/// One listener, or the mesh, that a reference of a route leads to.
pub(super) struct Attachment<'a> {
    /// As written.
    pub(super) reference: &'a Spanned<ParentReference>,
    /// `mesh`, or `NAMESPACE/NAME` of the gateway.
    pub(super) internal: String,
    /// Why it does not attach.
    pub(super) denied: Option<Problem>,
    /// What it leads to.
    pub(super) target: Target<'a>,
    /// Hosts of other listeners of the same port and protocol, which take their own requests.
    banned: BTreeSet<&'a str>,
}

/// What a reference leads to.
#[derive(Clone, Copy)]
pub(super) enum Target<'a> {
    /// A listener.
    Listener(&'a Parent),
    /// A Service, for traffic within the mesh.
    Service,
    /// A ServiceEntry, for traffic within the mesh.
    ServiceEntry,
}

/// Every listener that the references of a route of `kind` lead to, and which of them are of Istio's gateways.
pub(super) fn attachments<'a>(
    world: &World<'_>,
    parents: &'a [Parent],
    route: &Meta,
    references: &'a [Spanned<ParentReference>],
    hostnames: &[Spanned<String>],
) -> Vec<Attachment<'a>> {
    let mut found = Vec::new();
    for reference in references {
        let namespace = reference.namespace(&route.namespace).to_owned();
        match (reference.group(), reference.kind()) {
            ("", "Service") => found.push(of_mesh(world, route, reference, &namespace, Target::Service)),
            ("networking.istio.io", "ServiceEntry") => {
                found.push(of_mesh(world, route, reference, &namespace, Target::ServiceEntry));
            }
            (GATEWAY_GROUP, kind @ ("Gateway" | "ListenerSet")) => {
                let name = reference.name();
                let siblings: Vec<&Parent> = parents
                    .iter()
                    .filter(|p| p.key.0 == kind && p.key.1 == namespace && p.key.2 == name)
                    .collect();
                for parent in &siblings {
                    let mut banned: BTreeSet<&str> = siblings
                        .iter()
                        .filter(|other| {
                            other.internal != parent.internal
                                && other.port == parent.port
                                && other.protocol == parent.protocol
                        })
                        .map(|other| other.hostname.as_str())
                        .collect();
                    banned.remove(parent.hostname.as_str());
                    found.push(Attachment {
                        reference,
                        internal: parent.internal.clone(),
                        denied: denied(parent, route, reference, hostnames),
                        target: Target::Listener(parent),
                        banned,
                    });
                }
            }
            _ => {}
        }
    }
    found
}

fn of_mesh<'a>(
    world: &World<'_>,
    route: &Meta,
    reference: &'a Spanned<ParentReference>,
    namespace: &str,
    target: Target<'a>,
) -> Attachment<'a> {
    let name = reference.name();
    let there = match target {
        Target::Service => world.has_service(namespace, name),
        Target::ServiceEntry | Target::Listener(_) => world
            .resources
            .service_entries
            .iter()
            .any(|entry| entry.namespace() == namespace && entry.name() == name),
    };
    let allowed = matches!(route.kind, "HTTPRoute" | "GRPCRoute" | "TCPRoute" | "TLSRoute");
    let span = reference.name.as_ref().map_or(reference.span, |name| name.span);
    let denied = if !there {
        let kind = reference.kind();
        let message = format!("there is no {kind} `{namespace}/{name}`");
        Some(Problem::new("NoMatchingParent", span, message).absent(Absent::Parent))
    } else if !allowed {
        let message = format!("Istio does not route the mesh by a {}", route.kind);
        Some(Problem::new("NotAllowedByListeners", span, message))
    } else {
        None
    };
    Attachment { reference, internal: MESH_GATEWAY.to_owned(), denied, target, banned: BTreeSet::new() }
}

fn denied(
    parent: &Parent,
    route: &Meta,
    reference: &Spanned<ParentReference>,
    hostnames: &[Spanned<String>],
) -> Option<Problem> {
    if let Some(port) = reference.port.as_ref().filter(|port| port.value != 0 && port.value != parent.port) {
        let message = format!("no listener has the port {}", port.value);
        return Some(Problem::new("NoMatchingParent", port.span, message));
    }
    let section = reference.section_name.as_ref().filter(|section| !section.is_empty());
    if let Some(section) = section.filter(|section| section.value != parent.section) {
        let message = format!("no listener is called `{}`", section.value);
        return Some(Problem::new("NoMatchingParent", section.span, message).absent(Absent::Parent));
    }
    let every = [Spanned::at("*".to_owned(), reference.span)];
    let hostnames = if hostnames.is_empty() { &every } else { hostnames };
    let (mut of_host, mut matched) = (false, false);
    for hostname in hostnames {
        for host in &parent.hosts {
            let (namespace, host) = host.split_once('/').unwrap_or(("*", host));
            let same_host = overlaps(host, hostname);
            of_host |= same_host;
            matched |= same_host && (namespace == "*" || namespace == route.namespace);
        }
    }
    if !matched && of_host {
        let message = format!(
            "the listener `{}` does not take routes of the namespace `{}` (`allowedRoutes`)",
            parent.section, route.namespace
        );
        return Some(Problem::new("NotAllowedByListeners", reference.span, message));
    }
    if !matched {
        let span = hostnames.first().map_or(reference.span, |hostname| hostname.span);
        let message = format!("none of its hostnames is one of the listener `{}`", parent.section);
        return Some(Problem::new("NoMatchingListenerHostname", span, message));
    }
    if !parent.kinds.contains(&route.kind) {
        let message = format!("the listener `{}` does not take a {}", parent.section, route.kind);
        return Some(Problem::new("NotAllowedByListeners", reference.span, message));
    }
    None
}

impl Attachment<'_> {
    /// Whether it is for traffic within the mesh.
    pub(super) fn is_mesh(&self) -> bool {
        !matches!(self.target, Target::Listener(_))
    }

    /// Whether requests for a host of the route come to this listener, and not to a more specific one beside it.
    pub(super) fn takes(&self, host: &str) -> bool {
        let Target::Listener(parent) = self.target else { return true };
        let own = parent.hostname.as_str();
        if !own.is_empty() && !is_wildcard(own) {
            return true;
        }
        if !own.is_empty() && !overlaps(host, own) {
            return false;
        }
        !self.banned.iter().any(|other| own.len() <= other.len() && is_covered(host, other))
    }
}
