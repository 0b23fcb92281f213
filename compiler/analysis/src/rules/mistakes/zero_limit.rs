//! A limit of zero, which Istio takes for none.

use meshc_diagnostics::{Diagnostic, declare_rule};

use crate::rules::context::Context;

declare_rule! {
    /// ## What it does
    /// Finds limits of a DestinationRule that are 0: `maxConnections`, `http1MaxPendingRequests`, `http2MaxRequests`,
    /// `maxRetries` and `maxEjectionPercent`.
    ///
    /// ## What happens to traffic
    /// Istio takes 0 for a setting that is not there: there is no limit, and `maxEjectionPercent` is Envoy's default of 10 %.
    ///
    /// ## Example
    /// ```yaml
    /// outlierDetection: {consecutive5xxErrors: 5, maxEjectionPercent: 0}
    /// ```
    ///
    /// ## Use instead
    /// Leave the setting out, or write the limit that is meant.
    pub ZERO_LIMIT = "MC1559", "zero-limit", Warning, Mesh,
    "A limit of zero, which Istio takes for none",
    []
}

/// Every traffic policy.
pub(super) fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    for object in &context.resources.destination_rules {
        let subsets = object.spec.subsets.iter().filter_map(|subset| subset.traffic_policy.as_ref());
        for policy in object.spec.traffic_policy.iter().chain(subsets) {
            let ports = &policy.port_level_settings;
            let pools =
                policy.connection_pool.iter().chain(ports.iter().filter_map(|p| p.connection_pool.as_ref()));
            for pool in pools {
                let http = pool.http.as_ref();
                let tcp = pool.tcp.as_ref();
                let limits = [
                    ("maxConnections", tcp.and_then(|tcp| tcp.max_connections.as_ref())),
                    (
                        "http1MaxPendingRequests",
                        http.and_then(|http| http.http1_max_pending_requests.as_ref()),
                    ),
                    ("http2MaxRequests", http.and_then(|http| http.http2_max_requests.as_ref())),
                    ("maxRetries", http.and_then(|http| http.max_retries.as_ref())),
                ];
                for (name, value) in limits {
                    let Some(value) = value.filter(|value| value.value == 0) else { continue };
                    let message = format!("Istio takes `{name}: 0` for no limit at all");
                    found.push(object.finding(&ZERO_LIMIT, value.span, message));
                }
            }
            let outliers = policy
                .outlier_detection
                .iter()
                .chain(ports.iter().filter_map(|p| p.outlier_detection.as_ref()));
            for value in outliers.filter_map(|outlier| outlier.max_ejection_percent.as_ref()) {
                if value.value == 0 {
                    let message = "Istio takes `maxEjectionPercent: 0` for Envoy's default, 10 %";
                    found.push(
                        object
                            .finding(&ZERO_LIMIT, value.span, message)
                            .help("to eject nothing leave `outlierDetection` out"),
                    );
                }
            }
        }
    }
}
