//! Rules about the Gateway API (`MC162x`).

mod grant_namespace;
mod repeated_listener;
mod route_backend;
mod route_parent;
mod routes;
mod shared_listener;
mod unknown_class;

use meshc_diagnostics::{Diagnostic, Rule, Severity};
use meshc_mesh::Absence;
use meshc_settings::ways_out;

use super::context::Context;

/// By code.
pub(super) const RULES: &[&Rule] = &[
    &route_parent::ROUTE_PARENT,
    &route_backend::ROUTE_BACKEND,
    &shared_listener::SHARED_LISTENER,
    &repeated_listener::REPEATED_LISTENER,
    &unknown_class::UNKNOWN_CLASS,
    &grant_namespace::GRANT_NAMESPACE,
];

/// All of them.
pub(super) fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    for route in routes::all(context.resources) {
        route_parent::check(context, &route, found);
        route_backend::check(context, &route, found);
    }
    shared_listener::check(context, found);
    repeated_listener::check(context, found);
    unknown_class::check(context, found);
    grant_namespace::check(context, found);
}

/// A finding about a Service that is not there, as sure as that is.
fn with_absence(finding: Diagnostic, absence: &Absence<'_>) -> Diagnostic {
    let finding = finding.help(format!("declare the Service; {}", ways_out("services")));
    if matches!(absence, Absence::Unseen { .. }) { finding.severity(Severity::Info) } else { finding }
}
