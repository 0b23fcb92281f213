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

/// What became of reading one file.
pub(crate) type Bytes = Result<Vec<u8>, ProblemKind>;

/// Decodes and digests what was read, on all cores and in the order given.
pub(crate) fn assemble(
    read: Vec<(String, Bytes)>,
    limits: &Limits,
) -> Result<(SourceSet, Vec<LoadProblem>), SourceError> {
    let total: u64 =
        read.iter().filter_map(|(_, bytes)| bytes.as_ref().ok()).map(|bytes| bytes.len() as u64).sum();
    if total > limits.total_bytes {
        return Err(SourceError::TooMuch { limit: format!("{} MiB", limits.total_bytes >> 20) });
    }
    let decoded: Vec<_> = read
        .into_par_iter()
        .map(|(name, bytes)| match bytes.and_then(text::decode) {
            Ok(text) => (SourceFile::new(name, text), None),
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
