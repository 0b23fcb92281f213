//! Everything that a command reads: the files, the settings, what is rendered, and the views as meshes.

use std::sync::OnceLock;

use meshc_diagnostics::{Diagnostic, Label, Level, sort};
use meshc_effective::model::EffectiveMesh;
use meshc_source::{FileId, LoadProblem, ProblemKind, SourceError, SourceSet};

use super::kept::{Answer, Key, Store};
use super::kustomize::Kustomizations;
use super::origin;
use super::renders::{Renders, is_of_chart};
use super::settings::Governing;
use super::tree::Tree;
use super::view::View;
use super::{Failure, Selected};

/// Everything that a command reads.
#[derive(Debug)]
pub(crate) struct Workspace {
    pub(crate) sources: SourceSet,
    selected: Selected,
    pub(crate) governing: Governing,
    pub(crate) renders: Renders,
    problems: Vec<LoadProblem>,
    views: Vec<View>,
    /// Made when the first question is asked that needs them.
    trees: OnceLock<Vec<Tree>>,
    /// What the last check compiled: whoever ends the process need not take it apart before.
    compiled: Vec<EffectiveMesh>,
}

impl Workspace {
    /// Reads a tree. What is wrong with a file is a finding; that there is nothing to read is a failure.
    pub(crate) fn read(selected: &Selected) -> Result<Self, Failure> {
        Self::complete(selected, meshc_source::load(&selected.selection, &meshc_source::Limits::default()))
    }

    /// What else the files of a tree name is read, too.
    fn complete(selected: &Selected, loaded: meshc_source::Loaded) -> Result<Self, Failure> {
        let (mut sources, mut problems) = loaded.map_err(|error| Failure {
            message: error.to_string(),
            nothing: matches!(error, SourceError::Missing { .. } | SourceError::Empty { .. }),
        })?;
        let mut governing = Governing::find(selected, &mut sources)?;
        let renders = governing.settings.kustomize.render.as_ref().is_none_or(|render| render.value);
        let kustomizations = if renders {
            Kustomizations::complete(selected, &mut sources)?
        } else {
            Kustomizations::default()
        };
        let views = View::all(selected, &mut governing, &sources, &kustomizations)?;
        let mut roots: Vec<String> = views.iter().flat_map(|view| view.roots.clone()).collect();
        roots.sort();
        roots.dedup();
        let renders = if kustomizations.is_empty() && governing.settings.helm.is_empty() {
            Renders::default()
        } else {
            Renders::make(selected, &mut governing, &mut sources, kustomizations, &roots)?
        };
        // Of a chart that is rendered (or would be, were there a program) nothing more is to be said.
        problems.retain(|problem| {
            !matches!(problem.kind, ProblemKind::HelmTemplates { .. })
                || !is_of_chart(&renders.charts, &sources.file(problem.file).path)
        });
        governing.diagnostics.extend(renders.diagnostics.iter().cloned());
        Ok(Self::of(sources, selected.clone(), governing, renders, problems, views))
    }

    /// Nothing.
    pub(crate) fn empty(selected: &Selected) -> Self {
        let views = Vec::new();
        let (governing, renders) = (Governing::default(), Renders::default());
        Self::of(SourceSet::default(), selected.clone(), governing, renders, Vec::new(), views)
    }

    /// Reads two trees that are compared: what only one of them has was added or taken away, and the other is empty
    /// then.
    pub(crate) fn read_both(one: &Selected, other: &Selected) -> Result<(Self, Self), Failure> {
        let limits = meshc_source::Limits::default();
        let (of_one, of_other) = meshc_source::load_both(&one.selection, &other.selection, &limits);
        match (Self::complete(one, of_one), Self::complete(other, of_other)) {
            (Ok(one), Ok(other)) => Ok((one, other)),
            (Err(failure), Ok(read)) if failure.nothing => Ok((Self::empty(one), read)),
            (Ok(read), Err(failure)) if failure.nothing => Ok((read, Self::empty(other))),
            (Err(failure), _) | (_, Err(failure)) => Err(failure),
        }
    }

