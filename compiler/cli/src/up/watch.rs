//! Follows the tree: what is saved, or committed, is checked, compiled and swapped in.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use meshc_analysis::{Equal, Side, diff};
use meshc_source::SourceSet;
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use serde_json::json;
use tokio::sync::mpsc;

use super::args::{UpArgs, UpFormat};
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
    watcher: RecommendedWatcher,
    of: Of,
    /// Directories that are watched.
    covered: BTreeSet<PathBuf>,
}

/// What is followed.
#[derive(Debug)]
enum Of {
    /// The worktree: these paths, or all around the current directory.
    Paths(Vec<PathBuf>),
    /// A branch, or the index where it is empty.
    Git(String),
    /// Standard input, which does not change any more.
    Input,
}

impl Watch {
    /// Begins to watch. The worktree's directories join with [`Watch::cover`], when it is known which they are.
    pub(super) fn start(args: &UpArgs) -> Result<Self, UpError> {
        let (tell, events) = mpsc::unbounded_channel();
        let handler = move |event: notify::Result<Event>| {
            if event.is_ok_and(|event| changes(event.kind)) {
                // Nobody listens any more when the run ends.
                let _ = tell.send(Instant::now());
            }
        };
        let watcher = notify::recommended_watcher(handler).map_err(failed)?;
        let revision = &args.tree.revision;
        let of = match &revision.rev {
            Some(rev) => Of::Git(rev.clone()),
            None if revision.staged => Of::Git(String::new()),
            None if args.tree.paths == [PathBuf::from("-")] => Of::Input,
            None => Of::Paths(args.tree.paths.clone()),
        };
        let mut watch = Self { events, watcher, of, covered: BTreeSet::new() };
        if matches!(watch.of, Of::Git(_)) {
            let directory = current_directory();
            let git = git_directory(&directory).unwrap_or_else(|| directory.join(".git"));
            watch_refs(&mut watch.watcher, &git);
        }
        Ok(watch)
    }

    /// What is watched, for people.
    pub(super) fn what(&self) -> String {
        match &self.of {
            Of::Git(rev) if rev.is_empty() => "the index".to_owned(),
            Of::Git(rev) => format!("commits of {rev}"),
            Of::Input => "nothing: standard input was read".to_owned(),
            Of::Paths(paths) if paths.is_empty() => "the worktree".to_owned(),
            Of::Paths(paths) => {
                paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
            }
        }
    }

    /// Watches every directory that a file of the tree lies in, and those above it up to the path that was named: a new
    /// directory shows in the one that it is made in. Directories without YAML (a build's output, Git's objects) are not
    /// watched, so that a large repository costs no more than its mesh.
    pub(super) fn cover(&mut self, sources: &SourceSet) -> Result<(), UpError> {
        let Of::Paths(paths) = &self.of else { return Ok(()) };
        let base = current_directory();
        let roots: Vec<PathBuf> = paths.iter().map(|path| base.join(path)).collect();
        let mut wanted: BTreeSet<PathBuf> = roots.iter().filter(|root| root.is_dir()).cloned().collect();
        for file in sources.files() {
            let file = base.join(&file.path);
            let above = file.ancestors().skip(1);
            if roots.is_empty() {
                wanted.extend(above.take_while(|folder| folder.starts_with(&base)).map(Path::to_path_buf));
                // Above the current directory nobody knows where the tree begins: the file's own folder it is.
                wanted.extend(file.parent().map(Path::to_path_buf));
            } else if let Some(root) = roots.iter().find(|root| file.starts_with(root)) {
                let inside = above.take_while(|folder| folder.starts_with(root)).map(Path::to_path_buf);
                wanted.extend(inside);
                // Editors replace files: a file that is named is seen in its folder.
                if *root == file {
                    wanted.extend(file.parent().map(Path::to_path_buf));
                }
            }
        }
        for folder in wanted.difference(&self.covered.clone()) {
            self.watcher.watch(folder, RecursiveMode::NonRecursive).map_err(failed)?;
        }
        for folder in self.covered.difference(&wanted) {
            // One that is gone is no longer watched by itself.
            let _ = self.watcher.unwatch(folder);
        }
        self.covered = wanted;
        Ok(())
    }

