//! Listeners: addresses, filter chains and what chooses among them.

use serde_json::Value;

use crate::access_log::AccessLog;
use crate::cluster::TransportSocket;
use crate::message::{message, proto_enum};
use crate::scalar::{Duration, Empty, Metadata};
use crate::typed::TypedConfig;

message! {
    /// `envoy.config.listener.v3.Listener`.
    pub struct Listener {
        /// Unique name.
        pub name: String,
        /// Where it listens.
        pub address: Option<Address>,
        /// More addresses with the same filter chains.
        pub additional_addresses: Vec<AdditionalAddress>,
        /// What runs on a connection, chosen by `filter_chain_match`.
        pub filter_chains: Vec<FilterChain>,
        /// What runs where no filter chain matches.
        pub default_filter_chain: Option<FilterChain>,
        /// Hands redirected connections to the listener of their original address.
        pub use_original_dst: Option<bool>,
        /// Connections keep the address that they were made to.
        pub transparent: Option<bool>,
        /// What looks at the first bytes before a chain is chosen.
        pub listener_filters: Vec<ListenerFilter>,
        /// How long the listener filters wait for bytes (15 s).
        pub listener_filters_timeout: Option<Duration>,
        /// Whether a connection goes on when the listener filters saw too little.
        pub continue_on_listener_filters_timeout: bool,
        /// False: no socket of its own; another listener hands connections over.
        pub bind_to_port: Option<bool>,
        /// Which way its traffic goes, seen from the workload.
        pub traffic_direction: TrafficDirection,
        /// Connections that are accepted at one wake-up of the event loop.
        pub max_connections_to_accept_per_socket_event: Option<u32>,
        /// How connections are spread over threads (whoever accepts them keeps them).
        pub connection_balance_config: Option<ConnectionBalanceConfig>,
        /// The name in statistics in place of the address.
        pub stat_prefix: String,
        /// A socket for each worker.
        pub enable_reuse_port: Option<bool>,
        /// Bytes buffered for a connection (1 MiB).
        pub per_connection_buffer_limit_bytes: Option<u32>,
        /// Free data.
        pub metadata: Option<Metadata>,
        /// Logs of connections.
        pub access_log: Vec<AccessLog>,
    }

    /// How connections are spread over threads.
    pub struct ConnectionBalanceConfig {
        /// Each thread has as many as any other.
        pub exact_balance: Option<Empty>,
    }

    /// One more address of a listener.
    pub struct AdditionalAddress {
        /// The address.
        pub address: Option<Address>,
    }

    /// Where something listens: one of the two.
    pub struct Address {
        /// An IP address and a port.
        pub socket_address: Option<SocketAddress>,
        /// A Unix socket.
        pub pipe: Option<Pipe>,
    }

    /// An IP address and a port.
    pub struct SocketAddress {
        /// TCP or UDP.
        pub protocol: Protocol,
        /// The IP address, or a name where a cluster resolves names.
        pub address: String,
        /// The port.
        pub port_value: Option<u32>,
        /// An IPv6 address that takes IPv4 too.
        pub ipv4_compat: bool,
    }

    /// A Unix socket.
    pub struct Pipe {
        /// Its path; `@` first means the abstract namespace.
        pub path: String,
        /// The file's mode.
        pub mode: u32,
    }

    /// What runs on a connection.
    pub struct FilterChain {
        /// Which connections it is for; absent: all.
        pub filter_chain_match: Option<FilterChainMatch>,
        /// Network filters in order.
        pub filters: Vec<Filter>,
        /// Transport security.
        pub transport_socket: Option<TransportSocket>,
        /// How long the handshake may take.
        pub transport_socket_connect_timeout: Option<Duration>,
        /// Free data.
        pub metadata: Option<Metadata>,
        /// Name for logs.
        pub name: String,
    }

    /// Which connections a filter chain is for; the most specific chain wins.
    pub struct FilterChainMatch {
        /// The port that the connection was made to.
        pub destination_port: Option<u32>,
        /// The addresses that it was made to.
        pub prefix_ranges: Vec<CidrRange>,
        /// The addresses that it comes from.
        pub source_prefix_ranges: Vec<CidrRange>,
        /// The names that its TLS asks for.
        pub server_names: Vec<String>,
        /// `tls` or `raw_buffer`.
        pub transport_protocol: String,
        /// What ALPN or the inspector found.
        pub application_protocols: Vec<String>,
    }

    /// A range of addresses.
    pub struct CidrRange {
        /// Its first address.
        pub address_prefix: String,
        /// How many bits count.
        pub prefix_len: Option<u32>,
    }

    /// A network filter.
    pub struct Filter {
        /// Its name.
        pub name: String,
        /// What it is and does.
        pub typed_config: Option<TypedConfig>,
        /// Where what it does is discovered on its own (`ExtensionConfigSource`).
        pub config_discovery: Option<Value>,
    }

    /// A listener filter.
    pub struct ListenerFilter {
        /// Its name.
        pub name: String,
        /// What it is and does.
        pub typed_config: Option<TypedConfig>,
        /// Connections that it leaves alone (`ListenerFilterChainMatchPredicate`).
        pub filter_disabled: Option<Value>,
    }

    /// `envoy.extensions.filters.listener.http_inspector.v3.HttpInspector`.
    pub struct HttpInspector {}

    /// `envoy.extensions.filters.listener.original_dst.v3.OriginalDst`.
    pub struct OriginalDst {}

    /// `envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector`.
    pub struct TlsInspector {
        /// Bytes that it reads at first.
        pub initial_read_buffer_size: Option<u32>,
        /// Whether it makes a JA3 fingerprint.
        pub enable_ja3_fingerprinting: Option<bool>,
    }
}

impl Address {
    /// An IP address and port.
    pub fn socket(address: impl Into<String>, port: u16) -> Self {
        Self {
            socket_address: Some(SocketAddress {
                address: address.into(),
                port_value: Some(u32::from(port)),
                ..SocketAddress::default()
            }),
            pipe: None,
        }
    }
}

proto_enum! {
    /// The protocol of a socket.
    pub enum Protocol {
        /// TCP.
        #[default]
        Tcp = 0 "TCP",
        /// UDP.
        Udp = 1 "UDP",
    }

    /// Which way the traffic of a listener goes, seen from the workload.
    pub enum TrafficDirection {
        /// Not said.
        #[default]
        Unspecified = 0 "UNSPECIFIED",
        /// To the workload.
        Inbound = 1 "INBOUND",
        /// From the workload.
        Outbound = 2 "OUTBOUND",
    }
}
