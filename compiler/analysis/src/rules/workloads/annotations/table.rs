//! The annotations that Istio knows (`annotation/annotations.gen.go` of `istio/api`).

/// How far an annotation's feature has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Maturity {
    /// May change or go.
    Alpha,
    /// Tested.
    Beta,
    /// Promised.
    Stable,
}

/// An annotation.
pub(super) struct Known {
    /// Its name.
    pub(super) name: &'static str,
    /// How far it has come.
    pub(super) maturity: Maturity,
    /// It will go.
    pub(super) deprecated: bool,
    /// The kinds that it may stand on; `Any` is any.
    pub(super) kinds: &'static [&'static str],
}

const fn known(
    name: &'static str,
    maturity: Maturity,
    deprecated: bool,
    kinds: &'static [&'static str],
) -> Known {
    Known { name, maturity, deprecated, kinds }
}

/// All, by name.
#[rustfmt::skip]
pub(super) const ALL: &[Known] = &[
    known("alpha.istio.io/canonical-serviceaccounts", Maturity::Alpha, true, &["Service"]),
    known("alpha.istio.io/kubernetes-serviceaccounts", Maturity::Alpha, true, &["Service"]),
    known("ambient.istio.io/bypass-inbound-capture", Maturity::Alpha, false, &["Pod"]),
    known("ambient.istio.io/dns-capture", Maturity::Alpha, false, &["Pod"]),
    known("ambient.istio.io/redirection", Maturity::Beta, false, &["Pod"]),
    known("ambient.istio.io/waypoint-inbound-binding", Maturity::Alpha, false, &["GatewayClass", "Gateway"]),
    known("galley.istio.io/analyze-suppress", Maturity::Alpha, false, &["Any"]),
    known("gateway.istio.io/controller-version", Maturity::Alpha, false, &["Any"]),
    known("gateway.istio.io/name-override", Maturity::Alpha, false, &["Gateway"]),
    known("gateway.istio.io/service-account", Maturity::Alpha, false, &["Gateway"]),
    known("inject.istio.io/templates", Maturity::Alpha, false, &["Pod"]),
    known("istio.io/autoRegistrationGroup", Maturity::Alpha, false, &["WorkloadEntry"]),
    known("istio.io/connectedAt", Maturity::Alpha, false, &["WorkloadEntry"]),
    known("istio.io/disconnectedAt", Maturity::Alpha, false, &["WorkloadEntry"]),
    known("istio.io/dry-run", Maturity::Alpha, false, &["AuthorizationPolicy"]),
    known("istio.io/reroute-virtual-interfaces", Maturity::Alpha, false, &["Pod"]),
    known("istio.io/rev", Maturity::Alpha, false, &["Pod"]),
    known("istio.io/use-waypoint-canary-weight", Maturity::Alpha, false, &["Service", "ServiceEntry", "Namespace"]),
    known("istio.io/workloadController", Maturity::Alpha, false, &["WorkloadEntry"]),
    known("kubernetes.io/ingress.class", Maturity::Stable, false, &["Ingress"]),
    known("networking.istio.io/exportTo", Maturity::Alpha, false, &["Service"]),
    known("networking.istio.io/service-type", Maturity::Alpha, false, &["Gateway"]),
    known("networking.istio.io/traffic-distribution", Maturity::Alpha, false, &["Namespace", "Service", "ServiceEntry"]),
    known("prometheus.istio.io/merge-metrics", Maturity::Alpha, false, &["Pod"]),
    known("proxy.istio.io/config", Maturity::Beta, false, &["Pod"]),
    known("proxy.istio.io/overrides", Maturity::Alpha, false, &["Pod"]),
    known("readiness.status.sidecar.istio.io/applicationPorts", Maturity::Alpha, false, &["Pod"]),
    known("readiness.status.sidecar.istio.io/failureThreshold", Maturity::Alpha, false, &["Pod"]),
    known("readiness.status.sidecar.istio.io/initialDelaySeconds", Maturity::Alpha, false, &["Pod"]),
    known("readiness.status.sidecar.istio.io/periodSeconds", Maturity::Alpha, false, &["Pod"]),
    known("sidecar.istio.io/agentLogLevel", Maturity::Alpha, false, &["Pod"]),
    known("sidecar.istio.io/bootstrapOverride", Maturity::Alpha, false, &["Pod"]),
    known("sidecar.istio.io/componentLogLevel", Maturity::Alpha, false, &["Pod"]),
    known("sidecar.istio.io/discoveryAddress", Maturity::Alpha, true, &["Pod"]),
    known("sidecar.istio.io/extraStatTags", Maturity::Alpha, true, &["Pod"]),
    known("sidecar.istio.io/inject", Maturity::Beta, true, &["Pod"]),
    known("sidecar.istio.io/interceptionMode", Maturity::Alpha, false, &["Pod"]),
    known("sidecar.istio.io/logLevel", Maturity::Alpha, false, &["Pod"]),
    known("sidecar.istio.io/nativeSidecar", Maturity::Alpha, false, &["Pod"]),
    known("sidecar.istio.io/proxyCPU", Maturity::Alpha, false, &["Pod"]),
    known("sidecar.istio.io/proxyCPULimit", Maturity::Alpha, false, &["Pod"]),
    known("sidecar.istio.io/proxyImage", Maturity::Alpha, false, &["Pod"]),
    known("sidecar.istio.io/proxyImageType", Maturity::Alpha, false, &["Pod"]),
    known("sidecar.istio.io/proxyMemory", Maturity::Alpha, false, &["Pod"]),
    known("sidecar.istio.io/proxyMemoryLimit", Maturity::Alpha, false, &["Pod"]),
    known("sidecar.istio.io/rewriteAppHTTPProbers", Maturity::Alpha, false, &["Pod"]),
    known("sidecar.istio.io/statsCompression", Maturity::Alpha, true, &["Pod"]),
    known("sidecar.istio.io/statsEvictionInterval", Maturity::Alpha, false, &["Pod"]),
    known("sidecar.istio.io/statsFlushInterval", Maturity::Alpha, false, &["Pod"]),
    known("sidecar.istio.io/statsHistogramBins", Maturity::Alpha, false, &["Pod"]),
    known("sidecar.istio.io/statsHistogramBuckets", Maturity::Alpha, false, &["Pod"]),
    known("sidecar.istio.io/statsInclusionPrefixes", Maturity::Alpha, true, &["Pod"]),
    known("sidecar.istio.io/statsInclusionRegexps", Maturity::Alpha, true, &["Pod"]),
    known("sidecar.istio.io/statsInclusionSuffixes", Maturity::Alpha, true, &["Pod"]),
    known("sidecar.istio.io/status", Maturity::Alpha, false, &["Pod"]),
    known("sidecar.istio.io/userVolume", Maturity::Alpha, false, &["Pod"]),
    known("sidecar.istio.io/userVolumeMount", Maturity::Alpha, false, &["Pod"]),
    known("status.sidecar.istio.io/port", Maturity::Alpha, false, &["Pod"]),
    known("topology.istio.io/controlPlaneClusters", Maturity::Alpha, false, &["Namespace"]),
    known("traffic.istio.io/nodeSelector", Maturity::Stable, false, &["Service"]),
    known("traffic.sidecar.istio.io/excludeInboundPorts", Maturity::Alpha, false, &["Pod"]),
    known("traffic.sidecar.istio.io/excludeInterfaces", Maturity::Alpha, false, &["Pod"]),
    known("traffic.sidecar.istio.io/excludeOutboundIPRanges", Maturity::Alpha, false, &["Pod"]),
    known("traffic.sidecar.istio.io/excludeOutboundPorts", Maturity::Alpha, false, &["Pod"]),
    known("traffic.sidecar.istio.io/includeInboundPorts", Maturity::Alpha, false, &["Pod"]),
    known("traffic.sidecar.istio.io/includeOutboundIPRanges", Maturity::Alpha, false, &["Pod"]),
    known("traffic.sidecar.istio.io/includeOutboundPorts", Maturity::Alpha, false, &["Pod"]),
    known("traffic.sidecar.istio.io/kubevirtInterfaces", Maturity::Alpha, true, &["Pod"]),
];

/// Annotations that Istio itself writes, which nobody has to answer for.
const BY_ISTIO: [&str; 3] =
    ["sidecar.istio.io/status", "gateway.istio.io/controller-version", "istio.io/rev"];

impl Known {
    /// The one with this name.
    pub(super) fn find(name: &str) -> Option<&'static Self> {
        ALL.binary_search_by(|known| known.name.cmp(name)).ok().and_then(|index| ALL.get(index))
    }

    /// Whether it may stand on a kind.
    pub(super) fn may_stand_on(&self, kind: &str) -> bool {
        self.kinds.iter().any(|allowed| *allowed == "Any" || *allowed == kind)
    }
}

/// Whether Istio itself writes it.
pub(super) fn is_by_istio(name: &str) -> bool {
    BY_ISTIO.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_so_that_it_can_be_searched() {
        assert!(ALL.windows(2).all(|pair| pair[0].name < pair[1].name));
        assert!(Known::find("sidecar.istio.io/inject").is_some_and(|known| known.deprecated));
        assert!(Known::find("sidecar.istio.io/injekt").is_none());
    }
}
