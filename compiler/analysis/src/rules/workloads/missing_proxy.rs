//! A pod without the sidecar that its namespace asks for.

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_resources::Kind;

use super::pods::{self, Running};
use crate::rules::context::Context;

declare_rule! {
    /// ## What it does
    /// Finds Pods of namespaces with `istio-injection: enabled` that have no proxy and did not opt out. (A Pod that somebody
    /// wrote gets its proxy when it is created; one that was read from a cluster has it, or was created before the label.)
    ///
    /// ## What happens to traffic
    /// No routing rule and no policy holds for the pod; where mutual TLS is asked for, it reaches nobody.
    ///
    /// ## Example
    /// A Pod in a snapshot of a cluster without a container `istio-proxy`.
    ///
    /// ## Use instead
    /// Restart the workload.
    ///
    /// ## Covers
    /// IST0103.
    pub MISSING_PROXY = "MC1102", "missing-proxy", Info, Mesh,
    "A pod without the sidecar that its namespace asks for",
    ["IST0103"]
}

/// One Pod.
pub(super) fn check(context: &Context<'_>, pod: &Running<'_>, found: &mut Vec<Diagnostic>) {
    if pod.kind != Kind::Pod || pod.namespace == meshc_mesh::ROOT_NAMESPACE {
        return;
    }
    let namespace = context.mesh.namespaces.get(pod.namespace);
    let injects = namespace.is_some_and(|n| n.labels.get("istio-injection").is_some_and(|v| v == "enabled"));
    let inject = "sidecar.istio.io/inject";
    let says = pod.metadata.label(inject).or_else(|| pod.metadata.annotation(inject)).unwrap_or_default();
    let host_network = pod.spec.host_network.as_ref().is_some_and(|host| host.value);
    let has = pod.proxy().is_some_and(|container| !pods::image(container).is_empty());
    if !injects || says.eq_ignore_ascii_case("false") || host_network || has {
        return;
    }
    found.push(
        pod.finding(
            &MISSING_PROXY,
            pod.name_span,
            "the pod has no proxy though its namespace asks for one: it gets one when it is created anew",
        )
        .alias("IST0103")
        .help("restart its workload, or label it `sidecar.istio.io/inject: \"false\"` if it is to have none"),
    );
}
