//! What tests share: where the real parts are (Envoy, the oracles beside the project), and an honest record of
//! what was skipped because a part is missing.

#![forbid(unsafe_code)]

pub mod headers;
pub mod meshes;
pub mod parts;
pub mod random;
pub mod real;
pub mod swap;

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};

/// The environment variable that names the Envoy to test against; `cargo xtask test` sets it.
pub const ENVOY: &str = "MESHC_ENVOY";

/// The environment variable that names a file to which skipped tests are appended, a line each.
pub const SKIPPED: &str = "MESHC_SKIPPED";

/// The root of the workspace.
pub fn workspace() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_path_buf()
}

/// A real Envoy: the one that `cargo xtask test` fetched. Without one the skip is recorded and `None` returned,
/// and the test ends there.
pub fn envoy(test: &str) -> Option<PathBuf> {
    let named = std::env::var_os(ENVOY).map(PathBuf::from);
    let found = named.unwrap_or_else(|| workspace().join("target/envoy-venv/bin/envoy"));
    if found.is_file() {
        return Some(found);
    }
    skip(test, "no envoy");
    None
}

/// The folder `../shared` beside the project, with a path inside it. Without it the skip is recorded and `None`
/// returned, and the test ends there.
pub fn shared(test: &str, path: &str) -> Option<PathBuf> {
    let found = workspace().join("../shared").join(path);
    if found.exists() {
        return Some(found);
    }
    skip(test, "no ../shared");
    None
}

/// Records that `test` was skipped because of `why`.
#[expect(clippy::print_stdout, reason = "a test's own output is where its reader looks")]
pub fn skip(test: &str, why: &str) {
    println!("skipped: {why} ({test})");
    let Some(path) = std::env::var_os(SKIPPED) else { return };
    if let Ok(mut file) = OpenOptions::new().create(true).append(true).open(path) {
        // A record that cannot be written changes nothing for the test; the summary is only shorter.
        let _ = writeln!(file, "{why}: {test}");
    }
}
