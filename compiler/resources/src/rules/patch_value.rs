//! What a patch's value says that no message of Envoy's has.

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_protobuf::{Path, Problem, Reading, Step};
use meshc_source::Span;
use meshc_syntax::{Node, suggest};

use crate::Object;
use crate::istio::{ConfigPatch, EnvoyFilter};

declare_rule! {
    /// ## What it does
    /// Finds fields in the values of patches that the message of Envoy's does not have.
    ///
    /// ## What happens to traffic
    /// Istio leaves the field out and applies the rest of the patch: what the field was to set stays as it was.
    ///
    /// ## Example
    /// ```yaml
    /// patch:
    ///   operation: MERGE
    ///   value: {conect_timeout: 1s}
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// patch:
    ///   operation: MERGE
    ///   value: {connect_timeout: 1s}
    /// ```
    ///
    /// ## Covers
    /// What Istio's webhook warns of.
    pub UNKNOWN_PATCH_FIELD = "MC0481", "unknown-patch-field", Warning, Document,
    "A field in a patch that Envoy's message does not have",
    []
}

/// The value of a patch as its message; none where it has none, or says nothing of what it is applied to.
pub(super) fn read(patch: &ConfigPatch) -> Option<Result<Reading, Problem>> {
    let value = patch.patch.as_ref()?.value.value.as_ref()?;
    let message = meshc_protobuf::message(patch.apply_to.as_ref()?.value.message()?)?;
    Some(meshc_protobuf::read(message, &value.to_json()))
}

/// Where something stands in the value of a patch: the key of a field, the item of a list, or the nearest around it.
pub(super) fn place(patch: &ConfigPatch, path: &Path, at_key: bool) -> Option<Span> {
    let mut node: &Node = patch.patch.as_ref()?.value.value.as_ref()?.node();
    let mut span = node.span;
    for step in &path.0 {
        match step {
            Step::Key(key) => {
                let Some(entry) = node.entry(key) else { break };
                node = &entry.value;
                span = if at_key { entry.key.span } else { node.span };
            }
            Step::Index(index) => {
                let Some(item) = node.items().get(*index) else { break };
                node = item;
                span = node.span;
            }
        }
    }
    Some(span)
}

/// Every field that is unknown.
pub(super) fn check(
    object: &Object<EnvoyFilter>,
    patch: &ConfigPatch,
    reading: &Reading,
    found: &mut Vec<Diagnostic>,
) {
    for (path, of) in &reading.unknown {
        let Some(span) = place(patch, path, true) else { continue };
        let name = path.0.iter().rev().find_map(|step| match step {
            Step::Key(key) => Some(key.as_str()),
            Step::Index(_) => None,
        });
        let name = name.unwrap_or_default();
        let text = format!("`{path}` is no field of Envoy's {of}: Istio leaves it out of the patch");
        let finding = object.finding(&UNKNOWN_PATCH_FIELD, span, text);
        let names = meshc_protobuf::message(of).into_iter().flat_map(meshc_protobuf::Message::field_names);
        found.push(match suggest::nearest(name, names) {
            Some(near) => finding.help(format!("did you mean `{near}`?")),
            None => finding,
        });
    }
}
