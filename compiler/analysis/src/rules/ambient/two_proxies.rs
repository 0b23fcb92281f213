//! A workload with a sidecar in the ambient mesh.

use meshc_diagnostics::{Diagnostic, Severity, declare_rule};
use meshc_resources::Kind;

use super::is_ambient;
use crate::rules::context::Context;
use crate::rules::workloads::pods;

declare_rule! {
    /// ## What it does
    /// Finds workloads that are to get a sidecar and be in the ambient mesh at once: by labels of their namespace and their own,
    /// by a container `istio-proxy`, or by the annotation that the CNI plugin writes.
    ///
    /// ## What happens to traffic
    /// The sidecar wins where it is there: the pod is left out of the ambient mesh. Until it is created anew it may be in
    /// neither.
    ///
    /// ## Example
    /// A namespace with `istio-injection: enabled` and `istio.io/dataplane-mode: ambient`.
    ///
    /// ## Use instead
    /// One of the labels.
    ///
    /// ## Covers
    /// KIA1311 (both labels), KIA1314 (a sidecar\'s label and ambient redirection), KIA1315 (a sidecar\'s container and the
    /// ambient label), KIA1316 (a sidecar in a namespace of the ambient mesh).
    pub TWO_PROXIES = "MC1634", "two-proxies", Error, Mesh,
    "A workload with a sidecar in the ambient mesh",
    ["KIA1311", "KIA1314", "KIA1315", "KIA1316"]
}

/// Every workload.
pub(super) fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    for workload in pods::all(context.resources) {
        let own = |key: &str| workload.metadata.label(key);
        let of_namespace = |key: &str| {
            context
                .mesh
                .namespaces
                .get(workload.namespace)
                .and_then(|n| n.labels.get(key))
                .map(String::as_str)
        };
        let mode = own("istio.io/dataplane-mode");
        let ambient =
            mode == Some("ambient") || (mode != Some("none") && is_ambient(context, workload.namespace));
        let inject = own("sidecar.istio.io/inject");
        let injects = inject != Some("false")
            && (inject == Some("true")
                || of_namespace("istio-injection") == Some("enabled")
                || (of_namespace("istio-injection") != Some("disabled")
                    && of_namespace("istio.io/rev").is_some_and(|revision| !revision.is_empty())));
        let redirected = workload.metadata.annotation("ambient.istio.io/redirection") == Some("enabled");
        let has_proxy = workload.proxy().is_some();
        // The gateways and waypoints of Istio are proxies themselves.
        if own("gateway.networking.k8s.io/gateway-name").is_some()
            || workload.object.label("gateway.istio.io/managed").is_some()
        {
            continue;
        }
        let (message, alias) = if has_proxy && ambient {
            (
                "the workload has a sidecar and is labelled for the ambient mesh: it is left out of that",
                "KIA1315",
            )
        } else if injects && redirected && workload.kind == Kind::Pod {
            ("the pod is to get a sidecar, and the ambient mesh takes its traffic already", "KIA1314")
        } else if injects && ambient {
            ("the workload is to get a sidecar and to be in the ambient mesh: the sidecar wins", "KIA1311")
        } else {
            continue;
        };
        let finding = workload
            .finding(&TWO_PROXIES, workload.name_span, message)
            .help("keep one of the labels `istio-injection`, `istio.io/rev`, `sidecar.istio.io/inject` and `istio.io/dataplane-mode`")
            .alias(alias);
        let finding = if has_proxy && is_ambient(context, workload.namespace) {
            finding.alias("KIA1316")
        } else {
            finding
        };
        found.push(if has_proxy { finding.severity(Severity::Warning) } else { finding });
    }
}
