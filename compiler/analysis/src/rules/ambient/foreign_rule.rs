//! Routes for a Service of the ambient mesh in another namespace than the Service's.

use meshc_diagnostics::{Diagnostic, declare_rule};

use super::layer::OfHost;

declare_rule! {
    /// ## What it does
    /// Finds VirtualServices and DestinationRules about requests to a Service of the ambient mesh that live in another
    /// namespace than the Service.
    ///
    /// ## What happens to traffic
    /// A waypoint follows those of the Service\'s own namespace: these have no effect.
    ///
    /// ## Example
    /// A VirtualService for `reviews.shop.svc.cluster.local` in namespace `routes`.
    ///
    /// ## Use instead
    /// The same in namespace `shop`.
    ///
    /// ## Covers
    /// KIA1114 (VirtualService), KIA0212 (DestinationRule).
    pub FOREIGN_RULE = "MC1633", "foreign-rule", Warning, Mesh,
    "Routes for a Service of the ambient mesh in another namespace than the Service\'s",
    ["KIA0212", "KIA1114"]
}

/// One host.
pub(super) fn check(of: &OfHost<'_>, found: &mut Vec<Diagnostic>) {
    let Some(service) = of.service.as_ref().filter(|service| service.namespace != of.namespace) else {
        return;
    };
    let message = format!(
        "the waypoint of Service `{}/{}` follows the {}s of namespace `{}` alone: this one has no effect",
        service.namespace, service.name, of.kind, service.namespace
    );
    let alias = if of.kind == "VirtualService" { "KIA1114" } else { "KIA0212" };
    found.push(
        of.finding(&FOREIGN_RULE, message)
            .label(service.span, "the Service")
            .help(format!("move it to namespace `{}`", service.namespace))
            .alias(alias),
    );
}
