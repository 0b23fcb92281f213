//! The traffic policy of one port: a subset's over its DestinationRule's, a port's own in place of a whole one
//! (Istio's `MergeSubsetTrafficPolicy`).

use meshc_resources::istio::{
    ClientTlsMode, ClientTlsSettings, ConnectionPoolSettings, LoadBalancerSettings, OutlierDetection,
    ProxyProtocol, RetryBudget, SimpleLoadBalancer, TrafficPolicy,
};

use super::settings::Settings;

/// What holds for one port.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Policy<'a> {
    pub(super) load_balancer: Option<&'a LoadBalancerSettings>,
    pub(super) connection_pool: Option<&'a ConnectionPoolSettings>,
    pub(super) outlier_detection: Option<&'a OutlierDetection>,
    pub(super) tls: Option<&'a ClientTlsSettings>,
    pub(super) proxy_protocol: Option<&'a ProxyProtocol>,
    pub(super) retry_budget: Option<&'a RetryBudget>,
}

impl<'a> Policy<'a> {
    /// Of a DestinationRule, and of a subset of it.
    pub(super) fn of(rule: Option<&'a TrafficPolicy>, subset: Option<&'a TrafficPolicy>, port: u16) -> Self {
        let (of_rule, _) = Self::for_port(rule, port);
        of_rule.with_subset(subset, port)
    }

    /// The same over what the mesh says, which a rule inherits and a port's own policy in a subset does not.
    pub(super) fn within(
        settings: &'a Settings,
        rule: Option<&'a TrafficPolicy>,
        subset: Option<&'a TrafficPolicy>,
        port: u16,
    ) -> Self {
        let (mut of_rule, _) = Self::for_port(rule, port);
        of_rule.connection_pool = of_rule.connection_pool.or(settings.connection_pool.as_ref());
        of_rule.outlier_detection = of_rule.outlier_detection.or(settings.outlier_detection.as_ref());
        of_rule.with_subset(subset, port)
    }

    fn with_subset(self, subset: Option<&'a TrafficPolicy>, port: u16) -> Self {
        let Some(subset) = subset else { return self };
        let (of_subset, of_port) = Self::for_port(Some(subset), port);
        self.overridden(of_subset, of_port)
    }

    /// The policy of a port, and whether it is the port's own. Nothing is inherited by one of a port.
    fn for_port(policy: Option<&'a TrafficPolicy>, port: u16) -> (Self, bool) {
        let Some(policy) = policy else { return (Self::default(), false) };
        let of_port = policy.port_level_settings.iter().find(|settings| {
            let number =
                settings.port.as_ref().map(|own| own.number.as_ref().map_or(0, |number| number.value));
            number == Some(u32::from(port))
        });
        if let Some(own) = of_port {
            let own = Self {
                load_balancer: own.load_balancer.as_ref().map(|part| &part.value),
                connection_pool: own.connection_pool.as_ref().map(|part| &part.value),
                outlier_detection: own.outlier_detection.as_ref().map(|part| &part.value),
                tls: own.tls.as_ref().map(|part| &part.value),
                proxy_protocol: None,
                retry_budget: None,
            };
            return (own, true);
        }
        let whole = Self {
            load_balancer: policy.load_balancer.as_ref().map(|part| &part.value),
            connection_pool: policy.connection_pool.as_ref().map(|part| &part.value),
            outlier_detection: policy.outlier_detection.as_ref().map(|part| &part.value),
            tls: policy.tls.as_ref().map(|part| &part.value),
            proxy_protocol: policy.proxy_protocol.as_ref().map(|part| &part.value),
            retry_budget: policy.retry_budget.as_ref().map(|part| &part.value),
        };
        (whole, false)
    }

    /// Setting by setting; a port's own policy takes away what it does not say.
    fn overridden(self, by: Self, of_port: bool) -> Self {
        let inherited = if of_port { Self::default() } else { self };
        Self {
            load_balancer: by.load_balancer.or(inherited.load_balancer),
            connection_pool: by.connection_pool.or(inherited.connection_pool),
            outlier_detection: by.outlier_detection.or(inherited.outlier_detection),
            tls: by.tls.or(inherited.tls),
            proxy_protocol: by.proxy_protocol.or(self.proxy_protocol),
            retry_budget: by.retry_budget.or(self.retry_budget),
        }
    }

    /// The simple algorithm that is asked for.
    pub(super) fn simple(&self) -> Option<SimpleLoadBalancer> {
        simple(self.load_balancer)
    }

    /// The mode of TLS that is asked for.
    pub(super) fn tls_mode(&self) -> Option<ClientTlsMode> {
        self.tls.map(mode)
    }
}

/// The simple algorithm of some settings.
pub(super) fn simple(settings: Option<&LoadBalancerSettings>) -> Option<SimpleLoadBalancer> {
    settings.and_then(|settings| settings.simple.as_ref()).map(|simple| simple.value)
}

/// The mode of some settings.
pub(super) fn mode(tls: &ClientTlsSettings) -> ClientTlsMode {
    tls.mode.as_ref().map_or(ClientTlsMode::Disable, |mode| mode.value)
}

/// The mode of TLS that endpoints of a port are reached by where a DestinationRule says so: here a port's own policy
/// without TLS inherits that of the whole (Istio's `tlsModeForDestinationRule`).
pub(super) fn endpoint_tls_mode(
    rule: Option<&TrafficPolicy>,
    subset: Option<&TrafficPolicy>,
    port: u16,
) -> Option<ClientTlsMode> {
    let of = |policy: Option<&TrafficPolicy>| {
        let policy = policy?;
        let (own, of_port) = Policy::for_port(Some(policy), port);
        let own = own.tls.filter(|_| of_port).or_else(|| policy.tls.as_ref().map(|tls| &tls.value));
        own.map(mode)
    };
    of(subset).or_else(|| of(rule))
}
