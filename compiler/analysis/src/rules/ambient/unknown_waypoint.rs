//! A waypoint that does not exist, or that nobody needs.

use meshc_diagnostics::{Diagnostic, Severity, declare_rule};
use meshc_resources::Metadata;
use meshc_settings::ways_out;
use meshc_syntax::de::Spanned;

use super::is_ambient;
use crate::rules::context::Context;
use crate::rules::workloads::pods;

declare_rule! {
    /// ## What it does
    /// Finds labels `istio.io/use-waypoint` of Namespaces, Services and workloads that name a waypoint which does not exist (a
    /// Gateway of the Gateway API of class `istio-waypoint`), and those of namespaces and workloads that are not in the ambient
    /// mesh.
    ///
    /// ## What happens to traffic
    /// Nobody reads the requests: routes and policies about them have no effect.
    ///
    /// ## Example
    /// ```yaml
    /// labels: {istio.io/dataplane-mode: ambient, istio.io/use-waypoint: waypont}
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// labels: {istio.io/dataplane-mode: ambient, istio.io/use-waypoint: waypoint}
    /// ```
    ///
    /// ## Fix safety
    /// The fix writes the nearest waypoint that exists; check that it is the one that was meant.
    ///
    /// ## Covers
    /// KIA1313 (there is no such waypoint) and KIA1312 (not in the ambient mesh). Kiali tells both of every workload; here they
    /// are told where the label is written.
    pub UNKNOWN_WAYPOINT = "MC1635", "unknown-waypoint", Error, Mesh,
    "A waypoint that does not exist, or that nobody needs",
    ["KIA1312", "KIA1313"]
}

/// The label.
const USE: &str = "istio.io/use-waypoint";

/// Every label.
pub(super) fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    for object in &context.resources.namespaces {
        let finding = |span, message: String| object.finding(&UNKNOWN_WAYPOINT, span, message);
        judge(
            context,
            &object.metadata,
            object.name(),
            Some(is_ambient(context, object.name())),
            finding,
            found,
        );
    }
    for object in &context.resources.services {
        let finding = |span, message: String| object.finding(&UNKNOWN_WAYPOINT, span, message);
        judge(context, &object.metadata, object.namespace(), None, finding, found);
    }
    for workload in pods::all(context.resources) {
        let mode = workload.metadata.label("istio.io/dataplane-mode");
        let ambient = mode == Some("ambient") || (mode.is_none() && is_ambient(context, workload.namespace));
        let finding = |span, message: String| workload.finding(&UNKNOWN_WAYPOINT, span, message);
        judge(context, workload.metadata, workload.namespace, Some(ambient), finding, found);
    }
}

fn judge(
    context: &Context<'_>,
    metadata: &Metadata,
    namespace: &str,
    ambient: Option<bool>,
    finding: impl Fn(meshc_source::Span, String) -> Diagnostic,
    found: &mut Vec<Diagnostic>,
) {
    let label =
        |name: &str| metadata.labels.iter().find(|(key, _)| key.value == name).map(|(_, value)| value);
    let Some(name) = label(USE).filter(|name: &&Spanned<String>| !name.is_empty() && name.value != "none")
    else {
        return;
    };
    if ambient == Some(false) {
        let message = format!(
            "waypoint `{}` is asked for and this is not in the ambient mesh: nobody goes through it",
            name.value
        );
        found.push(
            finding(name.span, message)
                .severity(Severity::Warning)
                .help("label the namespace `istio.io/dataplane-mode: ambient`, or remove the label")
                .alias("KIA1312"),
        );
    }
    let of = label("istio.io/use-waypoint-namespace").map_or(namespace, |of| of.value.as_str());
    let waypoints = || {
        context.resources.kubernetes_gateways.iter().filter(|gateway| {
            let class = gateway.spec.gateway_class_name.as_ref();
            gateway.namespace() == of && class.is_some_and(|class| class.value == "istio-waypoint")
        })
    };
    if waypoints().any(|gateway| gateway.name() == name.value) || context.mesh.external.has_gateway(of, name)
    {
        return;
    }
    let message = format!(
        "there is no waypoint `{of}/{}` in this tree: nobody reads the requests, routes and policies about them have no effect",
        name.value
    );
    let finding = finding(name.span, message).alias("KIA1313");
    let names = waypoints().map(meshc_resources::Object::name);
    let otherwise = format!("set it up: `istioctl waypoint generate`; {}", ways_out("gateways"));
    found.push(context.suggest(finding, name.span, name, names, otherwise));
}
