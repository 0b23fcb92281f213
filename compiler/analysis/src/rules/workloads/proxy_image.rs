//! Pods whose proxy is another than the injector gives.

use std::collections::BTreeMap;

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_resources::Kind;

use super::pods::{self, Running};
use crate::rules::context::Context;

declare_rule! {
    /// ## What it does
    /// Finds namespaces with Pods whose proxy has another image than the injector's settings (`istio-sidecar-injector`) give.
    /// Only a tree that holds those settings and Pods as a cluster has them can show it.
    ///
    /// ## What happens to traffic
    /// The pods run an older proxy: after two minor versions of Istio it no longer understands the control plane.
    ///
    /// ## Example
    /// Istio was upgraded, and the pods were not restarted.
    ///
    /// ## Use instead
    /// `kubectl rollout restart` of the workloads.
    ///
    /// ## Covers
    /// IST0158.
    pub PROXY_IMAGE = "MC1112", "proxy-image", Warning, Mesh,
    "Pods whose proxy is another than the injector gives",
    ["IST0158"]
}

/// All pods together.
pub(super) fn check(context: &Context<'_>, running: &[Running<'_>], found: &mut Vec<Diagnostic>) {
    let images: BTreeMap<&str, String> = context
        .resources
        .config_maps
        .iter()
        .filter(|object| object.name().starts_with("istio-sidecar-injector"))
        .filter_map(|object| {
            let (_, values) = object.spec.data.iter().find(|(key, _)| key.value == "values")?;
            Some((object.name(), proxy_image(&values.value)?))
        })
        .collect();
    if images.is_empty() {
        return;
    }
    let mut old: BTreeMap<&str, Vec<&Running<'_>>> = BTreeMap::new();
    for pod in running.iter().filter(|pod| pod.kind == Kind::Pod) {
        let Some(namespace) = context.mesh.namespaces.get(pod.namespace) else { continue };
        let revision = namespace.labels.get("istio.io/rev").map(String::as_str);
        let enabled = namespace.labels.get("istio-injection").is_some_and(|value| value == "enabled");
        let settings = match revision {
            Some("" | "default") | None => "istio-sidecar-injector".to_owned(),
            Some(revision) => format!("istio-sidecar-injector-{revision}"),
        };
        let Some(expected) = images.get(settings.as_str()).filter(|_| enabled || revision.is_some()) else {
            continue;
        };
        let custom = pod.metadata.annotation("sidecar.istio.io/proxyImage").is_some_and(|i| !i.is_empty());
        if custom {
            continue;
        }
        let variant = context.image_type(pod.namespace, pod.metadata);
        let Some(proxy) = pod.proxy() else { continue };
        let image = pods::image(proxy);
        if image != expected && image != format!("{expected}-{variant}") {
            old.entry(pod.namespace).or_default().push(pod);
        }
    }
    for object in &context.resources.namespaces {
        let Some(pods) = old.get(object.name()) else { continue };
        let names: Vec<&str> = pods.iter().map(|pod| pod.metadata.name()).take(5).collect();
        let message = format!(
            "{} another proxy than the injector gives: {}",
            if pods.len() == 1 {
                "a pod of the namespace runs".to_owned()
            } else {
                format!("{} pods of the namespace run", pods.len())
            },
            names.join(", ")
        );
        let mut finding = object.finding(&PROXY_IMAGE, object.name_span(), message).alias("IST0158");
        for pod in pods.iter().take(2) {
            let image = pod.proxy().and_then(|proxy| proxy.image.as_ref());
            finding = finding.label(image.map_or(pod.name_span, |image| image.span), "the older proxy");
        }
        found.push(finding.help("restart the workloads: `kubectl rollout restart`"));
    }
}

/// The image that the injector's values give (its template's `global.proxy.image`, or hub, image and tag).
fn proxy_image(values: &str) -> Option<String> {
    let values: serde_json::Value = serde_json::from_str(values).ok()?;
    let global = values.get("global")?;
    let image = global.pointer("/proxy/image")?.as_str()?;
    if image.contains('/') {
        return Some(image.to_owned());
    }
    let text =
        |key: &str| global.get(key).map(|v| v.as_str().map_or_else(|| v.to_string(), ToOwned::to_owned));
    Some(format!("{}/{image}:{}", text("hub")?, text("tag")?))
}
