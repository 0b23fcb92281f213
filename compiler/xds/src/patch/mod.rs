//! Patches of EnvoyFilters, applied to resources as Istio applies them (`pilot/pkg/networking/core/envoyfilter`): same
//! order, same operations, same oversights.
//!
//! A patch can name any field of Envoy's, so that what is patched is JSON, not our types.

mod cluster;
mod http_filters;
mod inline;
mod list;
mod listener;
mod listener_filters;
mod network_filters;
mod routes;

use std::collections::BTreeSet;

use meshc_effective::model::{Patch, PatchKind, PatchOperation, PatchSide, Patches};
use meshc_protobuf::{AnyMismatch, Lists};
use serde_json::Value;

pub(crate) use inline::inline_extensions;

/// The network filter that holds HTTP filters.
const MANAGER: &str = "envoy.filters.network.http_connection_manager";

/// Istio's control plane runs into an error that it recovers from: what was changed until then stays, and nothing more of
/// the same listeners is changed.
#[derive(Debug)]
pub(crate) struct Crash;

/// Applies the patches of one proxy to its resources, one side after the other.
pub(crate) struct Applier<'a> {
    patches: &'a Patches,
    side: PatchSide,
    /// The places of the patches that found something.
    used: BTreeSet<usize>,
}

impl<'a> Applier<'a> {
    /// For one side of a proxy.
    pub(crate) fn new(patches: &'a Patches, side: PatchSide) -> Self {
        Self { patches, side, used: BTreeSet::new() }
    }

    /// The places of the patches that found something.
    pub(crate) fn used(self) -> BTreeSet<usize> {
        self.used
    }

    /// Whether any patch found something.
    pub(crate) fn is_used(&self) -> bool {
        !self.used.is_empty()
    }

    /// The patches of one kind that are for this side.
    fn of(&self, kind: PatchKind) -> Vec<(usize, &'a Patch)> {
        self.patches.of(kind, self.side).collect()
    }

    /// The messages that are added at the end of a list of listeners or clusters: without a side only to what leaves a
    /// workload, and to gateways.
    pub(crate) fn added(&mut self, kind: PatchKind) -> Vec<Value> {
        let mut added = Vec::new();
        for (place, patch) in self.of(kind) {
            let here = patch.side.is_some() || self.side != PatchSide::SidecarInbound;
            if patch.operation == PatchOperation::Add && here {
                self.used.insert(place);
                added.extend(patch.value.clone());
            }
        }
        added
    }
}

/// Merges a patch's value into what it matches.
fn merge(patch: &Patch, into: &mut Value) {
    let lists = match patch.operation {
        PatchOperation::MergeAndReplaceList => Lists::Replace,
        _ => Lists::Append,
    };
    if let (Some(message), Some(value)) = (meshc_protobuf::message(patch.kind.message()), &patch.value) {
        meshc_protobuf::merge(message, into, value, lists);
    }
}

/// Merges the configuration of one extension into another's; one of an unknown type stays as it is.
fn merge_config(into: &mut Value, from: &Value) -> Result<(), Crash> {
    match meshc_protobuf::merge_any(into, from) {
        Ok(()) | Err(AnyMismatch::Unknown) => Ok(()),
        Err(AnyMismatch::Different) => Err(Crash),
    }
}

/// What becomes of a thing with a transport socket when a patch has one.
enum SocketMerge {
    /// The patch is applied as any other.
    AsAny,
    /// The sockets were merged, and nothing else of the patch is.
    Done,
}

/// Merges the configuration of a patch's transport socket into that of another one.
fn merge_socket(into: &mut Value, from: &Value) -> Result<(), Crash> {
    if let (Some(into), Some(from)) = (into.get_mut("typed_config"), from.get("typed_config")) {
        merge_config(into, from)?;
    }
    Ok(())
}

/// A text field; empty where it is absent.
fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// Gives a filter the name of a patch, where that has one, and merges its configuration; whether there was anything to
/// merge into.
fn merge_filter(filter: &mut Value, patch: &Value) -> Result<bool, Crash> {
    let Some(config) = filter.get_mut("typed_config") else { return Ok(false) };
    if let Some(from) = patch.get("typed_config") {
        merge_config(config, from)?;
    }
    let name = text(patch, "name");
    if !name.is_empty() {
        filter["name"] = name.into();
    }
    Ok(true)
}
