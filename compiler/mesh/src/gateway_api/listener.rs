//! One listener: a server of an Istio gateway, and its status.

use meshc_resources::gateway_api::{self, Listener};
use meshc_resources::istio::{GatewayPort, Server};
use meshc_source::Span;
use meshc_syntax::de::Spanned;

use super::allowed::hosts;
use super::listeners::{Owner, text};
use super::status::{Condition, ListenerStatus, Problem};
use super::{World, tls};
use crate::Meta;

/// A listener in the making.
pub(super) struct Built {
    /// The server that it becomes, if it becomes one.
    pub(super) server: Option<Server>,
    /// What its status says.
    pub(super) status: ListenerStatus,
    /// Kinds of routes that may attach.
    pub(super) kinds: Vec<&'static str>,
    /// Whether it takes traffic.
    pub(super) programmed: bool,
}

/// Makes a listener a server, and says what is wrong with it.
pub(super) fn build(
    world: &World<'_>,
    owner: &Meta,
    gateway: &gateway_api::Gateway,
    listener: &Spanned<Listener>,
    conflict: Option<&'static str>,
) -> Built {
    let (kinds, kinds_valid) = supported_kinds(listener);
    let mut status = ListenerStatus {
        name: text(&listener.name).to_owned(),
        span: listener.span,
        supported_kinds: kinds.clone(),
        attached_routes: 0,
        conditions: Vec::new(),
    };
    let kinds_problem = (!kinds_valid).then(|| {
        let span = listener.allowed_routes.as_ref().map_or(listener.span, |allowed| allowed.span);
        Problem::new(
            "InvalidRouteKinds",
            span,
            "some of the kinds of `allowedRoutes` cannot attach to this protocol",
        )
    });
    if let Some(reason) = conflict {
        let span = listener.port.as_ref().map_or(listener.span, |port| port.span);
        let message = "another listener of the Gateway, which comes first, has the same port and host";
        let problem = Problem::new(reason, span, message);
        status.conditions = vec![
            Condition::new("Accepted", "", Some(problem.clone())),
            Condition {
                kind: "Conflicted",
                status: true,
                reason: reason.to_owned(),
                message: message.to_owned(),
                problem: None,
            },
            Condition::new("Programmed", "", Some(problem)),
            Condition::new("ResolvedRefs", "all references are resolved", kinds_problem),
        ];
        return Built { server: None, status, kinds, programmed: false };
    }
    let (tls, tls_problem) = tls::settings(world, &Owner { meta: owner }, gateway, listener);
    let protocol = text(&listener.protocol);
    let mut accepted = protocol_problem(listener);
    if let Some(problem) = tls_problem.as_ref().filter(|problem| problem.reason.starts_with("InvalidCA")) {
        accepted = accepted
            .or_else(|| Some(Problem::new("NoValidCACertificate", problem.span, problem.message.clone())));
    }
    // A placeholder for a ListenerSet's.
    let placeholder = tls.is_none() && matches!(protocol, "HTTPS" | "TLS");
    if placeholder && owner.kind == "ListenerSet" {
        let message = format!("a listener of the protocol {protocol} needs `tls`");
        accepted = accepted.or(Some(Problem::new("UnsupportedProtocol", listener.span, message)));
    }
    let programmed = accepted.is_none() && tls_problem.is_none();
    let programmed_problem = tls_problem
        .as_ref()
        .map(|problem| Problem::new("Invalid", problem.span, "its TLS settings cannot be used"));
    status.conditions = vec![
        Condition::new("Accepted", "the listener is accepted", accepted),
        Condition::no_conflict(),
        Condition::new("Programmed", "the listener is programmed", programmed_problem),
        Condition::new("ResolvedRefs", "all references are resolved", kinds_problem.or(tls_problem)),
    ];
    let span = listener.span;
    let at = |field: Option<Span>| field.unwrap_or(span);
    let hosts_span = at(listener.hostname.as_ref().map(|hostname| hostname.span));
    let known_protocol = matches!(protocol, "HTTP" | "HTTPS" | "TLS" | "TCP");
    let port = listener.port.as_ref().and_then(|port| u32::try_from(port.value).ok()).unwrap_or_default();
    let server = Server {
        port: Some(Spanned::at(
            GatewayPort {
                number: Some(Spanned::at(port, at(listener.port.as_ref().map(|port| port.span)))),
                protocol: known_protocol.then(|| {
                    Spanned::at(
                        protocol.to_owned(),
                        at(listener.protocol.as_ref().map(|protocol| protocol.span)),
                    )
                }),
                name: Some(Spanned::at("default".to_owned(), span)),
                ..GatewayPort::default()
            },
            at(listener.port.as_ref().map(|port| port.span)),
        )),
        hosts: hosts(world, &owner.namespace, listener)
            .into_iter()
            .map(|host| Spanned::at(host, hosts_span))
            .collect(),
        tls,
        ..Server::default()
    };
    Built { server: (!placeholder).then_some(server), status, kinds, programmed }
}

fn protocol_problem(listener: &Spanned<Listener>) -> Option<Problem> {
    let protocol = text(&listener.protocol);
    if matches!(protocol, "HTTP" | "HTTPS" | "TLS" | "TCP") {
        return None;
    }
    let upper = protocol.to_uppercase();
    let message = if protocol == "HBONE" {
        "the protocol HBONE is only for waypoints".to_owned()
    } else if matches!(upper.as_str(), "HTTP" | "HTTPS" | "TLS" | "TCP") {
        format!("the protocol `{protocol}` is not supported: did you mean `{upper}`?")
    } else {
        format!("the protocol `{protocol}` is not supported by Istio")
    };
    let span = listener.protocol.as_ref().map_or(listener.span, |protocol| protocol.span);
    Some(Problem::new("UnsupportedProtocol", span, message))
}

/// The kinds of routes that may attach to a listener, and whether it asks for no others.
fn supported_kinds(listener: &Listener) -> (Vec<&'static str>, bool) {
    let terminates = listener.tls.as_ref().is_some_and(|tls| {
        tls.mode.as_ref().is_none_or(|mode| mode.value == gateway_api::TlsMode::Terminate)
    });
    let supported: &[&'static str] = match text(&listener.protocol) {
        "HTTP" | "HTTPS" => &["HTTPRoute", "GRPCRoute"],
        "TCP" => &["TCPRoute"],
        "TLS" if terminates => &["TLSRoute", "TCPRoute"],
        "TLS" => &["TLSRoute"],
        _ => &[],
    };
    let asked = listener.allowed_routes.as_ref().map(|allowed| allowed.kinds.as_slice()).unwrap_or_default();
    if asked.is_empty() {
        return (supported.to_vec(), true);
    }
    let is_asked = |kind: &&str| {
        asked.iter().any(|of| {
            of.group.as_ref().is_none_or(|group| group.value == gateway_api::GATEWAY_GROUP)
                && text(&of.kind) == *kind
        })
    };
    let both: Vec<_> = supported.iter().copied().filter(|kind| is_asked(kind)).collect();
    let valid = both.len() == asked.len();
    (both, valid)
}
