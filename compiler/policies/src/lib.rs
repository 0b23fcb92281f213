//! Policies of an organisation. A pack is a directory of Kubernetes's own ValidatingAdmissionPolicies, each asked about
//! every resource as the API server would ask, and of Invariants, each proved of the whole mesh. A file of a pack can be
//! given to a cluster as it is.

#![forbid(unsafe_code)]

mod bundled;
mod check;
mod fixtures;
mod invariants;
mod matching;
mod pack;
mod policy;
pub mod rules;
mod subject;

pub use bundled::{bundled, names};
pub use check::check;
pub use fixtures::{Trial, try_fixtures};
pub use invariants::check_invariants;
pub use pack::{Flaw, Pack, Promised};
pub use policy::Policy;

use meshc_diagnostics::{Diagnostic, Severity};
use meshc_settings::LevelSetting;
use meshc_source::FileId;

/// How loud a policy is by its name about a file, where the settings say so.
pub type Loudness<'l> = dyn Fn(&str, FileId) -> Option<LevelSetting> + Sync + 'l;

/// A finding of a policy at the level that the settings give to its name, else at its own; none where it is ignored.
fn loud(finding: Diagnostic, name: &str, own: Severity, loudness: &Loudness<'_>) -> Option<Diagnostic> {
    let severity = match loudness(name, finding.span.file) {
        None => own,
        Some(LevelSetting::Ignore) => return None,
        Some(LevelSetting::Info) => Severity::Info,
        Some(LevelSetting::Warning) => Severity::Warning,
        Some(LevelSetting::Error) => Severity::Error,
    };
    Some(finding.severity(severity))
}