    /// Reads a revision to compare with; it is empty where it has nothing of the tree.
    pub(crate) fn read_before(selected: &Selected) -> Result<Self, Failure> {
        if selected.is_unborn() {
            return Ok(Self::empty(selected));
        }
        match Self::read(selected) {
            Err(failure) if failure.nothing => Ok(Self::empty(selected)),
            read => read,
        }
    }

    fn of(
        sources: SourceSet,
        selected: Selected,
        governing: Governing,
        renders: Renders,
        problems: Vec<LoadProblem>,
        views: Vec<View>,
    ) -> Self {
        Self {
            sources,
            selected,
            governing,
            renders,
            problems,
            views,
            trees: OnceLock::new(),
            compiled: Vec::new(),
        }
    }

    /// The mesh of each view.
    fn meshes(&self) -> &[Tree] {
        self.trees.get_or_init(|| self.views.iter().map(|view| self.mesh(view)).collect())
    }

    fn mesh(&self, view: &View) -> Tree {
        let (members, problems) = self.members(view);
        Tree::of(members, &problems, &self.governing)
    }

    /// The files of a view, and what is wrong with them.
    fn members(&self, view: &View) -> (SourceSet, Vec<LoadProblem>) {
        let has =
            |file: FileId| view.has(file, &self.sources, &self.selected, &self.governing, &self.renders);
        let all = self.sources.iter().all(|(id, _)| has(id));
        let members = if all { self.sources.clone() } else { self.sources.masked(has) };
        (members, self.problems.iter().filter(|problem| has(problem.file)).cloned().collect())
    }

    /// The same with other texts of some files, which are no inputs of a render.
    pub(crate) fn with_texts(&self, texts: &[(FileId, String)]) -> Self {
        let mut sources = self.sources.clone();
        let mut governing = self.governing.clone();
        for (file, text) in texts {
            sources = sources.with_text(*file, text);
            if governing.file == Some(*file) {
                let snapshot = governing.snapshot;
                let (packs, of_policies, ages) = (governing.packs, governing.of_policies, governing.ages);
                governing =
                    Governing { snapshot, ages, packs, of_policies, ..Governing::of(*file, &sources) };
                governing.accept_names();
                governing.diagnostics.extend(self.renders.diagnostics.iter().cloned());
            }
        }
        let (renders, problems) = (self.renders.clone(), self.problems.clone());
        Self::of(sources, self.selected.clone(), governing, renders, problems, self.views.clone())
    }

    /// Whether the ages of its resources are read from Git: then the same files may do something else in another commit.
    pub(crate) fn is_dated(&self) -> bool {
        self.governing.ages.is_some()
    }

    /// Fails where there are several views of which none is chosen.
    pub(crate) fn only_view(&self) -> Result<(), Failure> {
        if self.views.len() > 1 {
            let names: Vec<&str> = self.views.iter().filter_map(|view| view.name.as_deref()).collect();
            let list = meshc_syntax::suggest::list(&names);
            return Err(Failure::new(format!(
                "the tree has several views, each a mesh of its own: choose {list} with --view"
            )));
        }
        Ok(())
    }

    /// The one mesh for a command that is about one.
    pub(crate) fn only_tree(mut self) -> Result<Tree, Failure> {
        self.only_view()?;
        self.meshes();
        let only = self.trees.take().and_then(|mut trees| trees.pop());
        Ok(only.unwrap_or_else(|| Tree::of(self.sources, &[], &self.governing)))
    }

    /// The one mesh, which `previous`, if it is there, was before.
    pub(super) fn only_tree_after(self, previous: &mut Option<Tree>) -> Result<Tree, Failure> {
        if let [view] = self.views.as_slice()
            && self.renders.files.is_empty()
            && let Some(previous) = previous.take()
        {
            let (members, problems) = self.members(view);
            return Ok(previous.after(members, &problems, &self.governing));
        }
        self.only_tree()
    }

    /// The meshes, each with the name of its view.
    pub(crate) fn trees(&self) -> impl Iterator<Item = (Option<&str>, &Tree)> {
        self.views.iter().map(|view| view.name.as_deref()).zip(self.meshes())
    }

