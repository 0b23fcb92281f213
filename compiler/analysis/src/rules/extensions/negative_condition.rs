//! A resource that its controller says has no effect.

use meshc_diagnostics::{Diagnostic, ResourceId, declare_rule};
use meshc_resources::{Kind, Object};
use meshc_source::Span;
use meshc_syntax::Node;

use crate::rules::context::Context;

declare_rule! {
    /// ## What it does
    /// Finds conditions in the `status` of resources with which Istio says that they have no effect: `istio.io/WaypointBound`,
    /// `ZtunnelAccepted`, `WaypointAccepted`, and `Accepted`, `Programmed`, `ResolvedRefs` of the Gateway API, each `False`.
    /// Only snapshots of a cluster have a `status`.
    ///
    /// ## What happens to traffic
    /// What the condition says, most often that the resource was not taken.
    ///
    /// ## Example
    /// ```yaml
    /// status:
    ///   conditions:
    ///     - {type: Programmed, status: "False", reason: AddressNotAssigned}
    /// ```
    ///
    /// ## Use instead
    /// Look at the condition's message, and leave `status` out of what is kept in Git.
    ///
    /// ## Covers
    /// IST0171.
    pub NEGATIVE_CONDITION = "MC1610", "negative-condition", Warning, Mesh,
    "A resource that its controller says has no effect",
    ["IST0171"]
}

/// The conditions that say so by being false.
fn telling(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Service | Kind::ServiceEntry | Kind::WorkloadEntry => &["istio.io/WaypointBound"],
        Kind::AuthorizationPolicy => &["ZtunnelAccepted", "WaypointAccepted"],
        _ => &["Accepted", "Programmed", "ResolvedRefs"],
    }
}

/// Every resource with a status.
pub(super) fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    let all = context.resources;
    of(&all.services, found);
    of(&all.service_entries, found);
    of(&all.workload_entries, found);
    of(&all.authorization_policies, found);
    of(&all.kubernetes_gateways, found);
    of(&all.http_routes, found);
    of(&all.grpc_routes, found);
}

fn of<T>(objects: &[Object<T>], found: &mut Vec<Diagnostic>) {
    for object in objects {
        let Some(status) = &object.status else { continue };
        let own = status.node().get("conditions").map(Node::items).unwrap_or_default();
        let parents = status.node().get("parents").map(Node::items).unwrap_or_default();
        let of_parents = parents.iter().filter_map(|parent| parent.get("conditions")).flat_map(Node::items);
        for condition in own.iter().chain(of_parents) {
            found.extend(judge(object.kind, &object.id(), condition));
        }
    }
}

fn judge(kind: Kind, id: &ResourceId, condition: &Node) -> Option<Diagnostic> {
    let text = |key: &str| condition.get(key).and_then(Node::as_str).unwrap_or_default();
    let (name, status, reason) = (text("type"), text("status"), text("reason"));
    let partly =
        kind == Kind::AuthorizationPolicy && name == "WaypointAccepted" && reason == "PartiallyInvalid";
    if !(partly || (status == "False" && telling(kind).contains(&name))) {
        return None;
    }
    let said = if reason.is_empty() { name.to_owned() } else { format!("{name}, {reason}") };
    let message = match text("message") {
        "" => format!("the controller says that it has no effect: {said}"),
        message => format!("the controller says that it has no effect: {said}: {message}"),
    };
    let span: Span = condition.get("type").map_or(condition.span, |node| node.span);
    Some(
        Diagnostic::new(&NEGATIVE_CONDITION, span, message)
            .resource_id(id.clone())
            .help("mend what the condition names; `status` itself does not belong into Git")
            .alias("IST0171"),
    )
}
