//! Rules that are proofs about requests: what none touches, what two resources decide differently, what goes round in
//! circles, whom policies let in (`MC153x`, `MC165x`, `MC166x`).

mod conflicting_routes;
mod covered_rule;
mod dead_rule;
mod escapable_deny;
mod open_entry;
mod overlapping_routes;
mod pairs;
mod plain;
mod policies;
mod redirect_loop;
mod request_loop;
mod survey;
mod uncalled_service;
mod untouched_definition;
mod untouched_entry;
mod untouched_server;
mod untouched_subset;
mod untouched_virtual_service;

use meshc_diagnostics::{Diagnostic, Rule};
use meshc_effective::model::EffectiveMesh;
use meshc_mesh::Mesh;
use meshc_resources::Resources;
use meshc_source::SourceSet;
use meshc_trace::Tracer;
use rayon::prelude::*;

use super::routes::{AllWritten, all_written};
use crate::reach::Reached;
use survey::Survey;

/// By code.
pub(super) const RULES: &[&Rule] = &[
    &dead_rule::DEAD_RULE,
    &covered_rule::COVERED_RULE,
    &escapable_deny::ESCAPABLE_DENY,
    &open_entry::OPEN_ENTRY,
    &untouched_virtual_service::UNTOUCHED_VIRTUAL_SERVICE,
    &untouched_subset::UNTOUCHED_SUBSET,
    &untouched_definition::UNTOUCHED_DEFINITION,
    &untouched_server::UNTOUCHED_SERVER,
    &untouched_entry::UNTOUCHED_ENTRY,
    &uncalled_service::UNCALLED_SERVICE,
    &request_loop::REQUEST_LOOP,
    &redirect_loop::REDIRECT_LOOP,
    &conflicting_routes::CONFLICTING_ROUTES,
    &overlapping_routes::OVERLAPPING_ROUTES,
];

/// What the rules look at.
struct World<'m, 'r> {
    resources: &'m Resources,
    mesh: &'m Mesh,
    effective: &'m EffectiveMesh,
    tracer: Tracer<'m>,
    survey: Survey<'m, 'r>,
    /// Every route that is written.
    written: AllWritten<'m>,
}

impl<'m> Reached<'m> {
    /// The findings of the rules that are proofs about requests.
    pub fn check_proofs(
        &self,
        resources: &'m Resources,
        mesh: &'m Mesh,
        effective: &'m EffectiveMesh,
        sources: &'m SourceSet,
    ) -> Vec<Diagnostic> {
        check(resources, mesh, effective, self, sources)
    }
}

fn check<'m>(
    resources: &'m Resources,
    mesh: &'m Mesh,
    effective: &'m EffectiveMesh,
    reached: &Reached<'m>,
    sources: &'m SourceSet,
) -> Vec<Diagnostic> {
    if effective.proxies.is_empty() {
        // Nobody sends or gets anything that could prove something.
        return Vec::new();
    }
    let tracer = Tracer::new(effective, sources);
    let (survey, written) = (Survey::new(effective, reached), all_written(mesh));
    let world = World { resources, mesh, effective, tracer, survey, written };
    let families: [Family; 10] = [
        policies::check,
        escapable_deny::check,
        open_entry::check,
        untouched_virtual_service::check,
        |world, found| {
            let untouched = untouched_definition::check(world, found);
            untouched_subset::check(world, &untouched, found);
        },
        untouched_server::check,
        untouched_entry::check,
        uncalled_service::check,
        |world, found| {
            request_loop::check(world, found);
            redirect_loop::check(world, found);
        },
        pairs::check,
    ];
    let of_family = |family: &Family| {
        let mut found = Vec::new();
        family(&world, &mut found);
        found
    };
    let found: Vec<Vec<Diagnostic>> = families.par_iter().map(of_family).collect();
    found.into_iter().flatten().collect()
}

/// Rules that look at the same, and add what they find.
type Family = fn(&World<'_, '_>, &mut Vec<Diagnostic>);
