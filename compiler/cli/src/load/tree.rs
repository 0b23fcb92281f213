//! One mesh: its resources, what is wrong with them, and the effective configuration.

use std::collections::BTreeSet;

use meshc_diagnostics::{Diagnostic, Severity, sort};
use meshc_effective::Kept;
use meshc_effective::model::EffectiveMesh;
use meshc_mesh::{Mesh, PodProxy};
use meshc_resources::{Resources, rules::is_refusal};
use meshc_source::{LoadProblem, SourceSet};
use meshc_syntax::Suppression;

use super::renders::Renders;
use super::settings::Governing;
use super::workspace::Workspace;
use super::{Failure, Selected};
use crate::{output, render};

/// How many findings a command tells whose job is another than finding them.
const TOLD: usize = 20;

/// A tree that was read: its files, its resources, and what documents alone show.
#[derive(Debug)]
pub(crate) struct Tree {
    pub(crate) sources: SourceSet,
    pub(crate) resources: Resources,
    pub(crate) mesh: Mesh,
    pub(super) governing: Governing,
    /// What single documents show.
    pub(super) document: Vec<Diagnostic>,
    /// What is wrong with files that cannot be read, and with settings.
    pub(super) beside: Vec<Diagnostic>,
    pub(super) suppressions: Vec<Suppression>,
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
        let plain = |of: &Governing| of.snapshot.is_none() && of.ages.is_none();
        // Settings are about places in their file, too.
        let text = |of: &Governing, sources: &SourceSet| of.file.map(|file| sources.file(file).sha256);
        let alike = plain(governing)
            && plain(&self.governing)
            && governing.file == self.governing.file
            && text(governing, &sources) == text(&self.governing, &self.sources)
            && governing.settings == self.governing.settings
            && problems.is_empty()
            && self.beside.is_empty();
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
                self.governing = governing.clone();
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
    pub(super) fn compile(&self) -> EffectiveMesh {
        self.kept.as_ref().map_or_else(|| meshc_effective::compile(&self.mesh), |kept| kept.mesh().clone())
    }

    /// What the tree uses that this version does not model.
    pub(super) fn refusals(&self) -> impl Iterator<Item = &Diagnostic> {
        self.beside.iter().chain(&self.document).filter(|finding| is_refusal(finding))
    }

    /// The effective mesh for a command that answers questions: whatever findings the tree has, it is treated as Istio
    /// would treat it; only what is not implemented yet makes it a failure, by name.
    pub(crate) fn compile_to_look(&self) -> Result<EffectiveMesh, Failure> {
        self.refuse()?;
        Ok(self.compile())
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
