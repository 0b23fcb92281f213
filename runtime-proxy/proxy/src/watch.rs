//! Noticing that a bundle was replaced: by a rename of its pointer file, or by a symbolic link to another directory.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};

use crate::control::Control;
use crate::error::ProxyError;
use crate::source::Source;

/// How long the directory is quiet before it is read: a bundle is many files, then one rename.
const QUIET: Duration = Duration::from_millis(2);
/// How often the bundle is looked at beside the system's events (a full queue, a link swapped far above).
const LOOK: Duration = Duration::from_secs(5);
/// How often it is looked at where there are no such events: a user may have 128 watchers by default, and a machine
/// more proxies.
const LOOK_ALONE: Duration = Duration::from_millis(20);

/// Starts the thread that loads new bundles.
pub(crate) fn spawn(control: Arc<Control>) -> Result<(), ProxyError> {
    let Source::Bundle { path, .. } = &control.source else { return Ok(()) };
    let path = path.clone();
    let (sender, events) = channel();
    let watched = Watched::new(&path, sender)
        .inspect_err(|error| {
            crate::log::info(format_args!("{} is looked at every {LOOK_ALONE:?}: {error}", path.display()));
        })
        .ok();
    std::thread::Builder::new()
        .name("loader".to_owned())
        .spawn(move || run(&control, &path, watched, &events))
        .map_err(|error| ProxyError::System(format!("cannot start the loader: {error}")))?;
    Ok(())
}

/// The watches of one bundle.
struct Watched {
    watcher: RecommendedWatcher,
    path: PathBuf,
    target: Option<PathBuf>,
}

impl Watched {
    fn new(path: &Path, sender: Sender<()>) -> notify::Result<Self> {
        let name = path.file_name().map(ToOwned::to_owned);
        let watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
            if event.is_ok_and(|event| concerns(&event, name.as_deref())) {
                // The loader lives as long as the process.
                let _ = sender.send(());
            }
        })?;
        let mut all = Self { watcher, path: path.to_owned(), target: None };
        all.follow()?;
        // A link may be replaced beside the bundle; where the parent cannot be watched, the slow look finds it.
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        if let Err(error) = all.watcher.watch(parent, RecursiveMode::NonRecursive) {
            crate::log::warn(format_args!("cannot watch {}: {error}", parent.display()));
        }
        Ok(all)
    }

    /// Watches the directory that the path leads to now.
    fn follow(&mut self) -> notify::Result<()> {
        let target = std::fs::canonicalize(&self.path).ok();
        if target == self.target {
            return Ok(());
        }
        if let Some(old) = self.target.take() {
            // It may be gone already.
            let _ = self.watcher.unwatch(&old);
        }
        if let Some(new) = &target {
            self.watcher.watch(new, RecursiveMode::NonRecursive)?;
        }
        self.target = target;
        Ok(())
    }
}

/// Whether an event can mean a new bundle: something was put under the name of a pointer or of the bundle itself.
fn concerns(event: &Event, bundle: Option<&std::ffi::OsStr>) -> bool {
    if matches!(event.kind, EventKind::Access(_)) || event.need_rescan() {
        return event.need_rescan();
    }
    event.paths.iter().filter_map(|path| path.file_name()).any(|name| {
        name == meshc_bundle::POINTER_DIR || name == meshc_bundle::POINTER_OCI || Some(name) == bundle
    })
}

fn run(control: &Control, path: &Path, mut watched: Option<Watched>, events: &Receiver<()>) {
    let mut seen = stamp(path);
    // The bundle may have been replaced between the first reading and the first watch.
    control.reload();
    loop {
        let look = if watched.is_some() { LOOK } else { LOOK_ALONE };
        match events.recv_timeout(look) {
            Ok(()) => while events.recv_timeout(QUIET).is_ok() {},
            Err(RecvTimeoutError::Timeout) => {}
            // No watcher is left that could tell.
            Err(RecvTimeoutError::Disconnected) => std::thread::sleep(look),
        }
        let now = stamp(path);
        if now == seen {
            continue;
        }
        seen = now;
        if let Some(Err(error)) = watched.as_mut().map(Watched::follow) {
            crate::log::warn(format_args!("cannot watch {}: {error}", path.display()));
            watched = None;
        }
        control.reload();
    }
}

/// What changes when the pointer is replaced: its file, its time, its size.
fn stamp(path: &Path) -> Vec<Option<(u64, i64, i64, u64)>> {
    [meshc_bundle::POINTER_DIR, meshc_bundle::POINTER_OCI]
        .iter()
        .map(|name| {
            let metadata = std::fs::metadata(path.join(name)).ok()?;
            Some((metadata.ino(), metadata.mtime(), metadata.mtime_nsec(), metadata.len()))
        })
        .collect()
}
