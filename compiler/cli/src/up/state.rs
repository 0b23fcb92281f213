//! The directory of one run: bundle, bootstraps, logs. It goes when the run ends. Of a killed run the stand-ins clear it
//! away; where they were killed too, the next run does.

use std::env;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;

/// How the names of such directories start.
const PREFIX: &str = "meshc-up-";

/// The file whose lock says that the run is alive.
const LOCK: &str = "lock";

/// A directory without a lock may belong to a run that is just starting, for so long.
const GRACE: Duration = Duration::from_secs(10);

/// The directory of this run.
#[derive(Debug)]
pub(super) struct State {
    directory: TempDir,
    _lock: File,
}

impl State {
    /// Makes the directory in the user's runtime directory, or else in that for temporary files.
    pub(super) fn create() -> io::Result<Self> {
        let runtime = env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|path| path.is_dir());
        let make = |base: &Path| {
            sweep(base);
            tempfile::Builder::new().prefix(PREFIX).tempdir_in(base)
        };
        // A runtime directory may be another user's, after `sudo` for one.
        let directory = match runtime.map(|runtime| make(&runtime)) {
            Some(Ok(directory)) => directory,
            Some(Err(_)) | None => make(&env::temp_dir())?,
        };
        let lock = File::create(directory.path().join(LOCK))?;
        lock.lock()?;
        for folder in ["logs", "envoy"] {
            fs::create_dir(directory.path().join(folder))?;
        }
        Ok(Self { directory, _lock: lock })
    }

    /// The directory itself.
    pub(super) fn path(&self) -> &Path {
        self.directory.path()
    }

    /// The bundle that mesh-proxy watches.
    pub(super) fn bundle(&self) -> PathBuf {
        self.directory.path().join("bundle")
    }

    /// The folder of one Envoy.
    pub(super) fn envoy(&self, node: &str) -> PathBuf {
        self.directory.path().join("envoy").join(node)
    }

    /// The log of one child.
    pub(super) fn log(&self, name: &str) -> PathBuf {
        self.directory.path().join("logs").join(format!("{name}.log"))
    }
}

/// Removes the directories of runs that are no more.
fn sweep(base: &Path) {
    let Ok(entries) = fs::read_dir(base) else { return };
    for entry in entries.flatten() {
        if entry.file_name().to_string_lossy().starts_with(PREFIX) && is_dead(&entry.path()) {
            // Another user's, or gone by now.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

fn is_dead(directory: &Path) -> bool {
    match File::open(directory.join(LOCK)) {
        Ok(lock) => old(directory) && lock.try_lock().is_ok(),
        Err(error) => error.kind() == io::ErrorKind::NotFound && old(directory),
    }
}

fn old(directory: &Path) -> bool {
    let modified = fs::metadata(directory).and_then(|data| data.modified());
    modified.is_ok_and(|time| time.elapsed().is_ok_and(|age| age > GRACE))
}