    /// Waits for a change and until things are quiet again; the moment of its first event.
    async fn change(&mut self) -> Instant {
        let Some(first) = self.events.recv().await else { return std::future::pending().await };
        while tokio::time::timeout(QUIET, self.events.recv()).await.is_ok_and(|event| event.is_some()) {}
        first
    }
}

#[expect(clippy::needless_pass_by_value, reason = "errors are mapped by value")]
fn failed(error: notify::Error) -> UpError {
    UpError::Source(format!("the tree cannot be watched: {error}"))
}

/// Whether something may read differently now.
fn changes(kind: EventKind) -> bool {
    matches!(kind, EventKind::Create(_) | EventKind::Modify(_) | EventKind::Remove(_))
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
    (tree, mut world): (Tree, World),
    mut watch: Watch,
    console: &Console,
) -> Result<(), UpError> {
    if matches!(watch.of, Of::Input) {
        return std::future::pending().await;
    }
    let news = News { console, json: args.format == UpFormat::Json };
    let mut considered = world.sources.digest();
    let mut last = Some(tree);
    // What was saved while the mesh started may have no event.
    let mut since = Instant::now();
    loop {
        match Tree::read_after(selected, &mut last) {
            Ok(mut tree) => {
                if tree.sources.digest() != considered {
                    considered = tree.sources.digest();
                    watch.cover(&tree.sources)?;
                    tree.keep();
                    if let Some(next) = swap(args, &tree, site, &world, &news, since).await? {
                        world = next;
                    }
                }
                last = Some(tree);
            }
            Err(failure) => news.rejected(&failure.message),
        }
        since = watch.change().await;
    }
}

/// Swaps in one tree; `None` where it is rejected.
async fn swap(
    args: &UpArgs,
    tree: &Tree,
    site: &mut Site,
    world: &World,
    news: &News<'_>,
    since: Instant,
) -> Result<Option<World>, UpError> {
    let Some(mesh) = tree.compile_to_run(args.allow_errors) else {
        news.rejected("the tree has errors");
        return Ok(None);
    };
    match site.bring(tree.sources.clone(), mesh, Some(world)).await {
        Ok((next, applied)) => {
            news.swapped(&applied.digest, since.elapsed(), world, &next);
            Ok(Some(next))
        }
        Err(
            error @ (UpError::Busy { .. }
            | UpError::Layout(_)
            | UpError::Delivery(_)
            | UpError::TooFewWatchers { .. }),
        ) => {
            news.rejected(&error.to_string());
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// Tells what became of changes: lines for people, or a JSON line each.
struct News<'c> {
    console: &'c Console,
    json: bool,
}

impl News<'_> {
    fn rejected(&self, why: &str) {
        if self.json {
            output::json_line(&json!({"event": "rejected", "reason": why}));
        }
        self.console.status("Rejected", &format!("{why}; the last good configuration keeps serving"));
    }

    fn swapped(&self, digest: &str, took: Duration, before: &World, after: &World) {
        let live_ms = took.as_millis() as u64;
        let short = digest.get(..19).unwrap_or(digest);
        self.console.status("Swapped", &format!("bundle {short}, live {live_ms} ms after the save"));
        let found = diff(
            Side { name: "before", mesh: &before.mesh, sources: &before.sources },
            Side { name: "now", mesh: &after.mesh, sources: &after.sources },
        );
        let mut lines: Vec<String> = found.changes.iter().map(|change| change.summary.clone()).collect();
        let unknown = found.unknown.iter();
        lines.extend(unknown.map(|u| format!("unknown whether {} behaves differently: {}", u.what, u.why)));
        if self.json {
            output::json_line(
                &json!({"event": "swapped", "bundle": digest, "live_ms": live_ms, "changes": lines}),
            );
            return;
        }
        if found.equal == Equal::Yes {
            lines.push("no change in behaviour".to_owned());
        }
        for line in lines {
            output::note(&format!("{:>12} {line}", ""));
        }
    }
}
