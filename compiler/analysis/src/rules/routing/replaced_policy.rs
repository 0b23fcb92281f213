//! Settings of a DestinationRule that those of a port replace in silence.

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_resources::Object;
use meshc_resources::istio::{DestinationRule, TrafficPolicy};
use meshc_source::Span;

use crate::rules::context::Context;

declare_rule! {
    /// ## What it does
    /// Finds `portLevelSettings` of DestinationRules that leave out settings which the `trafficPolicy` around them has.
    ///
    /// ## What happens to traffic
    /// At that port Istio's defaults hold for what is left out: settings for a port replace those for the host, they are not
    /// merged with them.
    ///
    /// ## Example
    /// ```yaml
    /// trafficPolicy:
    ///   connectionPool: {tcp: {maxConnections: 10}}
    ///   portLevelSettings:
    ///     - port: {number: 8080}
    ///       loadBalancer: {simple: ROUND_ROBIN}    # no limit of connections here
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// trafficPolicy:
    ///   connectionPool: {tcp: {maxConnections: 10}}
    ///   portLevelSettings:
    ///     - port: {number: 8080}
    ///       connectionPool: {tcp: {maxConnections: 10}}
    ///       loadBalancer: {simple: ROUND_ROBIN}
    /// ```
    pub REPLACED_POLICY = "MC1410", "replaced-policy", Warning, Mesh,
    "Settings of a DestinationRule that those of a port replace in silence",
    []
}

/// Every policy of every DestinationRule.
pub(super) fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    for object in &context.resources.destination_rules {
        if let Some(policy) = &object.spec.traffic_policy {
            of_policy(object, "trafficPolicy", policy, found);
        }
        for (index, subset) in object.spec.subsets.iter().enumerate() {
            if let Some(policy) = &subset.traffic_policy {
                of_policy(object, &format!("subsets[{index}].trafficPolicy"), policy, found);
            }
        }
    }
}

fn of_policy(
    object: &Object<DestinationRule>,
    path: &str,
    policy: &TrafficPolicy,
    found: &mut Vec<Diagnostic>,
) {
    for (index, port) in policy.port_level_settings.iter().enumerate() {
        let settings: [(&str, Option<Span>, bool); 4] = [
            ("loadBalancer", policy.load_balancer.as_ref().map(|s| s.span), port.load_balancer.is_some()),
            (
                "connectionPool",
                policy.connection_pool.as_ref().map(|s| s.span),
                port.connection_pool.is_some(),
            ),
            (
                "outlierDetection",
                policy.outlier_detection.as_ref().map(|s| s.span),
                port.outlier_detection.is_some(),
            ),
            ("tls", policy.tls.as_ref().map(|s| s.span), port.tls.is_some()),
        ];
        let lost: Vec<(&str, Span)> = settings
            .into_iter()
            .filter(|(_, _, again)| !again)
            .filter_map(|(name, span, _)| Some((name, span?)))
            .collect();
        let Some((_, first)) = lost.first() else { continue };
        let names: Vec<String> = lost.iter().map(|(name, _)| format!("`{name}`")).collect();
        let number = port.port.as_ref().and_then(|p| p.number.as_ref());
        let what = number.map_or_else(String::new, |number| format!(" of port {}", number.value));
        let message = format!(
            "{path}.portLevelSettings[{index}]: the settings{what} replace those of the host and do not have {}: Istio's \
             defaults hold there",
            names.join(", ")
        );
        let span = port.port.as_ref().map_or(port.span, |port| port.span);
        found.push(
            object
                .finding(&REPLACED_POLICY, span, message)
                .label(*first, "does not hold at that port")
                .help("repeat in the port's settings what is to hold there too"),
        );
    }
}
