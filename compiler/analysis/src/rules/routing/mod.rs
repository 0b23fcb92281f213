//! Rules about routes, destinations and what declares them (`MC14xx`), as far as they need no request.

mod deprecated_field;
mod duplicate_host;
mod entries;
mod entry_addresses;
mod entry_protocol;
mod export_to;
mod foreign_gateway;
mod hidden_l4_route;
mod lone_weight;
mod lost_tls;
mod old_gateway_name;
mod overlapping_rules;
mod repeated_destination;
mod replaced_policy;
mod routes;
mod shared_entry;
mod unfollowed_routes;
mod unlabelled_subset;
mod unverified_server;

use meshc_diagnostics::{Diagnostic, Rule};
use meshc_mesh::Meta;
use meshc_source::Span;

use super::context::Context;

pub(super) use duplicate_host::seen_together;

/// By code.
pub(super) const RULES: &[&Rule] = &[
    &duplicate_host::DUPLICATE_HOST,
    &lone_weight::LONE_WEIGHT,
    &repeated_destination::REPEATED_DESTINATION,
    &old_gateway_name::OLD_GATEWAY_NAME,
    &unfollowed_routes::UNFOLLOWED_ROUTES,
    &overlapping_rules::OVERLAPPING_RULES,
    &unlabelled_subset::UNLABELLED_SUBSET,
    &entry_addresses::ENTRY_ADDRESSES,
    &entry_protocol::ENTRY_PROTOCOL,
    &shared_entry::SHARED_ENTRY,
    &replaced_policy::REPLACED_POLICY,
    &unverified_server::UNVERIFIED_SERVER,
    &lost_tls::LOST_TLS,
    &deprecated_field::DEPRECATED_FIELD,
    &hidden_l4_route::HIDDEN_L4_ROUTE,
    &foreign_gateway::FOREIGN_GATEWAY,
    &export_to::EXPORT_TO,
];

/// All of them.
pub(super) fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    duplicate_host::check(context, found);
    lone_weight::check(context, found);
    repeated_destination::check(context, found);
    old_gateway_name::check(context, found);
    unfollowed_routes::check(context, found);
    overlapping_rules::check(context, found);
    unlabelled_subset::check(context, found);
    entry_addresses::check(context, found);
    entries::check(context, found);
    replaced_policy::check(context, found);
    unverified_server::check(context, found);
    lost_tls::check(context, found);
    deprecated_field::check(context, found);
    hidden_l4_route::check(context, found);
    foreign_gateway::check(context, found);
    export_to::check(context, found);
}

/// A finding about a resource of the mesh.
fn finding(rule: &Rule, meta: &Meta, span: Span, message: String) -> Diagnostic {
    Diagnostic::new(rule, span, message).resource(meta.kind, Some(&meta.namespace), &meta.name)
}
