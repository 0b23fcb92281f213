//! The rules that need the whole mesh (`MC10xx`: names that lead nowhere) and those about routes (`MC20xx`), one file
//! each.

mod ages;
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

use std::sync::{Arc, LazyLock};

use meshc_diagnostics::{Diagnostic, Rule};
use meshc_mesh::Mesh;
use meshc_resources::Resources;
use rayon::prelude::*;

use context::{Context, World};

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
    all.extend(ages::RULES);
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
    let world = Arc::new(World::new(resources, mesh, now));
    FAMILIES
        .par_iter()
        .flat_map_iter(|check| {
            let mut found = Vec::new();
            check(&Context::new(&world), &mut found);
            found
        })
        .collect()
}

/// Rules that are checked one after the other, beside other families.
const FAMILIES: &[fn(&Context<'_>, &mut Vec<Diagnostic>)] = &[
    duplicate_resource::check,
    unknown_host::check,
    unknown_subset::check,
    empty_subset::check,
    unknown_gateway::check,
    idle_gateway::check,
    idle_service::check,
    dropped_policy::check,
    port::check,
    gateway_host::check,
    ages::check,
    workloads::check,
    gateways::check,
    routing::check,
    security::check,
    selectors::check,
    sidecars::check,
    extensions::check,
    gateway_api::check,
    conditions::check,
    ambient::check,
    mistakes::check,
];

#[cfg(test)]
mod oracle;
#[cfg(test)]
mod tests;
