//! How much was read and how much was found.

use std::fmt::Write as _;

use meshc_diagnostics::{Diagnostic, Severity};
use serde::Serialize;

/// The counts that close every report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Summary {
    /// Files read.
    pub(crate) files: usize,
    /// Documents in them.
    pub(crate) documents: usize,
    /// Resources of the mesh among those.
    pub(crate) resources: usize,
    /// Findings by severity.
    pub(crate) errors: usize,
    /// See `errors`.
    pub(crate) warnings: usize,
    /// See `errors`.
    pub(crate) infos: usize,
}

// === impl Summary ===

impl Summary {
    /// The counts of what was read, with the findings counted.
    pub(crate) fn of(files: usize, documents: usize, resources: usize, found: &[Diagnostic]) -> Self {
        let count = |severity| found.iter().filter(|finding| finding.severity == severity).count();
        Self {
            files,
            documents,
            resources,
            errors: count(Severity::Error),
            warnings: count(Severity::Warning),
            infos: count(Severity::Info),
        }
    }

    /// `2 errors, 1 warning in 14 files`
    pub(crate) fn line(&self) -> String {
        let mut line = String::new();
        for (count, noun) in [(self.errors, "error"), (self.warnings, "warning"), (self.infos, "info")] {
            if count > 0 {
                let separator = if line.is_empty() { "" } else { ", " };
                // Writing to a string cannot fail.
                let _ = write!(line, "{separator}{}", counted(count, noun));
            }
        }
        if line.is_empty() {
            line.push_str("no findings");
        }
        let resources = counted(self.resources, "resource");
        let _ = write!(line, " in {} with {resources}", counted(self.files, "file"));
        line
    }
}

/// `1 file`, `2 files`
pub(crate) fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}
