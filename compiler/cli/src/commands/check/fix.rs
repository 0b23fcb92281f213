//! Applies the fixes of findings to their files. A fixed text is checked again before it counts.

use std::collections::BTreeMap;
use std::path::Path;

use meshc_diagnostics::{Code, Diagnostic, Edit};
use meshc_source::{FileId, SourceSet};
use similar::TextDiff;

use crate::fingerprint::{Counts, fingerprint};
use crate::load::{Failure, Workspace};
use crate::output;

/// A mended text may show what is to be mended next; this often.
const ROUNDS: usize = 10;

/// What became of mending.
pub(super) struct Fixed {
    /// The tree with the new texts.
    pub(super) workspace: Workspace,
    /// What is still found in it.
    pub(super) found: Vec<Diagnostic>,
    /// The old texts of the files that changed.
    pub(super) changes: BTreeMap<FileId, String>,
    /// How many findings were mended.
    applied: usize,
}

/// Applies every fix of `found` that can be applied, until there is none left.
pub(super) fn fix(
    mut workspace: Workspace,
    mut found: Vec<Diagnostic>,
    mut check: impl FnMut(&mut Workspace) -> Vec<Diagnostic>,
) -> Fixed {
    let (mut changes, mut applied) = (BTreeMap::new(), 0);
    for _ in 0..ROUNDS {
        let fixes: Vec<Diagnostic> = chosen(&found, &workspace).cloned().collect();
        if fixes.is_empty() {
            break;
        }
        let mut together = Vec::new();
        for finding in fixes {
            if !overlaps(&together, &finding) {
                together.push(finding);
            }
        }
        let Some((next, still, count)) = attempt(&workspace, &found, &together, &mut check) else { break };
        for (id, file) in workspace.sources.iter() {
            if next.sources.file(id).text != file.text {
                changes.entry(id).or_insert_with(|| file.text.to_string());
            }
        }
        applied += count;
        (workspace, found) = (next, still);
    }
    Fixed { workspace, found, changes, applied }
}

/// The findings with a fix that touches only files that may be written.
fn chosen<'a>(found: &'a [Diagnostic], workspace: &'a Workspace) -> impl Iterator<Item = &'a Diagnostic> {
    found.iter().filter(|finding| {
        edits(finding).is_some_and(|edits| edits.iter().all(|edit| workspace.is_own(edit.span.file)))
    })
}

fn edits(finding: &Diagnostic) -> Option<&[Edit]> {
    finding.fixes.first().map(|fix| fix.edits.as_slice()).filter(|edits| !edits.is_empty())
}

fn overlaps(taken: &[Diagnostic], finding: &Diagnostic) -> bool {
    let taken = || taken.iter().filter_map(edits).flatten();
    edits(finding).unwrap_or_default().iter().any(|edit| {
        taken().any(|other| {
            other.span.file == edit.span.file
                && other.span.start <= edit.span.end
                && edit.span.start <= other.span.end
        })
    })
}

/// Applies fixes together; where the result is not what they promise, one by one, leaving out those that break it.
fn attempt(
    workspace: &Workspace,
    found: &[Diagnostic],
    fixes: &[Diagnostic],
    check: &mut impl FnMut(&mut Workspace) -> Vec<Diagnostic>,
) -> Option<(Workspace, Vec<Diagnostic>, usize)> {
    let mut next = edited(workspace, fixes);
    let still = check(&mut next);
    if keeps_its_promise(workspace, found, fixes, &next.sources, &still) {
        return Some((next, still, fixes.len()));
    }
    if fixes.len() == 1 {
        return None;
    }
    let (first, second) = fixes.split_at(fixes.len() / 2);
    // The rest of the rounds takes what the other half leaves.
    attempt(workspace, found, first, check).or_else(|| attempt(workspace, found, second, check))
}

fn edited(workspace: &Workspace, fixes: &[Diagnostic]) -> Workspace {
    let mut by_file: BTreeMap<FileId, Vec<&Edit>> = BTreeMap::new();
    for edit in fixes.iter().filter_map(edits).flatten() {
        by_file.entry(edit.span.file).or_default().push(edit);
    }
    let texts = by_file.into_iter().map(|(file, mut edits)| {
        edits.sort_by_key(|edit| (edit.span.start, edit.span.end));
        let mut text = workspace.sources.file(file).text.to_string();
        for edit in edits.into_iter().rev() {
            let range = edit.span.start as usize..edit.span.end as usize;
            if text.get(range.clone()).is_some() {
                text.replace_range(range, &edit.text);
            }
        }
        (file, text)
    });
    workspace.with_texts(&texts.collect::<Vec<_>>())
}

/// Whether each of the findings is gone, and the text is as readable as before.
fn keeps_its_promise(
    before: &Workspace,
    found: &[Diagnostic],
    fixes: &[Diagnostic],
    sources: &SourceSet,
    still: &[Diagnostic],
) -> bool {
    let count = |counts: &Counts, key: &str| counts.0.get(key).copied().unwrap_or_default();
    let (old, new) = (Counts::of(found, &before.sources), Counts::of(still, sources));
    let mut mended: BTreeMap<String, usize> = BTreeMap::new();
    for finding in fixes {
        *mended.entry(fingerprint(finding, &before.sources)).or_default() += 1;
    }
    let gone = mended.iter().all(|(key, times)| count(&new, key) + times <= count(&old, key));
    // `MC00xx` are about text that cannot be read.
    let reading =
        |counts: &[Diagnostic]| counts.iter().filter(|finding| is_about_reading(finding.code)).count();
    gone && reading(still) <= reading(found)
}

fn is_about_reading(code: Code) -> bool {
    code.number() < 100
}

// === impl Fixed ===

impl Fixed {
    /// The changes as a unified diff.
    pub(super) fn patch(&self) -> String {
        let mut patch = String::new();
        for (file, old) in &self.changes {
            let source = self.workspace.sources.file(*file);
            let diff = TextDiff::from_lines(old.as_str(), &*source.text);
            let (from, to) = (format!("a/{}", source.path), format!("b/{}", source.path));
            patch.push_str(&diff.unified_diff().header(&from, &to).to_string());
        }
        patch
    }

    /// Writes the changed files, each whole or not at all.
    pub(super) fn write(&self) -> Result<(), Failure> {
        for (file, old) in &self.changes {
            let source = self.workspace.sources.file(*file);
            let path = Path::new(&source.path);
            let failed = |error: &dyn std::fmt::Display| Failure::new(format!("{}: {error}", source.path));
            let now = std::fs::read(path).map_err(|error| failed(&error))?;
            if now != old.as_bytes() {
                return Err(failed(&"it changed while it was checked: it is left as it is"));
            }
            output::replace(path, source.text.as_bytes()).map_err(|error| failed(&error))?;
        }
        Ok(())
    }

    /// How much was mended.
    pub(super) fn summary(&self, dry: bool) -> String {
        let word = if dry { "would fix" } else { "fixed" };
        let count = |count: usize, noun: &str| format!("{count} {noun}{}", if count == 1 { "" } else { "s" });
        format!("{word} {} in {}", count(self.applied, "finding"), count(self.changes.len(), "file"))
    }
}
