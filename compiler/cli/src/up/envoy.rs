//! Finds a real Envoy.

use std::env;
use std::path::PathBuf;

/// The `envoy` on PATH, else the one that `cargo xtask envoy` fetched into the build's directory, which is looked for
/// beside this program and in the current directory.
pub(super) fn find() -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let on_path = env::split_paths(&path).map(|folder| folder.join("envoy"));
    let own = env::current_exe().ok();
    // target/release/meshc, target/debug/deps/…: an ancestor is `target`.
    let beside = own.iter().flat_map(|own| own.ancestors()).map(|folder| folder.join("envoy-venv/bin/envoy"));
    let here = PathBuf::from("target/envoy-venv/bin/envoy");
    let mut candidates: Vec<PathBuf> = on_path.chain(beside).collect();
    candidates.push(here);
    candidates.into_iter().find(|candidate| candidate.is_file())
}
