//! Findings in rendered texts, brought back to the source that says it, where that can be known.

use std::collections::BTreeMap;
use std::path::Path;

use meshc_diagnostics::{Diagnostic, Label};
use meshc_source::{FileId, SourceSet, Span};
use meshc_syntax::{Document, Limits, Node};

use super::Selected;
use super::paths::{join, normal};
use super::renders::{Origin, Renders};

/// One step from a node to a part of it.
enum Step<'n> {
    Key(&'n str),
    Index(usize),
}

/// What a span is within a document.
struct Place<'n> {
    steps: Vec<Step<'n>>,
    /// Whether it is the key of the last step.
    is_key: bool,
}

/// Brings the findings of rendered texts back. Where the origin cannot be known they stay where they are.
pub(super) fn bring_back(
    found: Vec<Diagnostic>,
    sources: &mut SourceSet,
    renders: &Renders,
    selected: &Selected,
) -> Vec<Diagnostic> {
    let mut documents: BTreeMap<FileId, Vec<Document>> = BTreeMap::new();
    found
        .into_iter()
        .map(|mut finding| {
            let Some(origin) = renders.files.get(&finding.span.file) else { return finding };
            // The text that a fix would change is not the text that is kept.
            finding.fixes.clear();
            let rendered = sources.file(finding.span.file).path.clone();
            let mut back = |span: Span| match origin {
                Origin::Kustomize { directory } => {
                    kustomized(span, directory, sources, renders, &mut documents)
                }
                Origin::Helm { chart } => templated(span, chart, sources, selected),
            };
            for label in &mut finding.labels {
                if renders.files.get(&label.span.file) == Some(origin)
                    && let Some(span) = back(label.span)
                {
                    label.span = span;
                }
            }
            if let Some(span) = back(finding.span) {
                finding.span = span;
                finding.labels.push(Label { span, message: format!("as `{rendered}` renders it") });
            }
            finding
        })
        .collect()
}

fn parse(file: FileId, sources: &SourceSet) -> Vec<Document> {
    meshc_syntax::parse(file, &sources.file(file).text, &Limits::default()).documents
}

/// The one place in the inputs of a kustomization that says the same of the same object.
fn kustomized(
    span: Span,
    root: &str,
    sources: &SourceSet,
    renders: &Renders,
    documents: &mut BTreeMap<FileId, Vec<Document>>,
) -> Option<Span> {
    let rendered = documents.entry(span.file).or_insert_with(|| parse(span.file, sources));
    let document = rendered.iter().find(|document| document.span.contains(span))?.clone();
    let place = place(&document.root, span);
    let wanted = value(&document.root, &place)?;
    let annotation = ["metadata", "annotations", "config.kubernetes.io/origin"];
    let written = document.root.at(&annotation).and_then(Node::as_str);
    let written = written.and_then(|text| text.lines().find_map(|line| line.strip_prefix("path: ")));
    let only = written.map(|path| join(root, path.trim()));
    let mut matches = Vec::new();
    for (file, source) in sources.iter() {
        let path = normal(&source.path);
        let is_input = match &only {
            Some(only) => *only == path,
            None => renders.is_input_of(root, &path),
        };
        if !is_input || renders.files.contains_key(&file) {
            continue;
        }
        let candidates = documents.entry(file).or_insert_with(|| parse(file, sources));
        let same = candidates.iter().filter(|candidate| is_same(&candidate.root, &document.root));
        matches.extend(same.filter_map(|candidate| {
            let node = value(&candidate.root, &place)?;
            (same_value(node, wanted)).then(|| span_of(&candidate.root, &place)).flatten()
        }));
    }
    match matches[..] {
        [only] => Some(only),
        _ => None,
    }
}

/// Whether two documents are the same object by what Kustomize does not change without saying so.
fn is_same(a: &Node, b: &Node) -> bool {
    let text = |node: &Node, path: &[&str]| node.at(path).and_then(Node::as_str).map(str::to_owned);
    let name = ["metadata", "name"];
    text(a, &["kind"]) == text(b, &["kind"]) && text(a, &name) == text(b, &name)
}

/// Scalars say the same; of what has parts only its being there counts.
fn same_value(a: &Node, b: &Node) -> bool {
    let has_parts = |node: &Node| !node.entries().is_empty() || !node.items().is_empty();
    if has_parts(a) || has_parts(b) { has_parts(a) == has_parts(b) } else { a.kind == b.kind }
}

/// What a span is: the deepest key or value that holds it.
fn place(root: &Node, span: Span) -> Place<'_> {
    let mut steps = Vec::new();
    let mut node = root;
    loop {
        if node.span == span {
            return Place { steps, is_key: false };
        }
        let in_entry = node.entries().iter().find(|entry| {
            entry.key.span.contains(span)
                || entry.value.span.contains(span)
                || entry.key.span.start == span.start
        });
        if let Some(entry) = in_entry {
            steps.push(Step::Key(&entry.key.text));
            if !entry.value.span.contains(span) {
                return Place { steps, is_key: true };
            }
            node = &entry.value;
            continue;
        }
        let Some((index, item)) = node.items().iter().enumerate().find(|(_, item)| item.span.contains(span))
        else {
            return Place { steps, is_key: false };
        };
        steps.push(Step::Index(index));
        node = item;
    }
}

fn value<'n>(root: &'n Node, place: &Place<'_>) -> Option<&'n Node> {
    place.steps.iter().try_fold(root, |node, step| match step {
        Step::Key(key) => node.get(key),
        Step::Index(index) => node.items().get(*index),
    })
}

fn span_of(root: &Node, place: &Place<'_>) -> Option<Span> {
    if !place.is_key {
        return value(root, place).map(|node| node.span);
    }
    let (last, before) = place.steps.split_last()?;
    let holder = before.iter().try_fold(root, |node, step| match step {
        Step::Key(key) => node.get(key),
        Step::Index(index) => node.items().get(*index),
    })?;
    match last {
        Step::Key(key) => holder.entry(key).map(|entry| entry.key.span),
        Step::Index(_) => None,
    }
}

/// The one line of the template that became the line of a span. Helm names the template above each document.
fn templated(span: Span, chart: &str, sources: &mut SourceSet, selected: &Selected) -> Option<Span> {
    let (line, within, template) = {
        let text = &sources.file(span.file).text;
        let start = span.start as usize;
        let before = text.get(..start)?;
        let template = before.rsplit("# Source: ").next().filter(|rest| rest.len() < before.len())?;
        let template = template.lines().next()?.trim();
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let line = text.get(line_start..)?.lines().next()?;
        let indent = line.len() - line.trim_start().len();
        let within = (start - line_start).checked_sub(indent)?;
        // Its first part is the chart's name.
        let (_, below) = template.split_once('/')?;
        (line.trim().to_owned(), within, join(chart, below))
    };
    let file = match super::settings::of_path(sources, &template) {
        Some(file) if !sources.file(file).text.is_empty() => file,
        _ => {
            let file = meshc_source::read_file(&selected.selection, Path::new(&template)).ok().flatten()?;
            sources.push(file)
        }
    };
    let text = sources.file(file).text.clone();
    let mut at = 0;
    let mut lines = Vec::new();
    for candidate in text.split_inclusive('\n') {
        if candidate.trim() == line {
            lines.push(at + candidate.len() - candidate.trim_start().len());
        }
        at += candidate.len();
    }
    let [only] = lines[..] else { return None };
    let start = only + within;
    let end = (start + span.len() as usize).min(only + line.len());
    Some(Span::new(file, start as u32, end as u32))
}
