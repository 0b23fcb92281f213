//! Where a proxy listens and how a chain is chosen for a connection.

use serde::Serialize;

use std::sync::Arc;

use super::{HttpChain, Origin, RouteTable, Security, ServerTls, TcpForward};

/// Which way traffic goes, as Envoy's `traffic_direction`; gateways are outbound in Istio.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// To the workload behind the proxy.
    Inbound,
    /// From it, or through a gateway.
    #[default]
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
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Listener {
    /// Istio's name: `0.0.0.0_9080`, `10.96.0.12_3306`, `virtualInbound`.
    pub name: String,
    /// The address: `0.0.0.0`, or a service's own for raw TCP.
    pub address: String,
    /// More addresses on the same port.
    pub extra_addresses: Vec<String>,
    /// The port; for inbound chains the port stands in the chain and this is Istio's capture port 15006.
    pub port: u16,
    /// Which way.
    pub direction: Direction,
    /// How connections come to it.
    pub binding: Binding,
    /// Connections keep the addresses of both ends (Istio's interception mode TPROXY).
    pub transparent: bool,
    /// What looks at a connection before a chain is chosen, in order.
    pub inspectors: Vec<Inspector>,
    /// In the order they were made; Envoy picks the most specific. What is done with ports that no service names is the
    /// same for most workloads, and one in memory.
    pub chains: Vec<Arc<Chain>>,
    /// For connections that no chain matches.
    pub fallback: Option<Chain>,
    /// What is checked of its connections and requests, on inbound listeners and on gateways.
    pub security: Option<Arc<Security>>,
    /// The Services, Gateways or workload that asked for it.
    pub origins: Vec<Origin>,
}

/// What looks at a connection before a chain is chosen: Envoy's listener filters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Inspector {
    /// Restores the destination that the connection was redirected from.
    OriginalDestination,
    /// Restores the source too (TPROXY).
    OriginalSource,
    /// Reads the addresses that a load balancer writes in front.
    ProxyProtocol,
    /// Finds out whether it is TLS, and its SNI and ALPN.
    Tls(Ports),
    /// Finds out whether it is HTTP.
    Http(Ports),
}

/// The destination ports of connections that an inspector looks at.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Ports {
    /// All.
    #[default]
    All,
    /// All but these.
    Except(Vec<u16>),
    /// These.
    Only(Vec<u16>),
}

/// One way to handle a connection.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Chain {
    /// Istio's name of the filter chain, where it gives one.
    pub name: Option<String>,
    /// The connections that it is for.
    pub matches: ChainMatch,
    /// How TLS is terminated; none where the bytes are taken as they come.
    pub tls: Option<Arc<ServerTls>>,
    /// What is done.
    pub action: ChainAction,
    /// The resource that Istio names in the chain's metadata: `/apis/GROUP/VERSION/namespaces/…`.
    pub config: Option<String>,
}

/// The connections that a chain is for; all that is set must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct ChainMatch {
    /// The destination port that the connection was meant for.
    pub destination_port: Option<u16>,
    /// The ranges that its destination is in, as `ADDRESS/BITS`.
    pub destinations: Vec<String>,
    /// The names that its TLS asks for, `*.` in front for all below.
    pub server_names: Vec<String>,
    /// TLS or not, as an inspector found.
    pub transport: Option<Transport>,
    /// What ALPN says, or what an inspector found.
    pub application_protocols: Vec<String>,
}

/// What carries the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Transport {
    /// TLS.
    Tls,
    /// Anything else.
    RawBuffer,
}

/// What is done with a connection.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ChainAction {
    /// HTTP, routed by the named table of the proxy (discovered on its own, Envoy's RDS).
    HttpTable {
        /// A key of [`super::Proxy::tables`].
        table: String,
        /// Settings of the connection.
        http: HttpChain,
    },
    /// HTTP, with the table in the listener itself (Istio's inbound chains).
    HttpInline {
        /// The table.
        table: Arc<RouteTable>,
        /// Settings of the connection.
        http: HttpChain,
    },
    /// Bytes to a cluster, or to one of several.
    Tcp(TcpForward),
}

// === impl Chain ===

impl Chain {
    /// A chain for every connection.
    pub fn new(action: ChainAction) -> Self {
        Self { name: None, matches: ChainMatch::default(), tls: None, action, config: None }
    }

    /// Whether it speaks HTTP.
    pub fn is_http(&self) -> bool {
        !matches!(self.action, ChainAction::Tcp(_))
    }

    /// Whether it is for TLS, terminated or passed on.
    pub fn is_tls(&self) -> bool {
        self.tls.is_some()
            || self.matches.transport == Some(Transport::Tls)
            || !self.matches.server_names.is_empty()
    }
}

impl ChainMatch {
    /// Whether it is for every connection.
    pub fn is_any(&self) -> bool {
        *self == Self::default()
    }
}

impl Listener {
    /// Its chains, the fallback last.
    pub fn all_chains(&self) -> impl Iterator<Item = &Chain> {
        self.chains.iter().map(|chain| &**chain).chain(&self.fallback)
    }

    /// The names of the route tables that its chains ask.
    pub fn tables(&self) -> impl Iterator<Item = &str> {
        self.all_chains().filter_map(|chain| match &chain.action {
            ChainAction::HttpTable { table, .. } => Some(table.as_str()),
            ChainAction::HttpInline { .. } | ChainAction::Tcp(_) => None,
        })
    }
}
