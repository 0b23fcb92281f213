//! From the files found to the set: one order, no doubles, limits, problems.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rayon::prelude::*;

use crate::problem::{LoadProblem, ProblemKind, SourceError};
use crate::set::{SourceFile, SourceSet};
use crate::{FileId, Limits, text};

/// A file that was found but not read yet.
pub(crate) struct Found<K> {
    /// As a user names it.
    pub(crate) name: String,
    /// What tells it from every other file: an absolute path, a path in the tree.
    pub(crate) identity: String,
    /// Whether a user named it: then it is read whatever it is called.
    pub(crate) named: bool,
    /// What to read, or why that cannot be.
    pub(crate) content: Result<K, ProblemKind>,
}

/// Whether a file found in a directory is read.
pub(crate) fn is_read(name: &str) -> bool {
    let extension = name.rsplit_once('.').map(|(_, extension)| extension);
    // Kustomize's file may have no extension.
    matches!(extension, Some("yaml" | "yml" | "json"))
        || name.rsplit('/').next().is_some_and(|name| name == "Kustomization")
}

/// Sorts by name, drops doubles (of two names for one file the first that was given stays), and puts
/// one problem in the place of a chart's templates.
pub(crate) fn arrange<K>(found: Vec<Found<K>>, limits: &Limits) -> Result<Vec<Found<K>>, SourceError> {
    let mut seen = BTreeSet::new();
    let mut files: Vec<_> = found.into_iter().filter(|file| seen.insert(file.identity.clone())).collect();
    let charts: BTreeSet<String> = files
        .iter()
        .filter_map(|file| {
            file.identity.strip_suffix("/Chart.yaml").or((file.identity == "Chart.yaml").then_some(""))
        })
        .map(|chart| if chart.is_empty() { "templates/".to_owned() } else { format!("{chart}/templates/") })
        .collect();
    let mut templates: BTreeMap<&str, (String, usize)> = BTreeMap::new();
    files.retain(|file| {
        let chart = charts.iter().find(|chart| file.identity.starts_with(chart.as_str()));
        let Some(chart) = chart.filter(|_| !file.named) else {
            return true;
        };
        let below = file.identity.len() - chart.len();
        let name =
            file.name.get(..file.name.len().saturating_sub(below + 1)).unwrap_or(&file.name).to_owned();
        templates.entry(chart).or_insert((name, 0)).1 += 1;
        false
    });
    for (chart, (name, count)) in &templates {
        files.push(Found {
            name: name.clone(),
            identity: (*chart).to_owned(),
            named: false,
            content: Err(ProblemKind::HelmTemplates { files: *count }),
        });
    }
    if files.len() > limits.files {
        return Err(SourceError::TooMuch { limit: format!("{} files", limits.files) });
    }
    files.sort_by(|a, b| a.name.cmp(&b.name).then_with(|| a.identity.cmp(&b.identity)));
    Ok(files)
}

/// What became of reading the bytes of one file.
pub(crate) type Bytes = Result<Vec<u8>, ProblemKind>;

/// What a file was found to hold.
pub(crate) enum Content {
    /// These bytes.
    Bytes(Vec<u8>),
    /// What another file holds, which was read before.
    Known(SourceFile),
}

impl Content {
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Self::Bytes(bytes) => bytes.len(),
            Self::Known(file) => file.text.len(),
        }
    }

    fn named(self, name: &str) -> Result<SourceFile, ProblemKind> {
        match self {
            Self::Bytes(bytes) => Ok(SourceFile::new(name, text::decode(bytes)?)),
            Self::Known(file) => Ok(file.named(name)),
        }
    }
}

/// Decodes and digests what was read, on all cores and in the order given.
pub(crate) fn assemble(
    read: Vec<(String, Result<Content, ProblemKind>)>,
    limits: &Limits,
) -> Result<(SourceSet, Vec<LoadProblem>), SourceError> {
    let total: u64 = read.iter().filter_map(|(_, read)| read.as_ref().ok()).map(|c| c.bytes() as u64).sum();
    if total > limits.total_bytes {
        return Err(limits.too_many_bytes());
    }
    let decoded: Vec<_> = read
        .into_par_iter()
        .map(|(name, read)| match read.and_then(|content| content.named(&name)) {
            Ok(file) => (file, None),
            Err(problem) => (SourceFile::new(name, Arc::from("")), Some(problem)),
        })
        .collect();
    let mut problems = Vec::new();
    let files = (0..)
        .map(FileId)
        .zip(decoded)
        .map(|(file, (source, problem))| {
            problems.extend(problem.map(|kind| LoadProblem { file, kind }));
            source
        })
        .collect();
    Ok((SourceSet::new(files), problems))
}
