//! Clusters (`cluster_patch.go`).

use meshc_effective::model::{Patch, PatchKind, PatchOperation};
use serde_json::Value;

use super::{Applier, Crash, SocketMerge, merge, merge_socket, text};

impl Applier<'_> {
    /// Patches a cluster; false where it is taken away. `hosts` are those of the services that an inbound one is for.
    pub(crate) fn cluster(&mut self, cluster: &mut Value, hosts: &[&str]) -> bool {
        for (place, patch) in self.of(PatchKind::Cluster) {
            let is_change = patch.operation == PatchOperation::Remove || patch.operation.is_merge();
            let of = patch.matches.cluster.as_ref();
            let is_for = of.is_none_or(|of| of.is_for(text(cluster, "name"), hosts.iter().copied()));
            if !is_change || !is_for {
                continue;
            }
            self.used.insert(place);
            if patch.operation == PatchOperation::Remove {
                return false;
            }
            match socket(cluster, patch) {
                Ok(SocketMerge::AsAny) => merge(patch, cluster),
                Ok(SocketMerge::Done) => {}
                // What was merged before stays, what would come after is left out.
                Err(Crash) => return true,
            }
        }
        true
    }
}

/// A patch with a transport socket changes nothing else: the configuration of one of the same name is merged, one of
/// another name is replaced.
fn socket(cluster: &mut Value, patch: &Patch) -> Result<SocketMerge, Crash> {
    let Some(from) = patch.value.as_ref().and_then(|value| value.get("transport_socket")) else {
        return Ok(SocketMerge::AsAny);
    };
    let name = text(from, "name");
    let by_match = cluster.get_mut("transport_socket_matches").and_then(Value::as_array_mut);
    if let Some(matches) = by_match.filter(|matches| !matches.is_empty()) {
        let mut sockets = matches.iter_mut().filter_map(|of| of.get_mut("transport_socket"));
        // Both kinds of sockets side by side are not valid, so that what has no match is left out.
        if let Some(into) = sockets.find(|socket| text(socket, "name") == name) {
            merge_socket(into, from)?;
        }
        return Ok(SocketMerge::Done);
    }
    match cluster.get_mut("transport_socket") {
        Some(into) if text(into, "name") == name => merge_socket(into, from)?,
        _ => cluster["transport_socket"] = from.clone(),
    }
    Ok(SocketMerge::Done)
}
