//! Which of all findings are reported.

use std::path::PathBuf;

use meshc_diagnostics::{Diagnostic, Level};
use meshc_source::SourceSet;

use super::baseline::Baseline;
use crate::args::Check;
use crate::fingerprint::{Counts, fingerprint};
use crate::load::{Failure, Selected, Store, Workspace, is_in, normal};
use crate::output;

/// What the arguments leave out.
pub(super) struct Narrowing {
    /// What was there at the revision to compare with.
    before: Option<Counts>,
    /// The paths to report on.
    report: Vec<String>,
    baseline: Option<Baseline>,
    /// How many findings the baseline hides, of the last narrowing.
    hidden: usize,
    /// How many were there before, of the last narrowing.
    old: usize,
    revision: String,
}

// === impl Narrowing ===

impl Narrowing {
    /// Reads what the arguments compare with. A baseline that is to be written, or is not there yet, is written here
    /// from all that was found.
    pub(super) fn new(
        args: &Check,
        selected: &Selected,
        (levels, store): (&[Level], Option<&Store>),
        all: &[Diagnostic],
        sources: &SourceSet,
    ) -> Result<Self, Failure> {
        let mut before = None;
        // Without a finding there is none to compare.
        if let Some(rev) = args.changed_since.as_ref().filter(|_| !all.is_empty()) {
            let mut workspace = Workspace::read_before(&selected.at(rev))?;
            let found = workspace.check_once(levels, store).found;
            before = Some(Counts::of(&found, &workspace.sources));
        }
        let baseline = match &args.baseline {
            Some(path) if args.write_baseline || !path.exists() => Some(Baseline::write(path, all, sources)?),
            Some(path) => Some(Baseline::read(path)?),
            None => None,
        };
        let report = args.report.iter().map(|path: &PathBuf| normal(&path.to_string_lossy())).collect();
        let revision = args.changed_since.clone().unwrap_or_default();
        Ok(Self { before, report, baseline, hidden: 0, old: 0, revision })
    }

    /// The findings that are reported.
    pub(super) fn narrow(&mut self, mut found: Vec<Diagnostic>, sources: &SourceSet) -> Vec<Diagnostic> {
        let all = found.len();
        if let Some(before) = &self.before {
            let mut left = before.clone();
            found.retain(|finding| !left.take(&fingerprint(finding, sources)));
        }
        self.old = all - found.len();
        if !self.report.is_empty() {
            let path = |file| normal(&sources.file(file).path);
            found.retain(|finding| {
                let path = path(finding.span.file);
                self.report.iter().any(|report| is_in(&path, report))
            });
        }
        let shown = found.len();
        if let Some(baseline) = &self.baseline {
            let mut left = baseline.known.clone();
            found.retain(|finding| !left.take(&fingerprint(finding, sources)));
        }
        self.hidden = shown - found.len();
        found
    }

    /// Says what was left out.
    pub(super) fn tell(&self) {
        let findings =
            |count: usize| if count == 1 { "1 finding".to_owned() } else { format!("{count} findings") };
        if self.old > 0 {
            output::note(&format!("{} not shown: at {} it is the same", findings(self.old), self.revision));
        }
        if let Some(baseline) = &self.baseline {
            output::note(&baseline.tell(self.hidden));
        }
    }
}
