//! The rules that need the whole mesh (`MC10xx`: names that lead nowhere) and those about routes (`MC20xx`), one file
//! each.

mod context;
mod cut_off;
mod destinations;
mod dropped_policy;
mod duplicate_resource;
mod empty_subset;
mod gateway_host;
mod hidden_route;
mod idle_gateway;
mod idle_service;
mod impossible_match;
mod lone_routes;
mod originals;
mod port;
mod routes;
mod undecided_route;
mod unknown_gateway;
mod unknown_host;
mod unknown_subset;

use meshc_diagnostics::{Diagnostic, Rule};
use meshc_mesh::Mesh;
use meshc_resources::Resources;

use context::Context;

pub use lone_routes::check_lone_routes;
pub use routes::check_routes;

/// All rules of this crate, by code.
pub const RULES: &[&Rule] = &[
    &unknown_host::UNKNOWN_HOST,
    &unknown_subset::UNKNOWN_SUBSET,
    &empty_subset::EMPTY_SUBSET,
    &unknown_gateway::UNKNOWN_GATEWAY,
    &idle_gateway::IDLE_GATEWAY,
    &idle_service::IDLE_SERVICE,
    &dropped_policy::DROPPED_POLICY,
    &port::PORT,
    &gateway_host::GATEWAY_HOST,
    &duplicate_resource::DUPLICATE_RESOURCE,
    &hidden_route::HIDDEN_ROUTE,
    &impossible_match::IMPOSSIBLE_MATCH,
    &undecided_route::UNDECIDED_ROUTE,
];

/// The findings of all rules that need the mesh as a whole but no route table, in no particular order.
pub fn check_mesh(resources: &Resources, mesh: &Mesh) -> Vec<Diagnostic> {
    let context = Context::new(resources, mesh);
    let mut found = Vec::new();
    duplicate_resource::check(&context, &mut found);
    unknown_host::check(&context, &mut found);
    unknown_subset::check(&context, &mut found);
    empty_subset::check(&context, &mut found);
    unknown_gateway::check(&context, &mut found);
    idle_gateway::check(&context, &mut found);
    idle_service::check(&context, &mut found);
    dropped_policy::check(&context, &mut found);
    port::check(&context, &mut found);
    gateway_host::check(&context, &mut found);
    found
}

#[cfg(test)]
mod oracle;
#[cfg(test)]
mod tests;
