//! That a tree patches what Istio generates.

use meshc_diagnostics::{Diagnostic, declare_rule};

use crate::Object;
use crate::istio::EnvoyFilter;

declare_rule! {
    /// ## What it does
    /// Names each EnvoyFilter: it changes what Istio generates for proxies, which is no interface and may differ in the next
    /// release. Istio's webhook warns of every one; here it is only worth knowing.
    ///
    /// ## What happens to traffic
    /// It is as the patches say, as long as what they match is generated.
    ///
    /// ## Example
    /// ```yaml
    /// kind: EnvoyFilter
    /// spec:
    ///   configPatches:
    ///     - applyTo: CLUSTER
    ///       patch: {operation: MERGE, value: {connect_timeout: 1s}}
    /// ```
    ///
    /// ## Use instead
    /// Where there is one, the field of Istio's own: for this example `trafficPolicy.connectionPool.tcp.connectTimeout`
    /// of a DestinationRule.
    ///
    /// ## Covers
    /// IST0133 (what Istio's webhook warns of).
    pub ENVOY_FILTER = "MC0290", "envoy-filter", Info, Document,
    "An EnvoyFilter, whose patches a new release of Istio may break",
    ["IST0133"]
}

/// Every one, but those that are refused before the webhook comes to warn.
pub(crate) fn check(object: &Object<EnvoyFilter>, found: &mut Vec<Diagnostic>) {
    let selector = object.spec.workload_selector.as_ref();
    let is_refused = selector.is_some_and(|selector| {
        selector.labels.iter().any(|(key, value)| key.is_empty() || key.contains('*') || value.contains('*'))
    });
    if !is_refused {
        let message =
            "an EnvoyFilter patches what Istio generates, which a new release may generate otherwise";
        found.push(object.finding(&ENVOY_FILTER, object.name_span(), message).alias("IST0133"));
    }
}
