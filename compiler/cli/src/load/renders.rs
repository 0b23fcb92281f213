//! What `kustomize` and `helm` make of a tree: each render is a file of its own, beside the files it was made of.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use meshc_diagnostics::Diagnostic;
use meshc_settings::rules::{NOT_RENDERED, RENDER_FAILED};
use meshc_settings::{Chart, Settings};
use meshc_source::{FileId, SourceFile, SourceSet, Span};

use super::kustomize::{Kustomizations, shown};
use super::paths::{join, normal};
use super::program::{Ran, run};
use super::settings::{Governing, absent};
use super::{Failure, Selected};

/// Where a rendered text comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Origin {
    /// A directory with a kustomization.
    Kustomize {
        /// Its normal path.
        directory: String,
    },
    /// A chart.
    Helm {
        /// Its normal path.
        chart: String,
    },
}

/// Everything that was rendered.
#[derive(Debug, Clone, Default)]
pub(crate) struct Renders {
    /// The rendered files and their origins.
    pub(crate) files: BTreeMap<FileId, Origin>,
    pub(super) kustomizations: Kustomizations,
    /// The directories of charts that were asked for.
    pub(super) charts: Vec<String>,
    /// What could not be rendered.
    pub(super) diagnostics: Vec<Diagnostic>,
}

/// Runs the programs for one tree.
struct Renderer<'a> {
    selected: &'a Selected,
    /// The tree as files, and what keeps them alive.
    place: Option<(PathBuf, Option<tempfile::TempDir>)>,
}

// === impl Renders ===

impl Renders {
    /// Whether there was nothing to render.
    pub(super) fn is_empty(&self) -> bool {
        self.files.is_empty()
            && self.kustomizations.is_empty()
            && self.charts.is_empty()
            && self.diagnostics.is_empty()
    }

    /// Renders the directories that are deployed and the charts that the settings name. `roots` are those of all views.
    pub(super) fn make(
        selected: &Selected,
        governing: &mut Governing,
        sources: &mut SourceSet,
        kustomizations: Kustomizations,
        roots: &[String],
    ) -> Result<Self, Failure> {
        let mut renders = Self { kustomizations, ..Self::default() };
        let mut renderer = Renderer { selected, place: None };
        let settings = governing.settings.clone();
        let mut missing: Vec<(&str, FileId)> = Vec::new();
        for root in roots {
            let Some(kustomization) = renders.kustomizations.0.get(root) else { continue };
            let file = kustomization.file;
            match renderer.kustomize(&settings, root)? {
                (command, Ran::Done(bytes)) => {
                    let text = String::from_utf8_lossy(&bytes).into_owned();
                    let id = sources.push(SourceFile::new(format!("{command} {}", shown(root)), text));
                    renders.files.insert(id, Origin::Kustomize { directory: root.clone() });
                }
                (_, Ran::Absent) => missing.push((root, file)),
                (command, Ran::Failed(said)) => {
                    let message = format!("`{command} {}` fails: nothing of it is checked", shown(root));
                    renders.diagnostics.push(
                        Diagnostic::new(&RENDER_FAILED, Span::start_of(file), message).help(shorten(&said)),
                    );
                }
            }
        }
        for (root, file) in missing {
            let message = format!(
                "no program that renders `{}` was found: the directory and what it is made of are not checked",
                shown(root)
            );
            renders.diagnostics.push(
                Diagnostic::new(&NOT_RENDERED, Span::start_of(file), message)
                    .help("install `kustomize` or `kubectl`, or set `kustomize.command` in meshc.yaml"),
            );
        }
        for chart in &settings.helm {
            renders.helm(chart, chart.span, &mut renderer, governing, sources)?;
        }
        Ok(renders)
    }

    /// Whether a file is an input of Kustomize.
    pub(super) fn is_input(&self, path: &str) -> bool {
        self.kustomizations.is_input(path)
    }

    /// Whether a file is what a render is made of.
    pub(super) fn is_origin(&self, path: &str) -> bool {
        self.is_input(path) || is_of_chart(&self.charts, path)
    }

    /// Whether a file is an input of one render of Kustomize.
    pub(super) fn is_input_of(&self, root: &str, path: &str) -> bool {
        self.kustomizations.is_input_of(root, path)
    }

