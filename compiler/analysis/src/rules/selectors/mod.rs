//! Rules about what resources for workloads select.

mod gateway_selector;
mod idle_selector;
mod policies;
mod second_default;
mod second_selector;

use std::collections::BTreeMap;

use meshc_diagnostics::{Diagnostic, Rule};

use super::context::Context;
use policies::Policy;

/// By code.
pub(super) const RULES: &[&Rule] = &[
    &idle_selector::IDLE_SELECTOR,
    &second_default::SECOND_DEFAULT,
    &second_selector::SECOND_SELECTOR,
    &gateway_selector::GATEWAY_SELECTOR,
];

/// Kinds of which one holds for a workload.
const EXCLUSIVE: [&str; 3] = ["PeerAuthentication", "Sidecar", "Telemetry"];

/// All of them.
pub(super) fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    let all = policies::all(context.resources);
    let mut by_scope: BTreeMap<(&str, &str), Vec<&Policy>> = BTreeMap::new();
    for policy in &all {
        idle_selector::check(context, policy, found);
        gateway_selector::check(context, policy, found);
        if EXCLUSIVE.contains(&policy.kind) && !policy.attached {
            by_scope.entry((policy.kind, &policy.namespace)).or_default().push(policy);
        }
    }
    for ((kind, namespace), policies) in by_scope {
        let (defaults, selecting): (Vec<&Policy>, Vec<&Policy>) = policies
            .into_iter()
            .partition(|policy| policy.labels.is_empty() && (kind != "Telemetry" || !policy.has_selector));
        if kind != "Sidecar" || !context.is_ambient_namespace(namespace) {
            second_default::check(&defaults, found);
        }
        second_selector::check(context, &selecting, found);
    }
}
