//! A workload for which no AuthorizationPolicy holds.

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_mesh::PodProxy;

use crate::rules::context::Context;

declare_rule! {
    /// ## What it does
    /// Finds workloads of a mesh that has AuthorizationPolicies for which none of them holds.
    ///
    /// ## What happens to traffic
    /// Every caller may send every request.
    ///
    /// ## Example
    /// AuthorizationPolicies with selectors for `reviews` and `ratings`, and a workload `details` beside them.
    ///
    /// ## Use instead
    /// A policy without a selector that allows nothing (`spec: {}`), and one for each workload that says what it takes.
    ///
    /// ## Covers
    /// KIA1301. In a tree without any AuthorizationPolicy nothing is said.
    pub UNCOVERED_WORKLOAD = "MC1520", "uncovered-workload", Info, Mesh,
    "A workload for which no AuthorizationPolicy holds",
    ["KIA1301"]
}

/// Every workload with a sidecar.
pub(super) fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    if context.resources.authorization_policies.is_empty() {
        return;
    }
    for workload in context.mesh.workloads.iter().filter(|workload| !workload.made_up) {
        let pods = workload.pods.iter().filter_map(|&index| context.mesh.pods.get(index));
        let Some(pod) = pods.into_iter().find(|pod| pod.proxy == PodProxy::Sidecar) else { continue };
        if !context.mesh.policies.authorization_policies(&pod.namespace, &pod.labels).is_empty() {
            continue;
        }
        let meta = &workload.meta;
        let message = "no AuthorizationPolicy holds for this workload: every caller may send every request";
        found.push(
            Diagnostic::new(&UNCOVERED_WORKLOAD, meta.span, message)
                .resource(meta.kind, Some(&meta.namespace), &meta.name)
                .alias("KIA1301")
                .help("add a policy for it, or one for its whole namespace"),
        );
    }
}
