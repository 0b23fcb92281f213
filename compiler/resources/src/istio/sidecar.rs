//! `networking.istio.io` Sidecar: what the sidecars of some workloads see and take.

use indexmap::IndexMap;
use meshc_syntax::de::Spanned;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::{ConnectionPoolSettings, Destination, ServerTls};

/// What the sidecars of some workloads see and take.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Sidecar {
    /// Which workloads of its namespace; all when absent.
    pub workload_selector: Option<Spanned<SidecarSelector>>,
    /// Where requests are taken; by the services of the workload when empty.
    pub ingress: Vec<Spanned<IngressListener>>,
    /// What the workload reaches, and how; everything that it sees when empty.
    pub egress: Vec<Spanned<EgressListener>>,
    /// Of all inbound ports that do not say otherwise.
    pub inbound_connection_pool: Option<Spanned<ConnectionPoolSettings>>,
    /// What happens to requests to hosts that the sidecar does not know.
    pub outbound_traffic_policy: Option<Spanned<OutboundTrafficPolicy>>,
}

/// Workloads by their labels, as the networking resources write it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct SidecarSelector {
    /// All of them; any workload when empty.
    #[schemars(
        extend("maxProperties" = 256),
        transform = meshc_schema::values(json!({
            "maxLength": 63,
            "x-kubernetes-validations": [
                {"rule": "!self.contains(\"*\")", "message": "wildcard is not supported in selector"},
            ],
        }))
    )]
    pub labels: IndexMap<Spanned<String>, Spanned<String>>,
}

/// A port where requests are taken.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct IngressListener {
    /// The port.
    #[schemars(required)]
    pub port: Option<Spanned<SidecarPort>>,
    /// An address of the pod; its own when absent.
    pub bind: Option<Spanned<String>>,
    /// How connections come to it.
    pub capture_mode: Option<Spanned<CaptureMode>>,
    /// The application: `127.0.0.1:PORT`, `0.0.0.0:PORT`, `[::1]:PORT`, `[::]:PORT`, `unix:///PATH`; the same port of
    /// the pod when absent.
    pub default_endpoint: Option<Spanned<String>>,
    /// TLS that the sidecar terminates.
    pub tls: Option<Spanned<ServerTls>>,
    /// Of this port.
    pub connection_pool: Option<Spanned<ConnectionPoolSettings>>,
}

/// A port, or all ports, by which the workload reaches some hosts.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct EgressListener {
    /// The port; all that no other listener has when absent.
    pub port: Option<Spanned<SidecarPort>>,
    /// An address or a Unix socket to listen on.
    pub bind: Option<Spanned<String>>,
    /// How connections come to it.
    pub capture_mode: Option<Spanned<CaptureMode>>,
    /// `NAMESPACE/HOST`; the namespace may be `*` or `.`, a `~` before it leaves out.
    #[schemars(extend("x-meshc-required" = true))]
    pub hosts: Vec<Spanned<String>>,
}

/// A port of a sidecar.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct SidecarPort {
    /// Its number; 0 for a Unix socket.
    pub number: Option<Spanned<u32>>,
    /// What is spoken on it.
    pub protocol: Option<Spanned<String>>,
    /// A label.
    pub name: Option<Spanned<String>>,
    /// Deprecated: Istio refuses it.
    pub target_port: Option<Spanned<u32>>,
}

/// How connections come to a listener.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CaptureMode {
    /// As the proxy is set up.
    #[default]
    Default,
    /// By redirection.
    Iptables,
    /// The application speaks to the port itself.
    None,
}

/// What happens to requests to hosts that a sidecar does not know.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct OutboundTrafficPolicy {
    /// `REGISTRY_ONLY` when the policy is written without it.
    pub mode: Option<Spanned<OutboundMode>>,
    /// For `ALLOW_ANY`: where they go in place of where they were going.
    pub egress_proxy: Option<Spanned<Destination>>,
}

/// What happens to requests to hosts that a sidecar does not know.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum OutboundMode {
    /// They are refused.
    #[default]
    RegistryOnly,
    /// They go where they were going.
    AllowAny,
}
