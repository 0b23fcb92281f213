//! What could not be loaded, as diagnostics.

use meshc_diagnostics::Diagnostic;
use meshc_source::{LoadProblem, ProblemKind, SourceSet, Span};

use super::{FILE_TOO_LARGE, HELM_TEMPLATE, LFS_POINTER, NOT_TEXT, SUBMODULE, UNREADABLE_FILE};

/// The diagnostic of a problem of this set.
pub fn diagnostic(problem: &LoadProblem, sources: &SourceSet) -> Diagnostic {
    let span = Span::start_of(problem.file);
    let path = &sources.file(problem.file).path;
    match &problem.kind {
        ProblemKind::Unreadable(why) => {
            Diagnostic::new(&UNREADABLE_FILE, span, format!("cannot read `{path}`: {why}"))
        }
        ProblemKind::Conflict => {
            let message = format!("cannot read `{path}` from the index: it has merge conflicts");
            Diagnostic::new(&UNREADABLE_FILE, span, message).help("resolve them and `git add` the file")
        }
        ProblemKind::TooLarge { bytes, limit } => {
            let message = format!(
                "`{path}` has {}, more than {}: it is not read",
                mebibytes(*bytes),
                mebibytes(*limit)
            );
            Diagnostic::new(&FILE_TOO_LARGE, span, message)
                .help("split it, or list it in `.ignore` if it is none of the mesh's business")
        }
        ProblemKind::NotText(why) => Diagnostic::new(&NOT_TEXT, span, format!("`{path}` is not text: {why}")),
        ProblemKind::LfsPointer => {
            let message = format!("`{path}` is a Git LFS pointer: its content is not here");
            Diagnostic::new(&LFS_POINTER, span, message).help("run `git lfs pull` and read the worktree")
        }
        ProblemKind::Submodule => {
            let message = format!("`{path}` is a Git submodule: its files are not read");
            Diagnostic::new(&SUBMODULE, span, message)
                .help("name the files in the submodule's checkout as paths")
        }
        ProblemKind::HelmTemplates { files } => {
            let count =
                if *files == 1 { "1 Helm template".to_owned() } else { format!("{files} Helm templates") };
            Diagnostic::new(&HELM_TEMPLATE, span, format!("{count} in `{path}`: not checked"))
                .help("render them first: `helm template RELEASE CHART | meshc check -`")
        }
    }
}

/// `17.3 MiB`
fn mebibytes(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20))
}
