//! Two Services for the same pods and the same port.

use std::collections::BTreeMap;

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_resources::Object;
use meshc_resources::kubernetes::ServiceSpec;

use crate::rules::context::Context;

declare_rule! {
    /// ## What it does
    /// Finds Services of one namespace with the same selector that have a port number in common (a headless Service
    /// beside another is left alone: StatefulSets have both).
    ///
    /// ## What happens to traffic
    /// Each of the names is routed by itself: routes and policies for one do not hold for requests to the other, though
    /// both end at the same pods. At the pods one of the Services decides what is spoken on the port.
    ///
    /// ## Example
    /// Services `reviews` and `reviews-v2`, both with `selector: {app: reviews}` and port 9080.
    ///
    /// ## Use instead
    /// One Service, and subsets of a DestinationRule to tell versions apart; or a selector for each that tells the
    /// pods apart.
    pub SHARED_SELECTOR = "MC1118", "shared-selector", Info, Mesh,
    "Two Services for the same pods and the same port",
    []
}

/// Every pair in a namespace.
pub(super) fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    let mut first: BTreeMap<(&str, BTreeMap<&str, &str>, u32), &Object<ServiceSpec>> = BTreeMap::new();
    for object in &context.resources.services {
        let headless = object.spec.cluster_ip.as_ref().is_some_and(|ip| ip.value == "None");
        if headless || object.spec.selector.is_empty() {
            continue;
        }
        let selector: BTreeMap<&str, &str> =
            object.spec.selector.iter().map(|(k, v)| (k.value.as_str(), v.value.as_str())).collect();
        let mut told = None;
        for port in object.spec.ports.iter().filter_map(|port| port.port.as_ref()) {
            let other = *first.entry((object.namespace(), selector.clone(), port.value)).or_insert(object);
            if other.name() == object.name() || told == Some(other.name()) {
                continue;
            }
            told = Some(other.name());
            let message = format!(
                "Service `{}` has the same selector and port {}: routes and policies for one of the names do not hold \
                 for requests to the other",
                other.name(),
                port.value
            );
            let span = object
                .spec
                .selector
                .first()
                .map_or(object.name_span(), |(key, value)| key.span.join(value.span));
            found.push(
                object
                    .finding(&SHARED_SELECTOR, span, message)
                    .label(other.name_span(), "the other Service")
                    .help("keep one of them, or give each a selector of its own"),
            );
        }
    }
}