    fn helm(
        &mut self,
        chart: &Chart,
        span: Span,
        renderer: &mut Renderer<'_>,
        governing: &mut Governing,
        sources: &mut SourceSet,
    ) -> Result<(), Failure> {
        let Some(written) = &chart.chart else { return Ok(()) };
        let directory = join(&governing.base, written);
        let place = renderer.place()?;
        if !place.join(&directory).join("Chart.yaml").is_file() {
            governing.diagnostics.push(absent(written, "chart (no Chart.yaml)"));
            return Ok(());
        }
        let name = directory.rsplit('/').next().unwrap_or_default().to_owned();
        let release = chart.release.as_ref().map_or(name, |release| release.value.clone());
        let mut words: Vec<OsString> = vec![release.clone().into(), place.join(&directory).into()];
        if let Some(namespace) = &chart.namespace {
            words.extend(["--namespace".into(), namespace.value.clone().into()]);
        }
        for values in &chart.values {
            let path = place.join(join(&governing.base, values));
            if !path.is_file() {
                governing.diagnostics.push(absent(values, "file"));
                return Ok(());
            }
            words.extend(["--values".into(), path.into()]);
        }
        self.charts.push(directory.clone());
        let command = ["helm".to_owned(), "template".to_owned()];
        match run(&command, &words, &place) {
            Ran::Done(bytes) => {
                let text = in_namespace(&String::from_utf8_lossy(&bytes), chart);
                let id = sources.push(SourceFile::new(format!("helm template {release} {directory}"), text));
                self.files.insert(id, Origin::Helm { chart: directory });
            }
            Ran::Absent => {
                let message =
                    format!("no `helm` was found to render `{directory}`: the chart is not checked");
                self.diagnostics.push(Diagnostic::new(&NOT_RENDERED, span, message).help("install `helm`"));
            }
            Ran::Failed(said) => {
                let message =
                    format!("`helm template {release} {directory}` fails: nothing of the chart is checked");
                self.diagnostics.push(Diagnostic::new(&RENDER_FAILED, span, message).help(shorten(&said)));
            }
        }
        Ok(())
    }
}

/// Helm leaves the namespace of most objects to the installation; a mesh needs to know it.
fn in_namespace(text: &str, chart: &Chart) -> String {
    let Some(namespace) = &chart.namespace else { return text.to_owned() };
    let mut out = String::with_capacity(text.len());
    for document in
        text.split_inclusive('\n').collect::<Vec<_>>().chunk_by(|_, next| !next.starts_with("---"))
    {
        let document = document.concat();
        let has_one = document.lines().any(|line| {
            line.trim_start().starts_with("namespace:") && line.len() - line.trim_start().len() == 2
        });
        let cluster_wide = document.lines().any(|line| line.trim_end() == "kind: Namespace");
        match document.split_once("\nmetadata:\n") {
            Some((head, rest)) if !has_one && !cluster_wide => {
                out.push_str(head);
                out.push_str("\nmetadata:\n  namespace: ");
                out.push_str(&namespace.value);
                out.push('\n');
                out.push_str(rest);
            }
            _ => out.push_str(&document),
        }
    }
    out
}

// === impl Renderer ===

impl Renderer<'_> {
    /// The tree as files, seen from the current directory.
    fn place(&mut self) -> Result<PathBuf, Failure> {
        if let Some((place, _)) = &self.place {
            return Ok(place.clone());
        }
        let (place, kept) = if self.selected.is_worktree() {
            (self.selected.selection.directory.clone(), None)
        } else {
            let kept = tempfile::tempdir().map_err(Failure::new)?;
            // Its own path without links, so that Kustomize finds what lies above within it.
            let root = kept.path().canonicalize().map_err(Failure::new)?;
            (meshc_source::export(&self.selected.selection, &root).map_err(Failure::new)?, Some(kept))
        };
        self.place = Some((place.clone(), kept));
        Ok(place)
    }

    /// Renders a directory by the command of the settings, else by what is found; with the command as it is written.
    fn kustomize(&mut self, settings: &Settings, root: &str) -> Result<(String, Ran), Failure> {
        let place = self.place()?;
        let own: Vec<String> = settings.kustomize.command.iter().map(|word| word.value.clone()).collect();
        let commands = if own.is_empty() {
            vec![words(&["kustomize", "build"]), words(&["kubectl", "kustomize"])]
        } else {
            vec![own]
        };
        let directory = place.join(Path::new(root));
        for command in commands {
            match run(&command, &[directory.clone().into()], &place) {
                Ran::Absent => {}
                ran => return Ok((command.join(" "), ran)),
            }
        }
        Ok((String::new(), Ran::Absent))
    }
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// What a program said, without the rest of a long story.
fn shorten(said: &str) -> String {
    let lines: Vec<&str> = said.lines().filter(|line| !line.trim().is_empty()).take(6).collect();
    let text: String = lines.join("\n").chars().take(600).collect();
    normal_spaces(&text)
}

fn normal_spaces(text: &str) -> String {
    text.replace('\t', " ")
}

/// Whether a file is a rendered chart's own.
pub(super) fn is_of_chart(charts: &[String], path: &str) -> bool {
    let path = normal(path);
    charts.iter().any(|chart| super::paths::is_in(&path, chart))
}
