//! One mesh: its resources, what is wrong with them, and the effective configuration.

use std::collections::{BTreeMap, BTreeSet};

use meshc_analysis::Reached;
use meshc_diagnostics::{Diagnostic, Level, Severity, sort};
use meshc_effective::Kept;
use meshc_effective::model::EffectiveMesh;
use meshc_mesh::{Mesh, PodProxy};
use meshc_resources::{Resources, rules::is_refusal};
use meshc_settings::LevelSetting;
use meshc_source::{FileId, LoadProblem, SourceSet};
use meshc_syntax::Suppression;

use super::renders::Renders;
use super::settings::Governing;
use super::workspace::Workspace;
use super::{Failure, Selected, all_rules};
use crate::{clock, output, render};

/// How many findings a command tells whose job is another than finding them.
const TOLD: usize = 20;

/// A tree that was read: its files, its resources, and what documents alone show.
#[derive(Debug)]
pub(crate) struct Tree {
    pub(crate) sources: SourceSet,
    pub(crate) resources: Resources,
    pub(crate) mesh: Mesh,
    governing: Governing,
    /// What single documents show.
    document: Vec<Diagnostic>,
    /// What is wrong with files that cannot be read, and with settings.
    beside: Vec<Diagnostic>,
    suppressions: Vec<Suppression>,
    /// The effective mesh, where it is to follow edits.
    kept: Option<Kept>,
}

impl Tree {
    /// Reads a tree. What is wrong with a file is a finding; that there is nothing to read is a failure, and so are
    /// several views of which none is chosen.
    pub(crate) fn read(selected: &Selected) -> Result<Self, Failure> {
        Workspace::read(selected)?.only_tree()
    }

    /// Reads a tree that `previous`, if it is there, was before: what depends on files with another text is made anew, and
    /// nothing else where that can be told.
    pub(crate) fn read_after(selected: &Selected, previous: &mut Option<Self>) -> Result<Self, Failure> {
        Workspace::read(selected)?.only_tree_after(previous)
    }

    /// Reads two trees that are compared: what only one of them has was added or taken away, and the other is empty
    /// then.
    pub(crate) fn read_both(one: &Selected, other: &Selected) -> Result<(Self, Self), Failure> {
        let (one, other) = Workspace::read_both(one, other)?;
        let (one, other) = rayon::join(|| one.only_tree(), || other.only_tree());
        Ok((one?, other?))
    }

    /// Whether both are the same texts of the same ages under the same settings.
    pub(crate) fn says_the_same_as(&self, other: &Self) -> bool {
        self.governing.settings == other.governing.settings
            && self.governing.ages == other.governing.ages
            && self.sources.digest() == other.sources.digest()
    }

    /// The mesh of the files that have a text.
    pub(super) fn of(sources: SourceSet, problems: &[LoadProblem], governing: &Governing) -> Self {
        let limits = meshc_syntax::Limits::default();
        let outcome = meshc_resources::read_beside(&sources, governing.snapshot, &limits);
        let mut beside: Vec<Diagnostic> =
            problems.iter().map(|problem| meshc_syntax::rules::load_diagnostic(problem, &sources)).collect();
        beside.extend(governing.diagnostics.iter().cloned());
        let mut resources = outcome.resources;
        let settings = &governing.settings;
        let (config, networks) = (settings.mesh_config.as_ref(), settings.mesh_networks.as_ref());
        resources.mesh_settings.extend(meshc_resources::mesh_settings(
            config.map(meshc_syntax::de::Raw::node),
            networks.map(meshc_syntax::de::Raw::node),
            &mut beside,
        ));
        if let Some(ages) = &governing.ages {
            resources.date(&|named| Some(ages.of(named, &sources.file(named.file).path)));
        }
        let mesh = Mesh::within(&resources, settings);
        Self {
            sources,
            resources,
            mesh,
            governing: governing.clone(),
            document: outcome.diagnostics,
            beside,
            suppressions: outcome.suppressions,
            kept: None,
        }
    }

