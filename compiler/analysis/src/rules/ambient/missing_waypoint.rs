//! A resource about requests where no waypoint reads any.

use meshc_diagnostics::{Diagnostic, declare_rule};

use super::layer::{OfHost, Policy};
use super::{is_ambient, waypoint};
use crate::rules::context::Context;

declare_rule! {
    /// ## What it does
    /// Finds AuthorizationPolicies, RequestAuthentications, WasmPlugins, Telemetry resources, VirtualServices and
    /// DestinationRules about requests in namespaces of the ambient mesh whose workloads or Services are not enrolled with a
    /// waypoint (label `istio.io/use-waypoint`).
    ///
    /// ## What happens to traffic
    /// ztunnel passes bytes on and reads no requests: routes, tokens and plugins have no effect. Of an AuthorizationPolicy it
    /// leaves the rules about requests out; with `ALLOW` nothing is allowed then.
    ///
    /// ## Example
    /// `http` routes in a namespace with `istio.io/dataplane-mode: ambient`.
    ///
    /// ## Use instead
    /// ```yaml
    /// kind: Namespace
    /// metadata:
    ///   labels: {istio.io/dataplane-mode: ambient, istio.io/use-waypoint: waypoint}
    /// ```
    ///
    /// ## Covers
    /// KIA0109 (AuthorizationPolicy), KIA0210 (DestinationRule), KIA1109 (VirtualService), KIA1110 (RequestAuthentication),
    /// KIA1111 (WasmPlugin), KIA1112 (Telemetry).
    pub MISSING_WAYPOINT = "MC1630", "missing-waypoint", Warning, Mesh,
    "A resource about requests where no waypoint reads any",
    ["KIA0109", "KIA0210", "KIA1109", "KIA1110", "KIA1111", "KIA1112"]
}

const HELP: &str = "label the namespace or the Service `istio.io/use-waypoint`, and set the waypoint up: \
                    `istioctl waypoint apply`";

/// A policy.
pub(super) fn check(context: &Context<'_>, policy: &Policy<'_>, found: &mut Vec<Diagnostic>) {
    let mut services = policy
        .targets
        .iter()
        .filter(|target| {
            let group = target.group.as_ref().map_or("", |group| group.value.as_str());
            let kind = target.kind.as_ref().map_or("", |kind| kind.value.as_str());
            kind == "Service" && matches!(group, "" | "core")
        })
        .filter_map(|target| context.service_object(policy.namespace, target.name.as_ref()?))
        .peekable();
    let missing = if services.peek().is_some() {
        services.any(|service| {
            let own = service.metadata.label("istio.io/use-waypoint");
            waypoint(context, own, policy.namespace).is_none()
        })
    } else if policy.targets.is_empty() && !policy.selector.is_empty() {
        let mut pods = context
            .pods
            .selected(Some(policy.namespace), &policy.selector)
            .filter(|pod| pod.labels.get("istio.io/dataplane-mode").is_none_or(|mode| mode != "none"));
        pods.any(|pod| {
            let own = pod.labels.get("istio.io/use-waypoint").map(String::as_str);
            waypoint(context, own, policy.namespace).is_none()
        })
    } else {
        policy.targets.is_empty() && waypoint(context, None, policy.namespace).is_none()
    };
    if !missing {
        return;
    }
    let alias = match policy.kind {
        "AuthorizationPolicy" => "KIA0109",
        "RequestAuthentication" => "KIA1110",
        "WasmPlugin" => "KIA1111",
        _ => "KIA1112",
    };
    let message = format!(
        "the {} is about requests, and in the ambient mesh nobody reads them without a waypoint: it has no effect",
        policy.kind
    );
    found.push(policy.finding(&MISSING_WAYPOINT, message).help(HELP).alias(alias));
}

/// A host that is no Service of the ambient mesh, in a namespace of it.
pub(super) fn of_host(context: &Context<'_>, of: &OfHost<'_>, found: &mut Vec<Diagnostic>) {
    let ambient = is_ambient(context, of.namespace);
    if of.service.is_some() || !ambient || waypoint(context, None, of.namespace).is_some() {
        return;
    }
    let message = format!(
        "the {} is about requests to `{}`, and in the ambient mesh nobody reads them without a waypoint: callers of this \
         namespace do not follow it",
        of.kind, of.host.value
    );
    let alias = if of.kind == "VirtualService" { "KIA1109" } else { "KIA0210" };
    found.push(of.finding(&MISSING_WAYPOINT, message).help(HELP).alias(alias));
}
