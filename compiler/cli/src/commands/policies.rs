//! `meshc policies`: list the packs of policies, and try them with their fixtures.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use meshc_diagnostics::Severity;
use meshc_policies::{Pack, Trial, bundled, names, try_fixtures};
use meshc_source::{Selection, SourceSet};
use serde_json::{Value, json};

use super::{DONE, FINDINGS};
use crate::args::{Policies, PoliciesCommand, TextFormat};
use crate::load::{Failure, current_directory, packs_here};
use crate::output;

pub(crate) fn run(args: &Policies) -> Result<u8, Failure> {
    match &args.command {
        PoliciesCommand::List { format } => list(*format),
        PoliciesCommand::Test { directories, format } => test(directories, *format),
    }
}

/// Every pack: the bundled ones and those of the settings of the tree around the current directory.
fn list(format: TextFormat) -> Result<u8, Failure> {
    let on = packs_here()?;
    let is_on = |name: &str| on.iter().any(|pack| pack.name == name);
    let rest: Vec<Pack> = names().filter(|name| !is_on(name)).filter_map(bundled).collect();
    let all: Vec<(&Pack, bool)> =
        on.iter().map(|pack| (pack, true)).chain(rest.iter().map(|pack| (pack, false))).collect();
    match format {
        TextFormat::Json => {
            output::json_pretty(&all.iter().map(|(pack, on)| of_pack(pack, *on)).collect::<Vec<_>>());
        }
        TextFormat::Human => {
            let mut text = String::new();
            for (pack, on) in all {
                // Writing to a string cannot fail.
                let _ = writeln!(text, "{}{}", pack.name, if on { " (on)" } else { "" });
                for (name, severity, description) in members(pack) {
                    let _ = writeln!(text, "  {name} ({severity})");
                    for line in textwrap::wrap(description, 96) {
                        let _ = writeln!(text, "      {line}");
                    }
                }
                for flaw in &pack.flaws {
                    let _ = writeln!(text, "  cannot be asked: {}: {}", flaw.place, flaw.message);
                }
                text.push('\n');
            }
            text.push_str("Switch packs on in meshc.yaml: `policies: [baseline, ./policies/ours]`.\n");
            output::out(&text);
        }
    }
    Ok(DONE)
}

fn members(pack: &Pack) -> impl Iterator<Item = (&str, Severity, &str)> {
    let policies = pack.policies.iter();
    let policies =
        policies.map(|policy| (policy.name.as_str(), policy.severity(), policy.description.as_str()));
    let invariants = pack.invariants.iter();
    let invariants =
        invariants.map(|promised| (promised.name.as_str(), promised.severity, promised.description.as_str()));
    policies.chain(invariants)
}

fn of_pack(pack: &Pack, on: bool) -> Value {
    let policy = |(name, severity, description): (&str, Severity, &str)| json!({"name": name, "severity": severity, "description": description});
    json!({
        "name": pack.name,
        "on": on,
        "policies": members(pack).map(policy).collect::<Vec<_>>(),
        "flaws": pack.flaws.iter().map(|flaw| json!({"place": flaw.place, "message": flaw.message})).collect::<Vec<_>>(),
    })
}

/// Tries packs with their fixtures: those of the directories, else the bundled ones.
fn test(directories: &[PathBuf], format: TextFormat) -> Result<u8, Failure> {
    let packs: Vec<Pack> = if directories.is_empty() {
        names().filter_map(bundled).collect()
    } else {
        let mut packs = Vec::new();
        for directory in directories {
            packs.extend(below(directory)?);
        }
        packs
    };
    let trials: Vec<Trial> = packs.iter().flat_map(try_fixtures).collect();
    if trials.is_empty() {
        return Err(Failure::new("there is no ValidatingAdmissionPolicy and no Invariant there"));
    }
    let failed = trials.iter().filter(|trial| trial.problem.is_some()).count();
    match format {
        TextFormat::Json => {
            let one = |trial: &Trial| {
                json!({"pack": trial.pack, "policy": trial.policy, "fixture": trial.fixture,
                       "objects": trial.objects, "ok": trial.problem.is_none(), "problem": trial.problem})
            };
            output::json_pretty(&json!({"version": 1, "tests": trials.iter().map(one).collect::<Vec<_>>()}));
        }
        TextFormat::Human => {
            let mut text = String::new();
            for trial in &trials {
                let what = match (trial.fixture, &trial.problem) {
                    (_, Some(problem)) => problem.clone(),
                    ("pass", None) => format!("{} pass", objects(trial.objects)),
                    (_, None) => format!("of {} something is refused", objects(trial.objects)),
                };
                let sign = if trial.problem.is_none() { '✓' } else { '✗' };
                let _ = writeln!(text, "{sign} {}/{} ({}): {what}", trial.pack, trial.policy, trial.fixture);
            }
            let _ = writeln!(text, "\n{} passed, {failed} failed", trials.len() - failed);
            output::out(&text);
        }
    }
    Ok(if failed == 0 { DONE } else { FINDINGS })
}

fn objects(count: usize) -> String {
    format!("{count} object{}", if count == 1 { "" } else { "s" })
}

/// The packs of a directory: itself if files stand in it, else each of its directories.
fn below(directory: &Path) -> Result<Vec<Pack>, Failure> {
    let failed = |error: std::io::Error| Failure::new(format!("{}: {error}", directory.display()));
    let mut folders = Vec::new();
    for entry in std::fs::read_dir(directory).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.is_dir() {
            folders.push(path);
        } else if path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml") {
            return Ok(vec![read(directory)?]);
        }
    }
    folders.sort();
    folders.iter().map(|folder| read(folder)).collect()
}

fn read(directory: &Path) -> Result<Pack, Failure> {
    let selection = Selection::worktree(current_directory(), vec![directory.to_owned()]);
    let (sources, _): (SourceSet, _) =
        meshc_source::load(&selection, &meshc_source::Limits::default()).map_err(Failure::new)?;
    let name =
        directory.file_name().map_or_else(|| directory.to_string_lossy(), |name| name.to_string_lossy());
    Ok(Pack::read(&name, sources))
}
