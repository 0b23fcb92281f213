//! `meshc check`: find what is wrong in the YAML.

mod assumed;
mod baseline;
mod fix;
mod narrow;

use meshc_diagnostics::{Diagnostic, Level, Severity};

use super::{DONE, FINDINGS};
use crate::args::{Check, CheckFormat};
use crate::load::{Answer, Failure, Selected, Store, Workspace, all_rules};
use crate::{output, render};
use narrow::Narrowing;

pub(crate) fn run(args: &Check) -> Result<u8, Failure> {
    let selected = Selected::of(&args.tree);
    let levels: Vec<Level> = args.only.iter().map(|level| Level::from(*level)).collect();
    if (args.fix || args.diff) && !selected.is_worktree() {
        return Err(Failure::new(
            "--fix and --diff change files of the worktree: leave --rev, --staged and `-` out",
        ));
    }
    let mut workspace = if args.changed_since.is_some() {
        // What was taken away altogether is a change too.
        Workspace::read_before(&selected)?
    } else {
        Workspace::read(&selected)?
    };
    let store = if args.no_cache { None } else { Store::of_user() };
    let Answer { documents, resources, found: all } = workspace.check_once(&levels, store.as_ref());
    let mut counts = (documents, resources);
    let mut narrowing = Narrowing::new(args, &selected, (&levels, store.as_ref()), &all, &workspace.sources)?;
    let mut found = narrowing.narrow(all, &workspace.sources);
    let mut changes = false;
    if args.fix || args.diff {
        let fixed = fix::fix(workspace, found, |workspace| {
            let all = workspace.check(&levels);
            narrowing.narrow(all, &workspace.sources)
        });
        changes = !fixed.changes.is_empty();
        if args.diff {
            output::out(&fixed.patch());
        } else {
            fixed.write()?;
        }
        output::note(&fixed.summary(args.diff));
        (workspace, found) = (fixed.workspace, fixed.found);
        counts = workspace.counts();
    }
    let summary = render::Summary::of(workspace.sources.files().len(), counts.0, counts.1, &found);
    if !args.diff {
        let sources = &workspace.sources;
        let look = render::Look::stdout();
        let look = if args.verbose { look.whole() } else { look };
        output::out(&match args.format {
            CheckFormat::Human => render::human(&found, sources, &summary, look),
            CheckFormat::Json => render::json(&found, sources, &summary),
            CheckFormat::Sarif => render::sarif(&found, sources, &all_rules()),
            CheckFormat::Github => render::github(&found, sources),
            CheckFormat::Junit => render::junit(&found, sources, &summary),
        });
    }
    narrowing.tell();
    if args.verbose {
        assumed::tell(&workspace);
    }
    let fails = |finding: &Diagnostic| finding.severity >= Severity::from(args.fail_on);
    let failed = found.iter().any(fails) || (args.diff && changes);
    // The process ends soon: taking the tree and its mesh apart piece by piece would only be waited for.
    std::mem::forget(workspace);
    Ok(if failed { FINDINGS } else { DONE })
}
