//! A destination that a route names twice.

use std::collections::BTreeMap;

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_mesh::hostname::qualify;

use super::routes;
use crate::rules::context::Context;

declare_rule! {
    /// ## What it does
    /// Finds routes two of whose destinations are the same host, subset and port.
    ///
    /// ## What happens to traffic
    /// Both get their shares, so that the destination gets the sum; most often the second was to be another one.
    ///
    /// ## Example
    /// ```yaml
    /// route:
    ///   - destination: {host: reviews, subset: v1}
    ///     weight: 90
    ///   - destination: {host: reviews, subset: v1}
    ///     weight: 10
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// route:
    ///   - destination: {host: reviews, subset: v1}
    ///     weight: 90
    ///   - destination: {host: reviews, subset: v2}
    ///     weight: 10
    /// ```
    ///
    /// ## Covers
    /// KIA1105. Kiali does not look at the port.
    pub REPEATED_DESTINATION = "MC1406", "repeated-destination", Warning, Mesh,
    "A destination that a route names twice",
    ["KIA1105"]
}

/// Every route with several destinations.
pub(super) fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    for route in routes::all(&context.resources.virtual_services).filter(|route| route.parts.len() > 1) {
        let mut first = BTreeMap::new();
        for (index, part) in route.parts.iter().enumerate() {
            let Some(destination) = part.destination else { continue };
            let Some(host) = &destination.host else { continue };
            let subset = destination.subset.as_ref().map_or("", |subset| subset.value.as_str());
            let port = destination.port.as_ref().and_then(|port| port.number.as_ref()).map(|n| n.value);
            let key = (qualify(host, route.object.namespace()), subset, port);
            let Some((earlier, span)) = first.get(&key) else {
                first.insert(key, (index, destination.span));
                continue;
            };
            let message = format!(
                "{path}.route[{index}] is the destination of {path}.route[{earlier}] again: it gets the share of both",
                path = route.path
            );
            found.push(
                route
                    .object
                    .finding(&REPEATED_DESTINATION, destination.span, message)
                    .label(*span, "the first")
                    .help("name the other subset or host, or add the weights up")
                    .alias("KIA1105"),
            );
        }
    }
}
