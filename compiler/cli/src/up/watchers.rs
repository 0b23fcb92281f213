//! How many files the Envoys of a run may watch. Each watcher is an inotify instance, of which Linux gives a user 128 by
//! default, and Envoy ends when it gets none. (mesh-proxy then looks by itself.)

use meshc_delivery::Nodes;
use meshc_delivery::envoy::Watched;
use meshc_envoy::SharedNode;
use rustix::fs::inotify;

use super::error::UpError;

/// Instances that an Envoy needs beside those for its files.
const BESIDE: usize = 1;

/// Instances that a run leaves to itself and to others.
const SPARE: usize = 8;

/// The most files that the Envoys of `nodes` can watch on this machine.
pub(super) fn affordable(nodes: &Nodes) -> Result<Watched, UpError> {
    let most = Watched::CHOICES.into_iter().map(|choice| needed(nodes, choice)).max().unwrap_or_default();
    let free = free_instances(most);
    let fits = Watched::CHOICES.into_iter().find(|choice| needed(nodes, *choice) <= free);
    fits.ok_or_else(|| {
        let needed =
            Watched::CHOICES.into_iter().map(|choice| needed(nodes, choice)).min().unwrap_or_default();
        UpError::TooFewWatchers { envoys: nodes.len(), needed, free }
    })
}

fn needed(nodes: &Nodes, watched: Watched) -> usize {
    let of_node = |node: &SharedNode| watched.files(node.routes.len(), node.endpoints.len()) + BESIDE;
    nodes.values().map(of_node).sum::<usize>() + SPARE
}

/// How many instances this user may still have, up to `wanted`: they are counted by taking them.
fn free_instances(wanted: usize) -> usize {
    let taken = (0..wanted).map_while(|_| inotify::init(inotify::CreateFlags::CLOEXEC).ok());
    taken.collect::<Vec<_>>().len()
}
