//! What istiod takes with a warning: settings of destinations that are deprecated or have no effect.

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_source::Span;
use meshc_syntax::de::Spanned;

use crate::istio::{
    DestinationRule, LoadBalancerSettings, OutlierDetection, Resolution, ServiceEntry, TrafficPolicy,
    WorkloadEntry,
};
use crate::{Object, names};

declare_rule! {
    /// ## What it does
    /// Finds settings of DestinationRules, ServiceEntries and WorkloadEntries that Istio takes with a warning: deprecated
    /// ones, failover between places without outlier detection, selectors without labels or where nothing is selected,
    /// several hosts that share an address, an endpoint that only its network is known of.
    ///
    /// ## What happens to traffic
    /// The setting has no effect, or another one than it says: without outlier detection Envoy never learns that a place
    /// has failed.
    ///
    /// ## Example
    /// ```yaml
    /// trafficPolicy:
    ///   loadBalancer:
    ///     localityLbSetting:
    ///       failover: [{from: eu, to: us}]
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// trafficPolicy:
    ///   outlierDetection: {}
    ///   loadBalancer:
    ///     localityLbSetting:
    ///       failover: [{from: eu, to: us}]
    /// ```
    ///
    /// ## Covers
    /// IST0133 (what Istio's webhook warns of).
    pub SUSPECT_POLICY = "MC0224", "suspect-policy", Warning, Document,
    "A setting of a destination that has no effect, or is deprecated",
    ["IST0133"]
}

pub(crate) fn destination_rule(object: &Object<DestinationRule>, found: &mut Vec<Diagnostic>) {
    let subsets = object.spec.subsets.iter().filter_map(|subset| subset.traffic_policy.as_ref());
    for policy in object.spec.traffic_policy.iter().chain(subsets) {
        for (span, text) in suspect(policy) {
            found.push(object.finding(&SUSPECT_POLICY, span, text));
        }
    }
}

fn suspect(policy: &TrafficPolicy) -> Vec<(Span, &'static str)> {
    let mut found = Vec::new();
    parts(policy.load_balancer.as_deref(), policy.outlier_detection.as_deref(), &mut found);
    for settings in &policy.port_level_settings {
        parts(settings.load_balancer.as_deref(), settings.outlier_detection.as_deref(), &mut found);
    }
    found
}

fn parts(
    balancer: Option<&Spanned<LoadBalancerSettings>>,
    outlier: Option<&Spanned<OutlierDetection>>,
    found: &mut Vec<(Span, &'static str)>,
) {
    if let Some(errors) = outlier.and_then(|outlier| outlier.consecutive_errors.as_ref())
        && errors.value != 0
    {
        found.push((
            errors.span,
            "`consecutiveErrors` is deprecated and has no effect: use `consecutiveGatewayErrors` or `consecutive5xxErrors`",
        ));
    }
    let Some(balancer) = balancer else { return };
    let size = balancer.consistent_hash.as_ref().and_then(|hash| hash.minimum_ring_size.as_ref());
    if let Some(size) = size.filter(|size| size.value != 0) {
        found.push((size.span, "`minimumRingSize` is deprecated here: use `ringHash.minimumRingSize`"));
    }
    let by_locality = balancer.locality_lb_setting.as_ref();
    let by_zone = balancer.zone_aware_lb_setting.as_ref();
    let fails_over = by_locality
        .filter(|setting| !setting.failover.is_empty() || !setting.failover_priority.is_empty())
        .map(|setting| setting.span)
        .or_else(|| {
            let setting = by_zone
                .filter(|setting| !setting.failover.is_empty() || !setting.failover_priority.is_empty());
            setting.map(|setting| setting.span)
        });
    if let (Some(span), None) = (fails_over, outlier) {
        found.push((
            span,
            "without `outlierDetection` Envoy never learns that a place has failed: there is no failover",
        ));
    }
}

pub(crate) fn service_entry(object: &Object<ServiceEntry>, found: &mut Vec<Diagnostic>) {
    let spec = &object.spec;
    let resolution = spec.resolution.as_ref().map_or(Resolution::None, |resolution| resolution.value);
    let mut warn = |span: Span, text: &str| found.push(object.finding(&SUSPECT_POLICY, span, text));
    if let Some(selector) = &spec.workload_selector {
        if selector.labels.is_empty() {
            warn(selector.span, "a selector without labels selects every workload of the namespace");
        }
        if resolution == Resolution::None {
            warn(
                selector.span,
                "with resolution NONE connections go where they were going: nothing is selected",
            );
        }
    }
    for host in spec.hosts.iter().filter(|_| resolution != Resolution::DynamicDns) {
        if let Some(why) = names::partial_wildcard(&host.value) {
            warn(host.span, &why);
        }
    }
    let by_name = matches!(resolution, Resolution::Dns | Resolution::DnsRoundRobin);
    let tcp = spec.ports.iter().find(|port| {
        let protocol = port.protocol.as_ref().map_or("", |protocol| protocol.value.as_str());
        ["tcp", "https", "tls", "mongo", "redis", "mysql"].contains(&protocol.to_ascii_lowercase().as_str())
    });
    if let (true, Some(address), true, Some(_)) = (by_name, spec.addresses.first(), spec.hosts.len() > 1, tcp)
    {
        warn(address.span, "several hosts share this address: on a TCP port they cannot be told apart");
    }
}

pub(crate) fn workload_entry(object: &Object<WorkloadEntry>, found: &mut Vec<Diagnostic>) {
    let spec = &object.spec;
    let empty = |value: &Option<Spanned<String>>| value.as_ref().is_none_or(|value| value.is_empty());
    if let Some(network) = spec.network.as_ref().filter(|network| !network.is_empty())
        && empty(&spec.address)
    {
        let text = "without an address it is reached by its network's gateway alone";
        found.push(object.finding(&SUSPECT_POLICY, network.span, text));
    }
}
