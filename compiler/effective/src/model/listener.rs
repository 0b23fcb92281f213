//! Where a proxy listens and what it does with a connection.

use serde::Serialize;

use std::sync::Arc;

use super::{Origin, RouteTable, Security};

/// Which way traffic goes, as Envoy's `traffic_direction`; gateways are outbound in Istio.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// To the workload behind the proxy.
    Inbound,
    /// From it, or through a gateway.
    Outbound,
}

/// How connections come to a listener.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Binding {
    /// It has a socket of its own: gateways, and everything in a local layout.
    #[default]
    Bound,
    /// It has none; `virtualOutbound` hands over what was meant for its address (Envoy's `bind_to_port: false`).
    Captured,
    /// It has a socket to which the pod's traffic is redirected, and looks at the original destination:
    /// `virtualOutbound` (which hands over) and `virtualInbound` (which chooses a chain by port).
    CapturePoint,
}

/// One address that a proxy serves.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Listener {
    /// Istio's name: `0.0.0.0_9080`, `10.96.0.12_3306`, `virtualInbound`.
    pub name: String,
    /// The address: `0.0.0.0`, or a service's own for raw TCP.
    pub address: String,
    /// The port; for inbound chains the port stands in the chain and this is Istio's capture port 15006.
    pub port: u16,
    /// Which way.
    pub direction: Direction,
    /// How connections come to it.
    pub binding: Binding,
    /// In the order they were made; Envoy picks the most specific.
    pub chains: Vec<Chain>,
    /// What is checked of its connections and requests, on inbound listeners and on gateways.
    pub security: Option<Arc<Security>>,
    /// The Services, Gateways or workload that asked for it.
    pub origins: Vec<Origin>,
}

/// One way to handle a connection.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Chain {
    /// Istio's name of the filter chain, where it gives one.
    pub name: Option<String>,
    /// The destination port that the connection was meant for, on inbound chains.
    pub destination_port: Option<u16>,
    /// What is done.
    pub action: ChainAction,
}

/// What is done with a connection.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ChainAction {
    /// HTTP, routed by the named table of the proxy (discovered on its own, Envoy's RDS).
    HttpTable {
        /// A key of [`super::Proxy::tables`].
        table: String,
    },
    /// HTTP, with the table in the listener itself (Istio's inbound chains).
    HttpInline {
        /// The table.
        table: Arc<RouteTable>,
    },
    /// Bytes to a cluster.
    Tcp {
        /// A key of [`super::Proxy::clusters`].
        cluster: String,
    },
}