    /// The mesh of files that were those of this tree before, under the same settings.
    pub(super) fn after(
        mut self,
        sources: SourceSet,
        problems: &[LoadProblem],
        governing: &Governing,
    ) -> Self {
        let plain = |of: &Governing| of.file.is_none() && of.snapshot.is_none() && of.ages.is_none();
        let alike =
            plain(governing) && plain(&self.governing) && problems.is_empty() && self.beside.is_empty();
        if alike && let Some(kept) = &mut self.kept {
            let read = meshc_effective::Read {
                resources: &mut self.resources,
                diagnostics: &mut self.document,
                suppressions: &mut self.suppressions,
                mesh: &mut self.mesh,
            };
            let limits = meshc_syntax::Limits::default();
            if meshc_effective::follow(read, kept, (&self.sources, &sources), &limits).is_some() {
                self.sources = sources;
                return self;
            }
        }
        Self::of(sources, problems, governing)
    }

    /// Keeps the effective mesh from now on, so that it can follow edits.
    pub(crate) fn keep(&mut self) {
        if self.kept.is_none() {
            self.kept = Some(Kept::new(&self.mesh));
        }
    }

    /// The effective mesh.
    fn compile(&self) -> EffectiveMesh {
        self.kept.as_ref().map_or_else(|| meshc_effective::compile(&self.mesh), |kept| kept.mesh().clone())
    }

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
    fn examine_requests(&self, mesh: &EffectiveMesh, reached: &Reached<'_>) -> Vec<Diagnostic> {
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

    /// What the tree uses that this version does not model.
    fn refusals(&self) -> impl Iterator<Item = &Diagnostic> {
        self.beside.iter().chain(&self.document).filter(|finding| is_refusal(finding))
    }

    /// The effective mesh for a command that answers questions: whatever findings the tree has, it is treated as Istio
    /// would treat it; only what is not implemented yet makes it a failure, by name.
    pub(crate) fn compile_to_look(&self) -> Result<EffectiveMesh, Failure> {
        self.refuse()?;
        Ok(self.compile())
    }

    /// The effective meshes of two trees, as [`Tree::compile_to_look`], side by side.
    pub(crate) fn compile_both(&self, other: &Self) -> Result<(EffectiveMesh, EffectiveMesh), Failure> {
        self.refuse()?;
        other.refuse()?;
        Ok(rayon::join(|| self.compile(), || other.compile()))
    }

    /// Whether the ages of its resources are read from Git: then the same files may do something else in another commit.
    pub(crate) fn is_dated(&self) -> bool {
        self.governing.ages.is_some()
    }

    /// How many proxies it has.
    pub(crate) fn proxies(&self) -> usize {
        let with_proxy = self.mesh.pods.iter().filter(|pod| pod.proxy != PodProxy::None);
        with_proxy.map(|pod| (&pod.namespace, &pod.name)).collect::<BTreeSet<_>>().len()
    }

    /// Fails by name where the tree uses what is not implemented yet.
    pub(crate) fn refuse(&self) -> Result<(), Failure> {
        let mut refusals: Vec<Diagnostic> = self.refusals().cloned().collect();
        if refusals.is_empty() {
            return Ok(());
        }
        sort(&mut refusals, &self.sources);
        self.report(&refusals);
        Err(Failure::new("the tree uses what is not implemented yet, so any answer would be a guess"))
    }

    /// The effective mesh for a command that acts on it: errors stop it, unless they are allowed; what is not
    /// implemented yet always does. `None`: the findings were told on standard error.
    pub(crate) fn compile_to_run(&self, allow_errors: bool) -> Option<EffectiveMesh> {
        let (found, compiled) = self.examine(&[]);
        let found = self.settle(found, &[], &self.sources, &Renders::default());
        let stops = |finding: &Diagnostic| {
            is_refusal(finding) || (finding.severity == Severity::Error && !allow_errors)
        };
        let telling: Vec<Diagnostic> = found
            .iter()
            .filter(|finding| finding.severity > Severity::Info || is_refusal(finding))
            .cloned()
            .collect();
        self.report(&telling);
        if found.iter().any(stops) || self.refusals().next().is_some() {
            return None;
        }
        compiled
    }

    /// Tells findings to a person: the first ones, for a command whose job is another.
    pub(crate) fn report(&self, found: &[Diagnostic]) {
        if found.is_empty() {
            return;
        }
        let told = &found[..found.len().min(TOLD)];
        output::err(&render::human(told, &self.sources, &self.summary(found), render::Look::stderr()));
        if found.len() > TOLD {
            output::note(&format!("{} more: `meshc check` tells them all", found.len() - TOLD));
        }
    }

    /// Counts for the closing line.
    pub(crate) fn summary(&self, found: &[Diagnostic]) -> render::Summary {
        render::Summary::of(self.sources.files().len(), self.resources.documents, self.resources.len(), found)
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
