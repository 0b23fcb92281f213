//! An image that only the injector can fill in, where nothing injects.

use meshc_diagnostics::{Diagnostic, Severity, declare_rule};
use meshc_resources::Kind;

use super::pods::{self, Running};
use super::webhooks::{Webhooks, matches};
use crate::rules::context::Context;

declare_rule! {
    /// ## What it does
    /// Finds containers `istio-proxy` with `image: auto` in workloads that no injector of the tree selects, and in Pods, which
    /// always have it too late. In a tree without an injector Istio's own is taken: it selects by the labels of namespace and
    /// pod.
    ///
    /// ## What happens to traffic
    /// The image `auto` does not exist: the pod does not start.
    ///
    /// ## Example
    /// A gateway's Deployment with `image: auto` in a namespace without `istio-injection`, and no label
    /// `sidecar.istio.io/inject: "true"` on its pods.
    ///
    /// ## Use instead
    /// The label on the pods.
    ///
    /// ## Covers
    /// IST0146 (Deployments; here every workload) and IST0147 (Pods). A Pod that its own labels let inject is created with
    /// the right image; `istioctl` complains all the same, here it is an info.
    pub AUTOMATIC_IMAGE = "MC1111", "automatic-image", Error, Mesh,
    "An image that only the injector can fill in, where nothing injects",
    ["IST0146", "IST0147"]
}

/// One pod or template.
pub(super) fn check(
    context: &Context<'_>,
    webhooks: &Webhooks<'_>,
    pod: &Running<'_>,
    found: &mut Vec<Diagnostic>,
) {
    let auto = pod.spec.containers.iter().find(|c| pods::name(c) == pods::PROXY && pods::image(c) == "auto");
    let Some(container) = auto else { return };
    let span = container.image.as_ref().map_or(container.span, |image| image.span);
    let namespace = context.mesh.namespaces.get(pod.namespace).map(|n| n.labels.clone()).unwrap_or_default();
    let labels =
        pod.metadata.labels.iter().map(|(key, value)| (key.value.clone(), value.value.clone())).collect();
    let injected = if webhooks.injectors().next().is_some() {
        webhooks.injectors().any(|hook| {
            matches(hook.namespace_selector.as_ref(), &namespace)
                && matches(hook.object_selector.as_ref(), &labels)
        })
    } else {
        let says = labels.get("sidecar.istio.io/inject").map(String::as_str);
        says == Some("true")
            || labels.contains_key("istio.io/rev")
            || (says != Some("false")
                && (namespace.get("istio-injection").is_some_and(|value| value == "enabled")
                    || namespace.contains_key("istio.io/rev")))
    };
    let is_pod = pod.kind == Kind::Pod;
    if injected && !is_pod {
        return;
    }
    let (message, severity) = if injected {
        (
            "the image `auto` is filled in when the pod is created; a pod that has it now is none that runs",
            Severity::Info,
        )
    } else {
        ("nothing injects here, and the image `auto` does not exist: the pod does not start", Severity::Error)
    };
    let finding = pod.finding(&AUTOMATIC_IMAGE, span, message).severity(severity).help(
        "label the pods `sidecar.istio.io/inject: \"true\"`, or the namespace `istio-injection: enabled`",
    );
    found.push(match pod.kind {
        Kind::Pod => finding.alias("IST0147"),
        Kind::Deployment => finding.alias("IST0146"),
        _ => finding,
    });
}