    /// All findings of the rules of `levels` (all levels when empty): silenced ones taken out, those of rendered texts
    /// brought back to their origin, those of several views once, sorted.
    pub(crate) fn check(&mut self, levels: &[Level]) -> Vec<Diagnostic> {
        let mut all: Vec<(Diagnostic, Vec<&str>)> = Vec::new();
        let several = self.views.len() > 1;
        self.meshes();
        self.compiled.clear();
        for (view, tree) in self.views.iter().zip(self.trees.get().into_iter().flatten()) {
            let (found, compiled) = tree.examine(levels);
            self.compiled.extend(compiled);
            let found = if self.renders.files.is_empty() {
                found
            } else {
                origin::bring_back(found, &mut self.sources, &self.renders, &self.selected)
            };
            // What was brought back may be in a file that only the whole set knows.
            let mut found = tree.settle(found, levels, &self.sources, &self.renders);
            for finding in &mut found {
                keep_quotes(finding, &self.sources);
            }
            if !several {
                return found;
            }
            let name = view.name.as_deref().unwrap_or_default();
            for finding in found {
                match all.iter_mut().find(|(known, _)| is_same(known, &finding)) {
                    Some((_, names)) => names.push(name),
                    None => all.push((finding, vec![name])),
                }
            }
        }
        let count = self.views.len();
        let mut found: Vec<Diagnostic> = all
            .into_iter()
            .map(|(mut finding, names)| {
                let list = meshc_syntax::suggest::list(&names).replace(" or ", " and ");
                let noun = if names.len() == 1 { "view" } else { "views" };
                let message = if names.len() == count {
                    "in all views".to_owned()
                } else {
                    format!("in the {noun} {list}")
                };
                finding.labels.push(Label { span: finding.span, message });
                finding
            })
            .collect();
        sort(&mut found, &self.sources);
        found
    }

    /// As [`Workspace::check`], with how much was read; what a store has of the same tree is taken from there.
    pub(crate) fn check_once(&mut self, levels: &[Level], store: Option<&Store>) -> Answer {
        let key = store.and_then(|store| Some((store, self.key(levels)?)));
        if let Some(kept) = key.as_ref().and_then(|(store, key)| store.read(key)) {
            return kept;
        }
        let found = self.check(levels);
        let (documents, resources) = self.counts();
        let answer = Answer { documents, resources, found };
        if let Some((store, key)) = key {
            store.write(&key, &answer);
        }
        answer
    }

    /// How many documents and resources were read; of several views, the sums.
    pub(crate) fn counts(&self) -> (usize, usize) {
        self.trees().fold((0, 0), |(documents, resources), (_, tree)| {
            (documents + tree.resources.documents, resources + tree.resources.len())
        })
    }

    /// What the findings follow from; none where programs or Git's history count, too.
    fn key(&self, levels: &[Level]) -> Option<Key> {
        if !self.renders.is_empty() || self.governing.ages.is_some() {
            return None;
        }
        let settings = format!("{:?} {:?} {:?}", self.governing, self.views, self.problems);
        Key::new(&self.sources, &settings, levels)
    }

    /// Whether a file's findings may be mended in place: it is a file of the worktree that nothing renders.
    pub(crate) fn is_own(&self, file: FileId) -> bool {
        let rendered = self.renders.files.contains_key(&file);
        let path = super::normal(&self.sources.file(file).path);
        self.selected.is_worktree() && !rendered && !self.renders.is_input(&path)
    }
}

/// Whether two views have the same finding: each shows it in its own surroundings.
fn is_same(a: &Diagnostic, b: &Diagnostic) -> bool {
    a.span == b.span
        && (Diagnostic { labels: Vec::new(), ..a.clone() } == Diagnostic { labels: Vec::new(), ..b.clone() })
}

/// What stands in quotes is replaced in quotes.
fn keep_quotes(finding: &mut Diagnostic, sources: &SourceSet) {
    for edit in finding.fixes.iter_mut().flat_map(|fix| &mut fix.edits) {
        let old = sources.slice(edit.span);
        for quote in ['"', '\''] {
            let quoted = |text: &str| text.len() > 1 && text.starts_with(quote) && text.ends_with(quote);
            if quoted(old) && !quoted(&edit.text) && !edit.text.contains([quote, '\\']) {
                edit.text = format!("{quote}{}{quote}", edit.text);
            }
        }
    }
}
