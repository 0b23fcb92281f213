//! Rules about the ambient mesh: what needs a waypoint, and pods that are in two meshes at once (`MC163x`).

mod foreign_rule;
mod layer;
mod missing_target;
mod missing_waypoint;
mod two_proxies;
mod uncaptured_service;
mod unguarded_workload;
mod unknown_waypoint;

use std::collections::BTreeMap;

use meshc_diagnostics::{Diagnostic, Rule};

use super::context::Context;

/// By code.
pub(super) const RULES: &[&Rule] = &[
    &missing_waypoint::MISSING_WAYPOINT,
    &missing_target::MISSING_TARGET,
    &uncaptured_service::UNCAPTURED_SERVICE,
    &foreign_rule::FOREIGN_RULE,
    &two_proxies::TWO_PROXIES,
    &unknown_waypoint::UNKNOWN_WAYPOINT,
    &unguarded_workload::UNGUARDED_WORKLOAD,
];

/// All of them; a tree without the ambient mesh has none.
pub(super) fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    if !uses_ambient(context) {
        return;
    }
    let policies = layer::policies(context);
    for policy in &policies {
        missing_waypoint::check(context, policy, found);
        missing_target::check(context, policy, found);
    }
    let hosts = layer::hosts(context);
    for of_host in &hosts {
        missing_waypoint::of_host(context, of_host, found);
        uncaptured_service::check(of_host, found);
        foreign_rule::check(of_host, found);
    }
    two_proxies::check(context, found);
    unknown_waypoint::check(context, found);
    unguarded_workload::check(context, found);
}

/// Whether anything in the tree is part of an ambient mesh or asks for a waypoint.
fn uses_ambient(context: &Context<'_>) -> bool {
    let labelled = |labels: &BTreeMap<String, String>| {
        labels.contains_key("istio.io/dataplane-mode") || labels.contains_key("istio.io/use-waypoint")
    };
    context.mesh.namespaces.values().any(|namespace| labelled(&namespace.labels))
        || context.mesh.pods.iter().any(|pod| labelled(&pod.labels) || context.is_ambient(pod))
}

/// Whether a namespace is labelled for the ambient mesh.
fn is_ambient(context: &Context<'_>, namespace: &str) -> bool {
    let label = context.mesh.namespaces.get(namespace).and_then(|n| n.labels.get("istio.io/dataplane-mode"));
    label.is_some_and(|mode| mode == "ambient")
}

/// The waypoint that labels ask for: those of the resource, else those of its namespace.
fn waypoint<'a>(context: &Context<'a>, own: Option<&'a str>, namespace: &str) -> Option<&'a str> {
    let key = "istio.io/use-waypoint";
    let of_namespace =
        || context.mesh.namespaces.get(namespace).and_then(|n| n.labels.get(key)).map(String::as_str);
    own.or_else(of_namespace).filter(|name| !name.is_empty() && *name != "none")
}
