//! A field or kind that Istio has given up.

use std::collections::BTreeSet;

use meshc_diagnostics::{Diagnostic, declare_rule};

use crate::rules::context::Context;

declare_rule! {
    /// ## What it does
    /// Finds fields that Istio has replaced or ignores: `http[].fault.delay.percent`, `http[].mirrorPercent`,
    /// `outboundTrafficPolicy.egressProxy` of
    /// a Sidecar, Telemetry that uses a Lightstep provider; and definitions of kinds that are gone (`rbac.istio.io`).
    ///
    /// ## What happens to traffic
    /// `percent` still works, in whole numbers only; the others do nothing.
    ///
    /// ## Example
    /// ```yaml
    /// fault:
    ///   delay: {percent: 10, fixedDelay: 5s}
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// fault:
    ///   delay: {percentage: {value: 10}, fixedDelay: 5s}
    /// ```
    ///
    /// ## Covers
    /// IST0002, and IST0133 (what Istio's webhook warns of) for `mirrorPercent`.
    pub DEPRECATED_FIELD = "MC1416", "deprecated-field", Warning, Mesh,
    "A field or kind that Istio has given up",
    ["IST0002", "IST0133"]
}

/// Every place that may have one.
pub(super) fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    for object in &context.resources.virtual_services {
        for (number, route) in object.spec.http.iter().enumerate() {
            let delay = route.fault.as_ref().and_then(|fault| fault.delay.as_ref());
            let Some(percent) = delay.and_then(|delay| delay.percent.as_ref()) else { continue };
            if percent.value <= 0 {
                continue;
            }
            let message = format!(
                "http[{number}].fault.delay.percent is deprecated: `percentage` has taken its place, and takes fractions"
            );
            found.push(
                object
                    .finding(&DEPRECATED_FIELD, percent.span, message)
                    .help(format!("write `percentage: {{value: {}}}`", percent.value))
                    .alias("IST0002"),
            );
        }
    }
    for object in &context.resources.virtual_services {
        for percent in object.spec.http.iter().filter_map(|route| route.mirror_percent()) {
            let message =
                "`mirrorPercent` is deprecated: `mirrorPercentage` has taken its place, and takes fractions";
            found.push(
                object
                    .finding(&DEPRECATED_FIELD, percent.span, message)
                    .help(format!("write `mirrorPercentage: {{value: {}}}`", percent.value))
                    .alias("IST0133"),
            );
        }
    }
    for object in &context.resources.sidecars {
        let policy = object.spec.outbound_traffic_policy.as_ref();
        let Some(proxy) = policy.and_then(|policy| policy.egress_proxy.as_ref()) else { continue };
        let message =
            "outboundTrafficPolicy.egressProxy is ignored by Istio: the requests go where they were going";
        found.push(
            object
                .finding(&DEPRECATED_FIELD, proxy.span, message)
                .help("route them to the egress gateway by a VirtualService")
                .alias("IST0002"),
        );
    }
    for object in &context.resources.custom_resource_definitions {
        let Some(group) = object.spec.group.as_ref().filter(|group| group.value == "rbac.istio.io") else {
            continue;
        };
        let kind = object.spec.names.as_ref().and_then(|names| names.kind.as_ref());
        let kind = kind.map_or("", |kind| kind.value.as_str());
        if !["ClusterRbacConfig", "RbacConfig", "ServiceRole", "ServiceRoleBinding"].contains(&kind) {
            continue;
        }
        let message =
            format!("{kind} of rbac.istio.io is gone from Istio: resources of the kind have no effect");
        found.push(
            object
                .finding(&DEPRECATED_FIELD, group.span, message)
                .help("write AuthorizationPolicies")
                .alias("IST0002"),
        );
    }
    let providers = context.mesh_config.into_iter().flat_map(|config| &config.extension_providers);
    let lightstep: BTreeSet<&str> = providers
        .filter(|provider| provider.lightstep.is_some())
        .filter_map(|provider| provider.name.as_ref())
        .map(|name| name.value.as_str())
        .collect();
    for object in &context.resources.telemetries {
        for provider in object.spec.tracing.iter().flat_map(|tracing| &tracing.providers) {
            let Some(name) = provider.name.as_ref().filter(|name| lightstep.contains(name.as_str())) else {
                continue;
            };
            let message = format!("`{}` is a Lightstep provider, which Istio has given up", name.value);
            found.push(
                object
                    .finding(&DEPRECATED_FIELD, name.span, message)
                    .help("send spans to the same collector by an `opentelemetry` provider")
                    .alias("IST0002"),
            );
        }
    }
}
