//! A workload whose policies about requests nobody enforces.

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_mesh::selects;

use super::{layer, waypoint};
use crate::rules::context::Context;

declare_rule! {
    /// ## What it does
    /// Finds workloads of the ambient mesh without a waypoint for which an AuthorizationPolicy about requests holds.
    ///
    /// ## What happens to traffic
    /// ztunnel leaves the rules about requests out: a policy that denies denies nothing, one that allows allows nothing.
    ///
    /// ## Example
    /// `action: DENY` for `methods: [DELETE]`, and pods in the ambient mesh without a waypoint.
    ///
    /// ## Use instead
    /// A waypoint, and `targetRefs` in the policy.
    ///
    /// ## Covers
    /// KIA1317.
    pub UNGUARDED_WORKLOAD = "MC1637", "unguarded-workload", Warning, Mesh,
    "A workload whose policies about requests nobody enforces",
    ["KIA1317"]
}

/// Every workload of the ambient mesh.
pub(super) fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    let policies: Vec<_> =
        context.resources.authorization_policies.iter().filter(|o| layer::is_about_requests(o)).collect();
    for workload in context.mesh.workloads.iter().filter(|workload| !workload.made_up) {
        let pods = workload.pods.iter().filter_map(|&index| context.mesh.pods.get(index));
        let Some(pod) = pods.into_iter().find(|pod| context.is_ambient(pod)) else { continue };
        let own = pod.labels.get("istio.io/use-waypoint").map(String::as_str);
        if pod.labels.contains_key("gateway.networking.k8s.io/gateway-name")
            || waypoint(context, own, &pod.namespace).is_some()
        {
            continue;
        }
        let holds = policies.iter().find(|object| {
            let spec = &object.spec;
            if object.namespace() != pod.namespace {
                return false;
            }
            if spec.target_ref.is_some() || !spec.target_refs.is_empty() {
                let mut targets = spec.target_ref.iter().chain(&spec.target_refs);
                return targets.any(|target| {
                    let service = target
                        .name
                        .as_ref()
                        .filter(|_| target.kind.as_ref().is_some_and(|kind| kind.value == "Service"))
                        .and_then(|name| context.service_object(&pod.namespace, name));
                    service.is_some_and(|service| {
                        let selector = service.spec.selector.iter();
                        let selector = selector.map(|(k, v)| (k.value.clone(), v.value.clone())).collect();
                        !service.spec.selector.is_empty() && selects(&selector, &pod.labels)
                    })
                });
            }
            let labels = spec.selector.iter().flat_map(|selector| &selector.match_labels);
            let selector = labels.map(|(k, v)| (k.value.clone(), v.value.clone())).collect();
            selects(&selector, &pod.labels)
        });
        let Some(policy) = holds else { continue };
        let meta = &workload.meta;
        let message =
            format!("{} is about requests, and no waypoint reads those to this workload", policy.id());
        found.push(
            Diagnostic::new(&UNGUARDED_WORKLOAD, meta.span, message)
                .resource(meta.kind, Some(&meta.namespace), &meta.name)
                .label(policy.name_span(), "the policy")
                .help("label the namespace `istio.io/use-waypoint`, and attach the policy with `targetRefs`")
                .alias("KIA1317"),
        );
    }
}
