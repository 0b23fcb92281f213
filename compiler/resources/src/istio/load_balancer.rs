//! Istio's `LoadBalancerSettings`: how an endpoint is chosen.

use indexmap::IndexMap;
use meshc_syntax::de::{Duration, Spanned};
use schemars::JsonSchema;
use serde::Deserialize;

use super::at_least_a_millisecond;

/// Istio's `LoadBalancerSettings`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("x-meshc-one-of" = [["simple", "consistentHash"]]))]
pub struct LoadBalancerSettings {
    /// By name.
    pub simple: Option<Spanned<SimpleLoadBalancer>>,
    /// By a hash of the request.
    pub consistent_hash: Option<Spanned<ConsistentHash>>,
    /// By where the endpoints are; in place of the mesh's setting.
    pub locality_lb_setting: Option<Spanned<LocalityLbSetting>>,
    /// By zone.
    pub zone_aware_lb_setting: Option<Spanned<ZoneAwareLbSetting>>,
    /// Deprecated: `warmup` with this duration.
    #[schemars(extend("x-kubernetes-validations" = at_least_a_millisecond()))]
    pub warmup_duration_secs: Option<Spanned<Duration>>,
    /// New endpoints get their share little by little.
    pub warmup: Option<Spanned<Warmup>>,
}

/// How an endpoint is chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
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

/// Istio's `ConsistentHashLB`: what is hashed, and how an endpoint follows from it.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("x-meshc-one-of" = [
    ["httpHeaderName", "httpCookie", "useSourceIp", "httpQueryParameterName"],
    ["ringHash", "maglev"],
]))]
pub struct ConsistentHash {
    /// A header.
    pub http_header_name: Option<Spanned<String>>,
    /// A cookie.
    pub http_cookie: Option<Spanned<HttpCookie>>,
    /// The client's address.
    pub use_source_ip: Option<Spanned<bool>>,
    /// A query parameter.
    pub http_query_parameter_name: Option<Spanned<String>>,
    /// On a ring: the default.
    pub ring_hash: Option<Spanned<RingHash>>,
    /// In a table.
    pub maglev: Option<Spanned<Maglev>>,
    /// Deprecated: `ringHash.minimumRingSize`.
    pub minimum_ring_size: Option<Spanned<u64>>,
}

/// Istio's `HTTPCookie`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct HttpCookie {
    /// Its name.
    #[schemars(required)]
    pub name: Option<Spanned<String>>,
    /// Its path, where it is made.
    pub path: Option<Spanned<String>>,
    /// How long it lives, where it is made; where this is absent none is made.
    pub ttl: Option<Spanned<Duration>>,
    /// More attributes, where it is made.
    pub attributes: Vec<Spanned<CookieAttribute>>,
}

/// An attribute of a cookie.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct CookieAttribute {
    /// Its name.
    #[schemars(required)]
    pub name: Option<Spanned<String>>,
    /// Its value.
    pub value: Option<Spanned<String>>,
}

/// Istio's `RingHash`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct RingHash {
    /// Entries at least (1,024).
    pub minimum_ring_size: Option<Spanned<u64>>,
}

/// Istio's `MagLev`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Maglev {
    /// Entries, a prime (65,537).
    pub table_size: Option<Spanned<u64>>,
}

/// Istio's `WarmupConfiguration`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Warmup {
    /// Over how long.
    #[schemars(required, extend("x-kubernetes-validations" = at_least_a_millisecond()))]
    pub duration: Option<Spanned<Duration>>,
    /// The share that it starts with, in percent (10).
    #[schemars(range(min = 0, max = 100), extend("nullable" = true))]
    pub minimum_percent: Option<Spanned<f64>>,
    /// How fast it grows: 1 is linear.
    #[schemars(range(min = 0), extend("nullable" = true))]
    pub aggression: Option<Spanned<f64>>,
}

/// Istio's `LocalityLoadBalancerSetting`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct LocalityLbSetting {
    /// Shares of places, by the caller's place.
    pub distribute: Vec<Spanned<LocalityDistribute>>,
    /// Which region comes after the caller's own.
    pub failover: Vec<Spanned<LocalityFailover>>,
    /// Labels whose equality puts an endpoint first.
    pub failover_priority: Vec<Spanned<String>>,
    /// On, unless it says off.
    #[schemars(extend("nullable" = true))]
    pub enabled: Option<Spanned<bool>>,
}

/// Istio's `LocalityLoadBalancerSetting.Distribute`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct LocalityDistribute {
    /// The caller's place: `region/zone/subzone`, with `*` for the rest.
    pub from: Option<Spanned<String>>,
    /// Places and their shares; together 100.
    pub to: IndexMap<Spanned<String>, Spanned<u32>>,
}

/// Istio's `LocalityLoadBalancerSetting.Failover`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct LocalityFailover {
    /// A region.
    pub from: Option<Spanned<String>>,
    /// The region that comes after it.
    pub to: Option<Spanned<String>>,
}

/// Istio's `ZoneAwareLoadBalancerSetting`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ZoneAwareLbSetting {
    /// Which region comes after the caller's own.
    pub failover: Vec<Spanned<LocalityFailover>>,
    /// Labels whose equality puts an endpoint first.
    pub failover_priority: Vec<Spanned<String>>,
    /// On, unless it says off.
    #[schemars(extend("nullable" = true))]
    pub enabled: Option<Spanned<bool>>,
    /// Fewer endpoints than these are not told apart by zone (6).
    #[schemars(range(min = 1), extend("nullable" = true))]
    pub min_cluster_size: Option<Spanned<u64>>,
}
