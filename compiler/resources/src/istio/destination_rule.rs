//! `networking.istio.io` DestinationRule: subsets and the choice of an endpoint; the rest not yet.

use indexmap::IndexMap;
use meshc_syntax::de::{NotYet, Spanned};
use serde::Deserialize;

/// What holds after routing, for one host.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DestinationRule {
    /// A service's name, short or full, or with a leading wildcard.
    pub host: Option<Spanned<String>>,
    /// For all subsets.
    pub traffic_policy: Option<Spanned<TrafficPolicy>>,
    /// Named versions.
    pub subsets: Vec<Spanned<Subset>>,
    /// Namespaces that see it: `.`, `*` or names.
    pub export_to: Vec<Spanned<String>>,
    /// For some callers only, not yet.
    pub workload_selector: Option<NotYet>,
}

/// A named version of a service.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Subset {
    /// Its name.
    pub name: Option<Spanned<String>>,
    /// Labels of its endpoints.
    pub labels: IndexMap<Spanned<String>, Spanned<String>>,
    /// In place of the rule's, setting by setting.
    pub traffic_policy: Option<Spanned<TrafficPolicy>>,
}

/// Istio's `TrafficPolicy`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TrafficPolicy {
    /// How an endpoint is chosen.
    pub load_balancer: Option<Spanned<LoadBalancerSettings>>,
    /// Not yet.
    pub connection_pool: Option<NotYet>,
    /// Not yet.
    pub outlier_detection: Option<NotYet>,
    /// Not yet.
    pub tls: Option<NotYet>,
    /// Not yet.
    pub port_level_settings: Option<NotYet>,
    /// Not yet.
    pub tunnel: Option<NotYet>,
    /// Not yet.
    pub proxy_protocol: Option<NotYet>,
    /// Not yet.
    pub retry_budget: Option<NotYet>,
}

/// Istio's `LoadBalancerSettings`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct LoadBalancerSettings {
    /// By name.
    pub simple: Option<Spanned<SimpleLoadBalancer>>,
    /// Not yet.
    pub consistent_hash: Option<NotYet>,
    /// Not yet.
    pub locality_lb_setting: Option<NotYet>,
    /// Not yet.
    pub zone_aware_lb_setting: Option<NotYet>,
    /// Not yet.
    pub warmup: Option<NotYet>,
    /// Not yet.
    pub warmup_duration_secs: Option<NotYet>,
}

/// How an endpoint is chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum SimpleLoadBalancer {
    /// Istio's default: the less busy of two.
    Unspecified,
    /// Deprecated name of `LEAST_REQUEST`.
    LeastConn,
    /// By chance.
    Random,
    /// Wherever the connection was going.
    Passthrough,
    /// One after the other.
    RoundRobin,
    /// The less busy of two.
    LeastRequest,
}
