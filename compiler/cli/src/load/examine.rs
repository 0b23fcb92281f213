//! What is wrong with one mesh: the rules of each level, the policies, and what comments and settings make of them.

use std::collections::{BTreeMap, BTreeSet};

use meshc_analysis::Reached;
use meshc_diagnostics::{Diagnostic, Level, sort};
use meshc_effective::model::EffectiveMesh;
use meshc_settings::LevelSetting;
use meshc_source::{FileId, SourceSet};
use meshc_syntax::Suppression;

use super::all_rules;
use super::renders::Renders;
use super::tree::Tree;
use crate::clock;

impl Tree {
    /// The findings of the rules of `levels` (all levels when empty) at the levels of the settings, and the effective
    /// mesh if it was needed for them. Comments have silenced nothing yet.
    ///
    /// Rules about requests need the effective mesh; of a tree that uses what is not implemented yet they prove nothing.
    pub(super) fn examine(&self, levels: &[Level]) -> (Vec<Diagnostic>, Option<EffectiveMesh>) {
        let wanted = |level: Level| levels.is_empty() || levels.contains(&level);
        let (of_mesh, of_routes) = (wanted(Level::Mesh), wanted(Level::Routes));
        let (mut found, compiled) = rayon::join(
            || if of_mesh { self.examine_mesh() } else { Vec::new() },
            || (of_mesh || of_routes).then(|| self.compile()),
        );
        if wanted(Level::Document) {
            found.extend(self.beside.iter().chain(&self.document).cloned());
        }
        if let Some(mesh) = &compiled {
            if of_mesh {
                found.extend(mesh.diagnostics.iter().cloned());
                found.extend(meshc_xds::rules::check(mesh));
            }
            if of_routes {
                let reached = Reached::new(mesh);
                let (routes, proofs) =
                    rayon::join(|| self.examine_routes(&reached), || self.examine_requests(mesh, &reached));
                found.extend(routes);
                found.extend(proofs);
            }
        }
        // Nothing is said of what only a snapshot holds.
        found.retain(|finding| Some(finding.span.file) != self.governing.snapshot);
        (found, compiled)
    }

    /// How loud a policy is about a file.
    fn loudness(&self, policy: &str, file: FileId) -> Option<LevelSetting> {
        self.governing.loudness(policy, &self.sources.file(file).path)
    }

    /// What the resources say together, and the policies about resources.
    fn examine_mesh(&self) -> Vec<Diagnostic> {
        let mut found = meshc_analysis::check_mesh(&self.resources, &self.mesh, Some(clock::now()));
        let loudness = |policy: &str, file: FileId| self.loudness(policy, file);
        found.extend(meshc_policies::check(&self.governing.packs, &self.resources, &self.sources, &loudness));
        found
    }

    /// What is proved of all requests. Of a tree that uses what is not modelled nothing is.
    fn examine_requests<'m>(&'m self, mesh: &'m EffectiveMesh, reached: &Reached<'m>) -> Vec<Diagnostic> {
        if self.refusals().next().is_some() {
            return Vec::new();
        }
        let mut found = reached.check_proofs(&self.resources, &self.mesh, mesh, &self.sources);
        found.extend(meshc_policies::check_invariants(
            &self.governing.packs,
            (&self.mesh, mesh),
            &self.sources,
            &|pack| self.governing.switched_on(pack),
            &|policy, file| self.loudness(policy, file),
        ));
        found
    }

    /// What single routes say. What is not modelled silences only the resources where it stands, but for the settings of
    /// the mesh and patches, which may change every route.
    fn examine_routes(&self, reached: &Reached<'_>) -> Vec<Diagnostic> {
        let everywhere = |refusal: &Diagnostic| {
            let kind = refusal.resource.as_ref().map(|resource| resource.kind.as_str());
            kind.is_none_or(|kind| matches!(kind, "ConfigMap" | "EnvoyFilter"))
        };
        if self.refusals().any(everywhere) {
            return Vec::new();
        }
        let mut found = reached.check_routes(&self.mesh);
        found.extend(reached.check_lone_routes(&self.resources, &self.mesh));
        found.retain(|finding| self.refusals().all(|refusal| refusal.resource != finding.resource));
        found
    }

    /// Silences what comments silence, and brings the rest to the levels of the settings, sorted.
    pub(super) fn settle(
        &self,
        found: Vec<Diagnostic>,
        levels: &[Level],
        sources: &SourceSet,
        renders: &Renders,
    ) -> Vec<Diagnostic> {
        let wanted = |level: Level| levels.is_empty() || levels.contains(&level);
        let rules: BTreeMap<_, _> = all_rules().into_iter().map(|rule| (rule.code, rule.level)).collect();
        let judged = |code| rules.get(&code).is_none_or(|level| wanted(*level));
        let (of_renders, own): (Vec<_>, Vec<_>) =
            self.suppressions.iter().cloned().partition(|of| renders.files.contains_key(&of.span.file));
        let mut found = meshc_syntax::apply_suppressions(found, &own, judged);
        if !renders.files.is_empty() {
            // Whether a comment of a template or a base silences nothing at all, one render cannot tell.
            let mut quiet = of_renders;
            quiet.extend(suppressions_of_inputs(&found, sources, renders));
            found = meshc_syntax::apply_suppressions(found, &quiet, |_| false);
        }
        if !self.governing.levels.is_empty() {
            let path = |file: FileId| super::normal(&sources.file(file).path);
            found = found
                .into_iter()
                .filter_map(|finding| {
                    let path = path(finding.span.file);
                    let below = super::paths::below(&path, &self.governing.base).to_owned();
                    self.governing.levels.apply(finding, &below)
                })
                .collect();
        }
        sort(&mut found, sources);
        found
    }
}

/// The comments of the sources of renders that findings were brought back to.
fn suppressions_of_inputs(found: &[Diagnostic], sources: &SourceSet, renders: &Renders) -> Vec<Suppression> {
    let files: BTreeSet<FileId> = found.iter().map(|finding| finding.span.file).collect();
    let inputs =
        files.into_iter().filter(|file| renders.is_origin(&super::normal(&sources.file(*file).path)));
    inputs
        .flat_map(|file| {
            meshc_syntax::parse(file, &sources.file(file).text, &meshc_syntax::Limits::default()).suppressions
        })
        .collect()
}
