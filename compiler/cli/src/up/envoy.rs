//! Finds a real Envoy, and how many files it may watch.

use std::env;
use std::path::PathBuf;

use meshc_delivery::Nodes;
use meshc_delivery::envoy::Watched;
use meshc_envoy::SharedNode;
use rustix::fs::inotify;

/// Instances that an Envoy needs beside those for its files, and that a run leaves to others.
const BESIDE: usize = 1;
const SPARE: usize = 16;

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

/// The most files that the Envoys of `nodes` can watch on this machine: the instances of inotify that this user may
/// still have are counted by taking them.
pub(super) fn watched(nodes: &Nodes) -> Watched {
    let [most, .., fewest] = Watched::CHOICES;
    let free = free_instances(needed(nodes, most) + SPARE);
    Watched::CHOICES.into_iter().find(|choice| needed(nodes, *choice) + SPARE <= free).unwrap_or(fewest)
}

fn needed(nodes: &Nodes, watched: Watched) -> usize {
    let of_node = |node: &SharedNode| watched.files(node.routes.len(), node.endpoints.len()) + BESIDE;
    nodes.values().map(of_node).sum()
}

/// How many instances can be had, up to `wanted`.
fn free_instances(wanted: usize) -> usize {
    let taken = (0..wanted).map_while(|_| inotify::init(inotify::CreateFlags::CLOEXEC).ok());
    taken.collect::<Vec<_>>().len()
}
