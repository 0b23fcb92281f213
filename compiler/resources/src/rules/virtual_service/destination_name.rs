//! Destinations that Istio refuses.

use meshc_diagnostics::{Diagnostic, declare_rule};

use super::text;
use crate::Object;
use crate::istio::{Destination, VirtualService};
use crate::names;
use crate::rules::webhook::Refusals;
use meshc_syntax::de::Spanned;

declare_rule! {
    /// ## What it does
    /// Finds destinations and mirrors whose host is no name, or `*`, whose subset is no label of a DNS name, or whose port is
    /// none.
    ///
    /// ## What happens to traffic
    /// Istio's webhook refuses the VirtualService; nothing of it takes effect.
    ///
    /// ## Example
    /// ```yaml
    /// destination: {host: reviews, port: {}}
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// destination: {host: reviews, port: {number: 9080}}
    /// ```
    ///
    /// ## Covers
    /// IST0106 (what Istio's webhook refuses).
    pub DESTINATION_NAME = "MC0258", "destination-name", Error, Document,
    "A destination that Istio refuses",
    ["IST0106"]
}

/// Those of all routes, and of copies.
pub(crate) fn check(object: &Object<VirtualService>, found: &mut Vec<Diagnostic>) {
    let mut refusals = Refusals { object, rule: &DESTINATION_NAME, found };
    let spec = &object.spec;
    let http = spec.http.iter().flat_map(|route| {
        let mirrors = route.mirrors.iter().filter_map(|mirror| mirror.destination.as_ref());
        // One without a host is told elsewhere.
        let named = |destination: &&Spanned<Destination>| !text(destination.host.as_ref()).is_empty();
        let routed = route.route.iter().filter_map(|part| part.destination.as_ref()).filter(named);
        routed.chain(route.mirror.as_deref()).chain(mirrors)
    });
    let tls = spec.tls.iter().flat_map(|route| &route.route);
    let passed = tls.chain(spec.tcp.iter().flat_map(|route| &route.route));
    for destination in http.chain(passed.filter_map(|part| part.destination.as_ref())) {
        refusals.maybe(destination.span, problem(destination));
    }
}

fn problem(destination: &Destination) -> Option<String> {
    let host = text(destination.host.as_ref());
    let of_host = if host == "*" {
        Some("the host `*` is no destination".to_owned())
    } else {
        names::wildcard_domain(host).map(|why| format!("the host `{host}`: {why}"))
    };
    let subset = text(destination.subset.as_ref());
    let of_subset = (!subset.is_empty() && !names::is_label(subset))
        .then(|| format!("`{subset}` is no name of a subset"));
    let number = destination.port.as_ref().map(|port| port.number.as_ref().map_or(0, |number| number.value));
    of_host.or(of_subset).or_else(|| names::port(i64::from(number?)))
}
