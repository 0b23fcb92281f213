//! A file of the findings that are known: only what is new is reported.

use std::path::{Path, PathBuf};

use meshc_diagnostics::Diagnostic;
use meshc_source::SourceSet;
use serde::{Deserialize, Serialize};

use crate::fingerprint::{Counts, fingerprint};
use crate::load::Failure;
use crate::output;

/// The findings that are known.
pub(super) struct Baseline {
    path: PathBuf,
    pub(super) known: Counts,
}

/// The file: sorted, one finding a line, so that changes of it can be reviewed.
#[derive(Serialize, Deserialize)]
struct File {
    version: u32,
    findings: Vec<Entry>,
}

/// One of its lines. The words are for who reads the file.
#[derive(Serialize, Deserialize)]
struct Entry {
    fingerprint: String,
    code: String,
    file: String,
    message: String,
}

// === impl Baseline ===

impl Baseline {
    /// Records all findings.
    pub(super) fn write(path: &Path, found: &[Diagnostic], sources: &SourceSet) -> Result<Self, Failure> {
        let mut findings: Vec<Entry> = found
            .iter()
            .map(|finding| Entry {
                fingerprint: fingerprint(finding, sources),
                code: finding.code.to_string(),
                file: sources.file(finding.span.file).path.clone(),
                message: finding.message.clone(),
            })
            .collect();
        findings.sort_by(|a, b| (&a.file, &a.code, &a.fingerprint).cmp(&(&b.file, &b.code, &b.fingerprint)));
        let lines: Vec<String> =
            findings.iter().map(|entry| serde_json::to_string(entry).unwrap_or_default()).collect();
        let text = if lines.is_empty() {
            "{\"version\":1,\"findings\":[]}\n".to_owned()
        } else {
            format!("{{\"version\":1,\"findings\":[\n{}\n]}}\n", lines.join(",\n"))
        };
        output::replace(path, text.as_bytes())
            .map_err(|error| Failure::new(format!("cannot write {}: {error}", path.display())))?;
        output::note(&format!("recorded {} findings in {}", findings.len(), path.display()));
        Ok(Self { path: path.to_owned(), known: Counts::of(found, sources) })
    }

    /// Reads what was recorded.
    pub(super) fn read(path: &Path) -> Result<Self, Failure> {
        let failed = |error: &dyn std::fmt::Display| {
            Failure::new(format!("cannot read the baseline {}: {error}", path.display()))
        };
        let text = std::fs::read(path).map_err(|error| failed(&error))?;
        let file: File = serde_json::from_slice(&text).map_err(|error| failed(&error))?;
        if file.version != 1 {
            return Err(failed(&format!("version {} is not known", file.version)));
        }
        let mut known = Counts::default();
        for entry in file.findings {
            *known.0.entry(entry.fingerprint).or_default() += 1;
        }
        Ok(Self { path: path.to_owned(), known })
    }

    /// How many are hidden, and how many could be taken out.
    pub(super) fn tell(&self, hidden: usize) -> String {
        let known: usize = self.known.0.values().sum();
        let path = self.path.display();
        let gone = known.saturating_sub(hidden);
        let mut text = format!("{hidden} of {known} findings in {path} hidden");
        if gone > 0 {
            text.push_str(&format!("; {gone} no longer found: --write-baseline takes them out"));
        }
        text
    }
}
