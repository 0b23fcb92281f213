//! Follows the tree: what is saved, or committed, is checked, compiled and swapped in.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use meshc_analysis::{Equal, Side, diff};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::mpsc;

use super::args::UpArgs;
use super::console::Console;
use super::error::UpError;
use super::site::Site;
use super::world::World;
use crate::load::{Selected, Tree, current_directory};
use crate::output;

/// An editor writes a file in several steps, and several files at once: this long nothing more must come.
const QUIET: Duration = Duration::from_millis(15);

/// Watches files.
#[derive(Debug)]
pub(super) struct Watch {
    events: mpsc::UnboundedReceiver<Instant>,
    what: String,
    _watcher: RecommendedWatcher,
}

impl Watch {
    /// Begins to watch what `args` names: files and directories, or the repository's branches.
    pub(super) fn start(args: &UpArgs) -> Result<Self, UpError> {
        let (tell, events) = mpsc::unbounded_channel();
        let handler = move |event: notify::Result<Event>| {
            if event.is_ok_and(|event| changes(&event.kind)) {
                // Nobody listens any more when the run ends.
                let _ = tell.send(Instant::now());
            }
        };
        let failed = |error: notify::Error| UpError::Source(format!("the tree cannot be watched: {error}"));
        let mut watcher = notify::recommended_watcher(handler).map_err(failed)?;
        let directory = current_directory();
        let revision = &args.tree.revision;
        let what = match &revision.rev {
            Some(rev) => {
                let git = git_directory(&directory).unwrap_or_else(|| directory.join(".git"));
                watch_refs(&mut watcher, &git);
                format!("{rev} for commits")
            }
            None if revision.staged => {
                let git = git_directory(&directory).unwrap_or_else(|| directory.join(".git"));
                watcher.watch(&git, RecursiveMode::NonRecursive).map_err(failed)?;
                "the index".to_owned()
            }
            None => watch_paths(&mut watcher, &directory, &args.tree.paths).map_err(failed)?,
        };
        Ok(Self { events, what, _watcher: watcher })
    }

    /// What is watched, for people.
    pub(super) fn what(&self) -> &str {
        &self.what
    }

    /// Waits for a change and until things are quiet again; the moment of its first event.
    async fn change(&mut self) -> Instant {
        let Some(first) = self.events.recv().await else { return std::future::pending().await };
        while tokio::time::timeout(QUIET, self.events.recv()).await.is_ok_and(|event| event.is_some()) {}
        first
    }
}

/// Whether something may read differently now.
fn changes(kind: &EventKind) -> bool {
    matches!(kind, EventKind::Create(_) | EventKind::Modify(_) | EventKind::Remove(_))
}

/// Watches directories; of a file the directory that it is in, because editors replace files.
fn watch_paths(watcher: &mut RecommendedWatcher, base: &Path, paths: &[PathBuf]) -> notify::Result<String> {
    let whole = [PathBuf::from(".")];
    let named = if paths.is_empty() { &whole } else { paths };
    for path in named {
        let path = base.join(path);
        if path.is_dir() {
            watcher.watch(&path, RecursiveMode::Recursive)?;
        } else if let Some(parent) = path.parent().filter(|parent| parent.is_dir()) {
            watcher.watch(parent, RecursiveMode::NonRecursive)?;
        }
    }
    let names: Vec<String> = named.iter().map(|path| path.display().to_string()).collect();
    Ok(names.join(", "))
}

/// Watches whatever moves a branch: loose references, packed ones, and `HEAD`.
fn watch_refs(watcher: &mut RecommendedWatcher, git: &Path) {
    // A repository of a linked worktree keeps its branches in the common directory.
    let common = std::fs::read_to_string(git.join("commondir")).map(|common| git.join(common.trim()));
    let common = common.unwrap_or_else(|_| git.to_path_buf());
    for (path, mode) in [
        (git.to_path_buf(), RecursiveMode::NonRecursive),
        (common.clone(), RecursiveMode::NonRecursive),
        (common.join("refs"), RecursiveMode::Recursive),
    ] {
        // What is not there has no branches; the others tell.
        let _ = watcher.watch(&path, mode);
    }
}

/// The Git directory of the repository around `directory`.
fn git_directory(directory: &Path) -> Option<PathBuf> {
    directory.ancestors().find_map(|folder| {
        let git = folder.join(".git");
        if git.is_dir() {
            return Some(git);
        }
        let link = std::fs::read_to_string(&git).ok()?;
        Some(folder.join(link.strip_prefix("gitdir:")?.trim()))
    })
}

/// Swaps in every change, for as long as it is let.
pub(super) async fn follow(
    args: &UpArgs,
    selected: &Selected,
    site: &mut Site,
    mut world: World,
    mut watch: Watch,
    console: &Console,
) -> Result<(), UpError> {
    loop {
        let since = watch.change().await;
        let tree = match Tree::read(selected) {
            Ok(tree) => tree,
            Err(failure) => {
                output::note(&format!("error: {}", failure.message));
                console.status("Rejected", "the last good configuration keeps serving");
                continue;
            }
        };
        if tree.sources.digest() == world.sources.digest() {
            continue;
        }
        let Some(mesh) = tree.compile_to_run(args.allow_errors) else {
            console.status("Rejected", "the last good configuration keeps serving");
            continue;
        };
        match site.bring(tree.sources, mesh, Some(&world)).await {
            Ok((next, applied)) => {
                let digest = applied.digest.get(..19).unwrap_or(&applied.digest).to_owned();
                let took = since.elapsed().as_millis();
                console.status("Swapped", &format!("bundle {digest}, live {took} ms after the save"));
                tell_changes(&world, &next);
                world = next;
            }
            Err(error @ (UpError::Busy { .. } | UpError::Layout(_) | UpError::Delivery(_))) => {
                output::note(&format!("error: {error}"));
                console.status("Rejected", "the last good configuration keeps serving");
            }
            Err(error) => return Err(error),
        }
    }
}

/// Prints what behaves differently.
fn tell_changes(before: &World, after: &World) {
    let found = diff(
        Side { name: "before", mesh: &before.mesh, sources: &before.sources },
        Side { name: "now", mesh: &after.mesh, sources: &after.sources },
    );
    if found.equal == Equal::Yes {
        output::note("  no change in behaviour");
    }
    for change in &found.changes {
        output::note(&format!("  {}", change.summary));
    }
    for unknown in &found.unknown {
        output::note(&format!("  unknown whether {} behaves differently: {}", unknown.what, unknown.why));
    }
}
