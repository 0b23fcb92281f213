//! Istio's `ConnectionPoolSettings`: limits of connections and requests.

use meshc_syntax::de::{Duration, Spanned};
use schemars::JsonSchema;
use serde::Deserialize;

use super::at_least_a_millisecond;

/// Istio's `ConnectionPoolSettings`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ConnectionPoolSettings {
    /// Of connections.
    pub tcp: Option<Spanned<TcpSettings>>,
    /// Of requests.
    pub http: Option<Spanned<HttpSettings>>,
}

/// Istio's `TCPSettings`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct TcpSettings {
    /// Connections (no limit).
    pub max_connections: Option<Spanned<i32>>,
    /// To make a connection (10 s).
    #[schemars(extend("x-kubernetes-validations" = at_least_a_millisecond()))]
    pub connect_timeout: Option<Spanned<Duration>>,
    /// Keepalive of TCP.
    pub tcp_keepalive: Option<Spanned<TcpKeepalive>>,
    /// How long a connection may live.
    #[schemars(extend("x-kubernetes-validations" = at_least_a_millisecond()))]
    pub max_connection_duration: Option<Spanned<Duration>>,
    /// How long a connection without bytes is kept (1 h); 0 is for ever.
    pub idle_timeout: Option<Spanned<Duration>>,
}

/// Istio's `TcpKeepalive`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct TcpKeepalive {
    /// Probes without an answer before the connection ends.
    pub probes: Option<Spanned<u32>>,
    /// Silence before the first probe.
    #[schemars(extend("x-kubernetes-validations" = at_least_a_millisecond()))]
    pub time: Option<Spanned<Duration>>,
    /// Between probes.
    #[schemars(extend("x-kubernetes-validations" = at_least_a_millisecond()))]
    pub interval: Option<Spanned<Duration>>,
}

/// Istio's `HTTPSettings`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct HttpSettings {
    /// Requests that wait for a connection (no limit).
    #[serde(rename = "http1MaxPendingRequests")]
    pub http1_max_pending_requests: Option<Spanned<i32>>,
    /// Requests at once (no limit).
    #[serde(rename = "http2MaxRequests")]
    pub http2_max_requests: Option<Spanned<i32>>,
    /// Requests of one connection (no limit).
    pub max_requests_per_connection: Option<Spanned<i32>>,
    /// Retries at once (no limit).
    pub max_retries: Option<Spanned<i32>>,
    /// How long a connection without requests is kept (1 h).
    #[schemars(extend("x-kubernetes-validations" = at_least_a_millisecond()))]
    pub idle_timeout: Option<Spanned<Duration>>,
    /// Whether HTTP/1.1 becomes HTTP/2.
    #[serde(rename = "h2UpgradePolicy")]
    pub h2_upgrade_policy: Option<Spanned<H2UpgradePolicy>>,
    /// The client's protocol goes on to the endpoint.
    pub use_client_protocol: Option<Spanned<bool>>,
    /// Streams at once on one HTTP/2 connection.
    pub max_concurrent_streams: Option<Spanned<i32>>,
    /// Pings on HTTP/2 connections.
    #[serde(rename = "http2KeepAlive")]
    pub http2_keep_alive: Option<Spanned<Http2KeepAlive>>,
}

/// Istio's `H2UpgradePolicy`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum H2UpgradePolicy {
    /// As the mesh says.
    Default,
    /// No.
    DoNotUpgrade,
    /// Yes.
    Upgrade,
}

/// Pings on HTTP/2 connections.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Http2KeepAlive {
    /// How often.
    #[schemars(extend("x-kubernetes-validations" = at_least_a_millisecond()))]
    pub interval: Option<Spanned<Duration>>,
    /// How long an answer may take.
    #[schemars(extend("x-kubernetes-validations" = at_least_a_millisecond()))]
    pub timeout: Option<Spanned<Duration>>,
}
