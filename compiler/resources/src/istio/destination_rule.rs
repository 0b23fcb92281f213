//! `networking.istio.io` DestinationRule: subsets, and what holds after routing.

use indexmap::IndexMap;
use meshc_syntax::de::{Duration, Spanned};
use schemars::JsonSchema;
use serde::Deserialize;

use super::client_tls::ClientTlsSettings;
use super::connection_pool::ConnectionPoolSettings;
use super::load_balancer::LoadBalancerSettings;
use super::{WorkloadSelector, at_least_a_millisecond};

/// What holds after routing, for one host.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct DestinationRule {
    /// A service's name, short or full, or with a leading wildcard.
    #[schemars(required)]
    pub host: Option<Spanned<String>>,
    /// For all subsets.
    pub traffic_policy: Option<Spanned<TrafficPolicy>>,
    /// Named versions.
    pub subsets: Vec<Spanned<Subset>>,
    /// Namespaces that see it: `.`, `*` or names.
    pub export_to: Vec<Spanned<String>>,
    /// Only callers with these labels follow it; then only those of its own namespace.
    pub workload_selector: Option<Spanned<WorkloadSelector>>,
}

/// A named version of a service.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Subset {
    /// Its name.
    #[schemars(required)]
    pub name: Option<Spanned<String>>,
    /// Labels of its endpoints.
    pub labels: IndexMap<Spanned<String>, Spanned<String>>,
    /// In place of the rule's, setting by setting.
    pub traffic_policy: Option<Spanned<TrafficPolicy>>,
}

/// Istio's `TrafficPolicy`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct TrafficPolicy {
    /// How an endpoint is chosen.
    pub load_balancer: Option<Box<Spanned<LoadBalancerSettings>>>,
    /// Limits of connections and requests.
    pub connection_pool: Option<Box<Spanned<ConnectionPoolSettings>>>,
    /// When an endpoint is put out.
    pub outlier_detection: Option<Box<Spanned<OutlierDetection>>>,
    /// TLS to the endpoints.
    pub tls: Option<Box<Spanned<ClientTlsSettings>>>,
    /// In place of the above for single ports, whole.
    #[schemars(length(max = 4096))]
    pub port_level_settings: Vec<Spanned<PortTrafficPolicy>>,
    /// TCP through an HTTP proxy.
    pub tunnel: Option<Box<Spanned<TunnelSettings>>>,
    /// Tells the endpoints the client's address.
    pub proxy_protocol: Option<Spanned<ProxyProtocol>>,
    /// Retries at once as a part of requests.
    pub retry_budget: Option<Spanned<RetryBudget>>,
}

/// Istio's `PortTrafficPolicy`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct PortTrafficPolicy {
    /// The service's port.
    pub port: Option<Spanned<PolicyPort>>,
    /// How an endpoint is chosen.
    pub load_balancer: Option<Box<Spanned<LoadBalancerSettings>>>,
    /// Limits of connections and requests.
    pub connection_pool: Option<Box<Spanned<ConnectionPoolSettings>>>,
    /// When an endpoint is put out.
    pub outlier_detection: Option<Box<Spanned<OutlierDetection>>>,
    /// TLS to the endpoints.
    pub tls: Option<Box<Spanned<ClientTlsSettings>>>,
}

/// The port that settings are for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct PolicyPort {
    /// The service's port.
    pub number: Option<Spanned<u32>>,
}

/// Istio's `OutlierDetection`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct OutlierDetection {
    /// Deprecated name of `consecutiveGatewayErrors`, of no effect where that is set.
    pub consecutive_errors: Option<Spanned<i32>>,
    /// Errors of connections are counted apart from answers.
    pub split_external_local_origin_errors: Option<Spanned<bool>>,
    /// Errors of connections in a row.
    #[schemars(extend("nullable" = true))]
    pub consecutive_local_origin_failures: Option<Spanned<u32>>,
    /// 502, 503 and 504 in a row; 0 turns this off.
    #[schemars(extend("nullable" = true))]
    pub consecutive_gateway_errors: Option<Spanned<u32>>,
    /// 5xx in a row; 0 turns this off.
    #[serde(rename = "consecutive5xxErrors")]
    #[schemars(extend("nullable" = true))]
    pub consecutive_5xx_errors: Option<Spanned<u32>>,
    /// How often it is looked (10 s).
    #[schemars(extend("x-kubernetes-validations" = at_least_a_millisecond()))]
    pub interval: Option<Spanned<Duration>>,
    /// How long an endpoint is out (30 s, times how often it was).
    #[schemars(extend("x-kubernetes-validations" = at_least_a_millisecond()))]
    pub base_ejection_time: Option<Spanned<Duration>>,
    /// How many endpoints may be out, in percent.
    pub max_ejection_percent: Option<Spanned<i32>>,
    /// Below how many healthy endpoints, in percent, all are used.
    pub min_health_percent: Option<Spanned<i32>>,
    /// Which statuses are errors.
    #[schemars(inner(range(min = 100, max = 599)))]
    pub outlier_detection_http_error_codes: Vec<Spanned<u32>>,
}

/// Istio's `TunnelSettings`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct TunnelSettings {
    /// `CONNECT`, the default, or `POST`.
    pub protocol: Option<Spanned<String>>,
    /// The host that the proxy is asked for.
    #[schemars(required)]
    pub target_host: Option<Spanned<String>>,
    /// Its port.
    #[schemars(required)]
    pub target_port: Option<Spanned<u32>>,
}

/// Istio's `ProxyProtocol`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ProxyProtocol {
    /// V1 when absent.
    pub version: Option<Spanned<ProxyProtocolVersion>>,
}

/// A version of the PROXY protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ProxyProtocolVersion {
    /// Text.
    V1,
    /// Binary.
    V2,
}

/// Istio's `RetryBudget`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct RetryBudget {
    /// Retries at once, in percent of requests at once (20).
    #[schemars(range(min = 0, max = 100), extend("nullable" = true))]
    pub percent: Option<Spanned<f64>>,
    /// Retries at once that are always allowed (3).
    pub min_retry_concurrency: Option<Spanned<u32>>,
    /// How long requests count, of no effect in Envoy.
    pub budget_interval: Option<Spanned<Duration>>,
}
