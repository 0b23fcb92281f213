//! `meshc check`: find what is wrong in the YAML.

use std::collections::BTreeMap;
use std::path::Path;

use meshc_diagnostics::{Diagnostic, Level, Severity};

use super::{DONE, FINDINGS};
use crate::args::{Check, CheckFormat};
use crate::load::{Failure, Selected, Tree};
use crate::{output, render};

pub(crate) fn run(args: &Check) -> Result<u8, Failure> {
    let selected = Selected::new(&args.tree.paths, &args.tree.revision);
    let levels: Vec<Level> = args.only.iter().map(|level| Level::from(*level)).collect();
    let (tree, before) = match &args.changed_since {
        Some(rev) => {
            let (tree, before) = Tree::read_both(&selected, &selected.at(rev))?;
            (tree, Some(before))
        }
        None => (Tree::read(&selected)?, None),
    };
    let mut found = tree.check(&levels);
    if let Some(before) = before {
        found = introduced(found, before.check(&levels));
    }
    if !args.report.is_empty() {
        found.retain(|finding| reported(&tree.sources.file(finding.span.file).path, &args.report));
    }
    let summary = render::Summary::of(
        tree.sources.files().len(),
        tree.resources.documents,
        tree.resources.len(),
        &found,
    );
    let text = match args.format {
        CheckFormat::Human => render::human(&found, &tree.sources, &summary, render::Look::stdout()),
        CheckFormat::Json => render::json(&found, &tree.sources, &summary),
        CheckFormat::Sarif => render::sarif(&found, &tree.sources, &crate::load::all_rules()),
        CheckFormat::Github => render::github(&found, &tree.sources),
        CheckFormat::Junit => render::junit(&found, &tree.sources, &summary),
    };
    output::out(&text);
    if args.verbose {
        for (kind, count) in &tree.resources.foreign {
            output::note(&format!("left alone: {count} × {kind}"));
        }
    }
    let fails = |finding: &Diagnostic| finding.severity >= Severity::from(args.fail_on);
    Ok(if found.iter().any(fails) { FINDINGS } else { DONE })
}

/// Takes out what was there before: the same rule saying the same of the same resource, as often as it did.
fn introduced(found: Vec<Diagnostic>, before: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let key = |finding: &Diagnostic| (finding.code, finding.resource.clone(), finding.message.clone());
    let mut known: BTreeMap<_, usize> = BTreeMap::new();
    for finding in before {
        *known.entry(key(&finding)).or_default() += 1;
    }
    let mut fresh = Vec::new();
    for finding in found {
        match known.get_mut(&key(&finding)) {
            Some(left) if *left > 0 => *left -= 1,
            _ => fresh.push(finding),
        }
    }
    fresh
}

/// Whether `file` is one of the paths or lies in one.
fn reported(file: &str, paths: &[std::path::PathBuf]) -> bool {
    let clean = |path: &Path| path.strip_prefix(".").unwrap_or(path).to_path_buf();
    paths.iter().any(|path| clean(Path::new(file)).starts_with(clean(path)))
}
