//! What the status conditions of the Gateway API's objects would say (`MC133x`), beside the names that lead nowhere.

mod gateway_not_accepted;
mod listener_not_accepted;
mod not_implemented_by_istio;
mod policy_not_accepted;
mod route_not_accepted;
mod unresolved_reference;

use meshc_diagnostics::{Diagnostic, Rule};
use meshc_mesh::{Condition, Meta, Problem};

use super::context::Context;

/// All rules of this module.
pub(super) const RULES: [&Rule; 6] = [
    &route_not_accepted::ROUTE_NOT_ACCEPTED,
    &unresolved_reference::UNRESOLVED_REFERENCE,
    &listener_not_accepted::LISTENER_NOT_ACCEPTED,
    &gateway_not_accepted::GATEWAY_NOT_ACCEPTED,
    &not_implemented_by_istio::NOT_IMPLEMENTED_BY_ISTIO,
    &policy_not_accepted::POLICY_NOT_ACCEPTED,
];

/// All of them.
pub(super) fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    route_not_accepted::check(context, found);
    unresolved_reference::check(context, found);
    listener_not_accepted::check(context, found);
    gateway_not_accepted::check(context, found);
    not_implemented_by_istio::check(context, found);
    policy_not_accepted::check(context, found);
}

/// A finding about an object, from what a condition says is wrong.
fn finding(rule: &Rule, meta: &Meta, problem: &Problem, message: String) -> Diagnostic {
    Diagnostic::new(rule, problem.span, message).resource(meta.kind, Some(&meta.namespace), &meta.name)
}

/// What is wrong by the condition of this type.
fn problem<'c>(conditions: &'c [Condition], kind: &str) -> Option<&'c Problem> {
    conditions.iter().find(|condition| condition.kind == kind)?.problem.as_ref()
}
