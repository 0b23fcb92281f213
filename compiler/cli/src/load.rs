//! From the command line's words to a tree, its findings, and the effective mesh.

use std::fmt::Display;
use std::path::{Path, PathBuf};

use meshc_diagnostics::{Diagnostic, Level, Rule, Severity, sort};
use meshc_effective::model::EffectiveMesh;
use meshc_mesh::Mesh;
use meshc_resources::{Resources, rules::is_refusal};
use meshc_source::{LoadProblem, Selection, SourceError, SourceSet};
use meshc_syntax::Suppression;

use crate::args::RevisionArgs;
use crate::{clock, output, render};

/// How many findings a command tells whose job is another than finding them.
const TOLD: usize = 20;

/// Why a command could not do its job: exit status 2.
#[derive(Debug)]
pub(crate) struct Failure {
    /// One sentence that says what to do.
    pub(crate) message: String,
    /// Whether there was nothing to read, and nothing else was wrong.
    nothing: bool,
}

impl Failure {
    pub(crate) fn new(message: impl Display) -> Self {
        Self { message: message.to_string(), nothing: false }
    }
}

/// A tree as the command line names it.
#[derive(Debug, Clone)]
pub(crate) struct Selected {
    paths: Vec<PathBuf>,
    selection: Selection,
}

impl Selected {
    /// The paths, in the worktree, the index or a revision.
    pub(crate) fn new(paths: &[PathBuf], revision: &RevisionArgs) -> Self {
        let directory = current_directory();
        let selection = match &revision.rev {
            Some(rev) => Selection::rev(directory, rev.clone(), paths.to_vec()),
            None if revision.staged => Selection::staged(directory, paths.to_vec()),
            None => Selection::worktree(directory, paths.to_vec()),
        };
        Self { paths: paths.to_vec(), selection }
    }

    /// The same paths at another revision.
    pub(crate) fn at(&self, rev: &str) -> Self {
        let selection = Selection::rev(self.selection.directory.clone(), rev, self.paths.clone());
        Self { paths: self.paths.clone(), selection }
    }
}

/// The directory that relative paths count from.
#[expect(clippy::disallowed_methods, reason = "the command line resolves the current directory, here alone")]
pub(crate) fn current_directory() -> PathBuf {
    std::env::current_dir().unwrap_or_else(|_| PathBuf::from("."))
}

/// A tree that was read: its files, its resources, and what documents alone show.
#[derive(Debug)]
pub(crate) struct Tree {
    pub(crate) sources: SourceSet,
    pub(crate) resources: Resources,
    pub(crate) mesh: Mesh,
    document: Vec<Diagnostic>,
    suppressions: Vec<Suppression>,
}

impl Tree {
    /// Reads a tree. What is wrong with a file is a finding; that there is nothing to read is a failure.
    pub(crate) fn read(selected: &Selected) -> Result<Self, Failure> {
        let loaded = meshc_source::load(&selected.selection, &meshc_source::Limits::default());
        let (sources, problems) = loaded.map_err(|error| Failure {
            message: error.to_string(),
            nothing: matches!(error, SourceError::Missing { .. } | SourceError::Empty { .. }),
        })?;
        Ok(Self::of(sources, &problems))
    }

    /// Reads two trees that are compared: what only one of them has was added or taken away, and the other is empty
    /// then.
    pub(crate) fn read_both(one: &Selected, other: &Selected) -> Result<(Self, Self), Failure> {
        let empty = || Self::of(SourceSet::default(), &[]);
        match (Self::read(one), Self::read(other)) {
            (Ok(one), Ok(other)) => Ok((one, other)),
            (Err(failure), Ok(other)) if failure.nothing => Ok((empty(), other)),
            (Ok(one), Err(failure)) if failure.nothing => Ok((one, empty())),
            (Err(failure), _) | (_, Err(failure)) => Err(failure),
        }
    }

    fn of(sources: SourceSet, problems: &[LoadProblem]) -> Self {
        let outcome = meshc_resources::read(&sources, &meshc_syntax::Limits::default());
        let mut document: Vec<Diagnostic> =
            problems.iter().map(|problem| meshc_syntax::rules::load_diagnostic(problem, &sources)).collect();
        document.extend(outcome.diagnostics);
        document.extend(settings(&sources));
        let mesh = Mesh::new(&outcome.resources);
        Self { sources, resources: outcome.resources, mesh, document, suppressions: outcome.suppressions }
    }

