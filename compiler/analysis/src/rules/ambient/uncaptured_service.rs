//! Routes for a Service that no waypoint stands before.

use meshc_diagnostics::{Diagnostic, declare_rule};

use super::layer::OfHost;

declare_rule! {
    /// ## What it does
    /// Finds VirtualServices and DestinationRules about requests to a Service of the ambient mesh that is not enrolled with a
    /// waypoint.
    ///
    /// ## What happens to traffic
    /// Nobody follows them: connections go straight to the pods.
    ///
    /// ## Example
    /// `http` routes for `reviews`, whose namespace is `ambient` and has no `istio.io/use-waypoint`.
    ///
    /// ## Use instead
    /// The label `istio.io/use-waypoint` on the Service or its namespace.
    ///
    /// ## Covers
    /// KIA1113 (VirtualService), KIA0211 (DestinationRule).
    pub UNCAPTURED_SERVICE = "MC1632", "uncaptured-service", Warning, Mesh,
    "Routes for a Service that no waypoint stands before",
    ["KIA0211", "KIA1113"]
}

/// One host.
pub(super) fn check(of: &OfHost<'_>, found: &mut Vec<Diagnostic>) {
    let Some(service) = of.service.as_ref().filter(|service| !service.has_waypoint) else { return };
    let message = format!(
        "Service `{}/{}` is in the ambient mesh without a waypoint: nobody follows the {}",
        service.namespace, service.name, of.kind
    );
    let alias = if of.kind == "VirtualService" { "KIA1113" } else { "KIA0211" };
    found.push(
        of.finding(&UNCAPTURED_SERVICE, message)
            .label(service.span, "without `istio.io/use-waypoint`")
            .help("label the Service or its namespace `istio.io/use-waypoint`")
            .alias(alias),
    );
}
