//! The patches of EnvoyFilters, in the order in which Istio's analyzer looks at them.

use std::collections::BTreeSet;

use meshc_diagnostics::Diagnostic;
use meshc_resources::istio::{ApplyTo, ConfigPatch, PatchOperation};

use super::{order_of_patches, refused_operation};
use crate::rules::context::Context;

/// Every patch.
pub(super) fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    let mut with_version: BTreeSet<String> = BTreeSet::new();
    for object in &context.resources.envoy_filters {
        let priority = object.spec.priority.as_ref().is_some_and(|priority| priority.value != 0);
        for (index, patch) in object.spec.config_patches.iter().enumerate() {
            let Some(written) = &patch.patch else { continue };
            let name = name(patch);
            let Some(operation) = &written.operation else { continue };
            let to = patch.apply_to.as_ref().map(|to| to.value);
            let of_routes = matches!(to, Some(ApplyTo::RouteConfiguration | ApplyTo::HttpRoute));
            let relative = match operation.value {
                PatchOperation::Add | PatchOperation::Remove if of_routes => {
                    found.push(refused_operation::finding(object, index, operation, to));
                    false
                }
                PatchOperation::Replace
                    if !matches!(
                        to,
                        Some(ApplyTo::NetworkFilter | ApplyTo::HttpFilter | ApplyTo::VirtualHost)
                    ) =>
                {
                    found.push(refused_operation::finding(object, index, operation, to));
                    false
                }
                PatchOperation::Remove
                | PatchOperation::Replace
                | PatchOperation::InsertBefore
                | PatchOperation::InsertAfter => true,
                _ => false,
            };
            if relative && !priority {
                let upgraded = with_version.contains(&name);
                found.push(order_of_patches::finding(object, index, operation, upgraded));
            }
            let version = patch.matches.as_ref().and_then(|m| m.proxy.as_ref());
            let version = version.and_then(|proxy| proxy.proxy_version.as_ref());
            if version.is_some_and(|version| !version.is_empty()) {
                with_version.insert(name);
            }
        }
    }
}

/// What the patch is about: the name in its value, else the filter that it matches.
fn name(patch: &ConfigPatch) -> String {
    let value = patch.patch.as_ref().and_then(|patch| patch.value.value.as_ref());
    let in_value = value.map(|value| value.to_json());
    if let Some(json) = in_value.as_ref().filter(|json| json.is_object()) {
        if let Some(name) = json.get("name") {
            return name.as_str().map_or_else(|| name.to_string(), ToOwned::to_owned);
        }
        let listener = patch.matches.as_ref().and_then(|m| m.listener.as_ref());
        let filter = listener.and_then(|l| l.filter_chain.as_ref()).and_then(|c| c.filter.as_ref());
        if let Some(name) = filter.and_then(|filter| filter.name.as_ref()) {
            return name.value.clone();
        }
    }
    String::new()
}