    /// All findings of the rules of `levels` (all levels when empty), silenced ones taken out, sorted.
    ///
    /// Rules about requests need the effective mesh; a tree that uses what is not implemented yet has none, and is an
    /// error already.
    pub(crate) fn check(&self, levels: &[Level]) -> Vec<Diagnostic> {
        self.examine(levels).0
    }

    /// The findings, and the effective mesh if it was needed for them.
    fn examine(&self, levels: &[Level]) -> (Vec<Diagnostic>, Option<EffectiveMesh>) {
        let wanted = |level: Level| levels.is_empty() || levels.contains(&level);
        let mut found = Vec::new();
        if wanted(Level::Document) {
            found.extend(self.document.iter().cloned());
        }
        let compiled =
            (wanted(Level::Mesh) || wanted(Level::Routes)).then(|| meshc_effective::compile(&self.mesh));
        if wanted(Level::Mesh) {
            found.extend(meshc_analysis::check_mesh(&self.resources, &self.mesh, Some(clock::now())));
            found.extend(compiled.iter().flat_map(|mesh| mesh.diagnostics.iter().cloned()));
        }
        if wanted(Level::Routes)
            && self.refusals().next().is_none()
            && let Some(mesh) = &compiled
        {
            found.extend(meshc_analysis::check_routes(&self.mesh, mesh));
            found.extend(meshc_analysis::check_lone_routes(&self.resources, &self.mesh, mesh));
        }
        let judged =
            |code| all_rules().iter().find(|rule| rule.code == code).is_none_or(|rule| wanted(rule.level));
        let mut found = meshc_syntax::apply_suppressions(found, &self.suppressions, judged);
        sort(&mut found, &self.sources);
        (found, compiled)
    }

    /// What the tree uses that this version does not model.
    fn refusals(&self) -> impl Iterator<Item = &Diagnostic> {
        self.document.iter().filter(|finding| is_refusal(finding))
    }

    /// The effective mesh for a command that answers questions: whatever findings the tree has, it is treated as Istio
    /// would treat it; only what is not implemented yet makes it a failure, by name.
    pub(crate) fn compile_to_look(&self) -> Result<EffectiveMesh, Failure> {
        let mut refusals: Vec<Diagnostic> = self.refusals().cloned().collect();
        if refusals.is_empty() {
            return Ok(meshc_effective::compile(&self.mesh));
        }
        sort(&mut refusals, &self.sources);
        self.report(&refusals);
        Err(Failure::new("the tree uses what is not implemented yet, so any answer would be a guess"))
    }

    /// The effective mesh for a command that acts on it: errors stop it, unless they are allowed; what is not
    /// implemented yet always does. `None`: the findings were told on standard error.
    pub(crate) fn compile_to_run(&self, allow_errors: bool) -> Option<EffectiveMesh> {
        let (found, compiled) = self.examine(&[]);
        let stops = |finding: &Diagnostic| {
            is_refusal(finding) || (finding.severity == Severity::Error && !allow_errors)
        };
        let telling: Vec<Diagnostic> =
            found.iter().filter(|finding| finding.severity > Severity::Info).cloned().collect();
        self.report(&telling);
        if found.iter().any(stops) {
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

/// Every rule, by code.
pub(crate) fn all_rules() -> Vec<&'static Rule> {
    let mut all: Vec<&'static Rule> = Vec::new();
    all.extend(meshc_syntax::rules::RULES);
    all.extend(meshc_resources::rules::RULES);
    all.extend(meshc_mesh::rules::RULES);
    all.extend(meshc_effective::rules::RULES);
    all.extend(meshc_analysis::rules::RULES.iter());
    all.sort_by_key(|rule| rule.code);
    all
}

/// `meshc.yaml` marks the root of a tree. Its settings are not implemented yet, and a setting that had no effect
/// would mislead.
fn settings(sources: &SourceSet) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for (id, file) in sources.iter() {
        if Path::new(&file.path).file_name().is_none_or(|name| name != "meshc.yaml") {
            continue;
        }
        let parsed = meshc_syntax::parse(id, &file.text, &meshc_syntax::Limits::default());
        for entry in parsed.documents.iter().flat_map(|document| document.root.entries()) {
            let message =
                format!("`{}` in meshc.yaml is not implemented yet: it would have no effect", entry.key.text);
            found.push(Diagnostic::new(&meshc_syntax::rules::NOT_IMPLEMENTED, entry.key.span, message));
        }
    }
    found
}
