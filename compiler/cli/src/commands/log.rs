//! `meshc log --effective HOST`: list the commits that changed how a host behaves, and how.

use std::fmt::Write as _;

use meshc_analysis::{Change, Side, diff};
use meshc_effective::model::EffectiveMesh;
use meshc_source::history;

use super::DONE;
use crate::args::{Log, RevisionArgs};
use crate::load::{Failure, Selected, Tree, current_directory};
use crate::output;

pub(crate) fn run(args: &Log) -> Result<u8, Failure> {
    let commits = history(&current_directory(), &args.rev, None, args.count).map_err(Failure::new)?;
    let selected = Selected::new(&args.paths, &RevisionArgs::default());
    let mut newer: Option<(String, State)> = None;
    let mut found = 0;
    for commit in &commits {
        let after = match newer.take() {
            Some((id, state)) if id == commit.id => state,
            _ => Read::of(&selected, &commit.id)?.compile()?,
        };
        // Before the first commit there was nothing: it changed everything, which says nothing about a host.
        let Some(parent) = &commit.parent else { break };
        // Where nothing of the tree changed, what was compiled for the one is the other.
        if selected.at(parent).is_same(&selected.at(&commit.id)) {
            newer = Some((parent.clone(), after));
            continue;
        }
        let before = Read::of(&selected, parent)?;
        if before.is_that_of(&after) {
            newer = Some((parent.clone(), after));
            continue;
        }
        let before = before.compile()?;
        let diff = diff(before.side("before"), after.side("after"));
        let changes: Vec<&Change> =
            diff.changes.iter().filter(|change| concerns(change, &args.effective)).collect();
        if !changes.is_empty() {
            found += 1;
            let mut text = format!("{} {} ({})\n", commit.short(), commit.title, commit.author);
            for change in changes {
                // Writing to a string cannot fail.
                let _ =
                    writeln!(text, "  {:<8} {}: {}", change.risk.name(), change.kind.name(), change.summary);
            }
            output::out(&text);
        }
        newer = Some((parent.clone(), before));
    }
    output::note(&format!(
        "{found} of the last {} commits changed how {} behaves",
        commits.len(),
        args.effective
    ));
    Ok(DONE)
}

/// One state of the tree as it is read; none of it where the commit holds nothing to read.
struct Read(Option<Tree>);

impl Read {
    fn of(selected: &Selected, rev: &str) -> Result<Self, Failure> {
        match Tree::read(&selected.at(rev)) {
            Ok(tree) => Ok(Self(Some(tree))),
            Err(failure) if failure.is_nothing() => Ok(Self(None)),
            Err(failure) => Err(failure),
        }
    }

    fn is_that_of(&self, state: &State) -> bool {
        match (&self.0, &state.0) {
            (Some(tree), Some((other, _))) => tree.says_the_same_as(other),
            (None, None) => true,
            _ => false,
        }
    }

    fn compile(self) -> Result<State, Failure> {
        let Some(tree) = self.0 else { return Ok(State(None)) };
        let mesh = tree.compile_to_look()?;
        Ok(State(Some((tree, mesh))))
    }
}

/// A state with what its proxies do.
struct State(Option<(Tree, EffectiveMesh)>);

impl State {
    fn side<'s>(&'s self, name: &'s str) -> Side<'s> {
        static EMPTY: std::sync::LazyLock<(EffectiveMesh, meshc_source::SourceSet)> =
            std::sync::LazyLock::new(Default::default);
        match &self.0 {
            Some((tree, mesh)) => Side { name, mesh, sources: &tree.sources },
            None => Side { name, mesh: &EMPTY.0, sources: &EMPTY.1 },
        }
    }
}

/// Whether a change is about a host: the one that its witness asks for, or that its summary names.
fn concerns(change: &Change, host: &str) -> bool {
    let is_it = |name: &str| {
        let name = name.rsplit_once(':').map_or(name, |(name, _)| name);
        name == host
            || name.strip_prefix(host).is_some_and(|rest| rest.starts_with('.'))
            || host.strip_prefix(name).is_some_and(|rest| rest.starts_with('.'))
    };
    let asked = change.witness.as_ref().is_some_and(|witness| is_it(&witness.request.authority));
    let named = change.summary.split([':', ' ', ',']).next().is_some_and(is_it);
    asked || named
}
