//! The rules that need the whole mesh (`MC10xx`: names that lead nowhere) and those about routes (`MC20xx`), one file
//! each.

mod ambient;
mod conditions;
mod context;
mod cut_off;
mod destinations;
mod dropped_policy;
mod duplicate_resource;
mod empty_subset;
mod extensions;
mod gateway_api;
mod gateway_host;
mod gateways;
mod hidden_route;
mod idle_gateway;
mod idle_service;
mod impossible_match;
mod lone_routes;
mod missing;
mod mistakes;
mod originals;
mod pods;
mod port;
mod proofs;
mod routes;
mod routing;
mod security;
mod selectors;
mod sidecars;
mod undecided_route;
mod unknown_gateway;
mod unknown_host;
mod unknown_subset;
mod workloads;

use std::sync::LazyLock;

use meshc_diagnostics::{Diagnostic, Rule};
use meshc_mesh::Mesh;
use meshc_resources::Resources;

use context::Context;

pub use lone_routes::check_lone_routes;
pub use proofs::check_proofs;
pub use routes::check_routes;
pub use unknown_host::unseen_namespaces;

/// All rules of this crate, by code.
pub static RULES: LazyLock<Vec<&'static Rule>> = LazyLock::new(|| {
    let mut all: Vec<&'static Rule> = vec![
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
    all.extend(workloads::RULES);
    all.extend(gateways::RULES);
    all.extend(routing::RULES);
    all.extend(security::RULES);
    all.extend(selectors::RULES);
    all.extend(sidecars::RULES);
    all.extend(extensions::RULES);
    all.extend(gateway_api::RULES);
    all.extend(conditions::RULES);
    all.extend(ambient::RULES);
    all.extend(mistakes::RULES);
    all.extend(proofs::RULES);
    all.sort_by_key(|rule| rule.code);
    all
});

/// The findings of all rules that need the mesh as a whole but no route table, in no particular order. `now` is in
/// seconds since 1970; without it the dates of certificates are not judged.
pub fn check_mesh(resources: &Resources, mesh: &Mesh, now: Option<i64>) -> Vec<Diagnostic> {
    let context = Context::new(resources, mesh, now);
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
    workloads::check(&context, &mut found);
    gateways::check(&context, &mut found);
    routing::check(&context, &mut found);
    security::check(&context, &mut found);
    selectors::check(&context, &mut found);
    sidecars::check(&context, &mut found);
    extensions::check(&context, &mut found);
    gateway_api::check(&context, &mut found);
    conditions::check(&context, &mut found);
    ambient::check(&context, &mut found);
    mistakes::check(&context, &mut found);
    found
}

#[cfg(test)]
mod oracle;
#[cfg(test)]
mod tests;
