//! Listeners: the addresses, what looks at a connection first, and the chains.
//!
//! For Istio's own build everything is written as its control plane writes it. For stock Envoy and mesh-proxy the
//! filters that only Istio's build has are left out.

mod http;
mod inspectors;
mod istio;
mod network;
mod security;
mod telemetry;
mod tls;
mod tracing;

use std::sync::Arc;

use meshc_effective::model::{
    Binding, Chain, ChainAction, ChainMatch, Direction, Listener, Proxy, ProxyKind, Transport,
};
use meshc_envoy as envoy;

use crate::Target;

/// Which of Istio's three classes a listener is of, and for whom it is written.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) proxy: &'a Proxy,
    pub(crate) target: Target,
    pub(crate) class: Class,
}

/// Istio's classes of listeners.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    SidecarInbound,
    SidecarOutbound,
    Gateway,
}

impl<'a> Place<'a> {
    fn of(listener: &Listener, proxy: &'a Proxy, target: Target) -> Self {
        let class = match (proxy.kind, listener.direction) {
            (ProxyKind::Gateway, _) => Class::Gateway,
            (ProxyKind::Sidecar, Direction::Inbound) => Class::SidecarInbound,
            (ProxyKind::Sidecar, Direction::Outbound) => Class::SidecarOutbound,
        };
        Self { proxy, target, class }
    }

    /// Whether Istio's own filters are written.
    pub(crate) fn is_istio(self) -> bool {
        self.target == Target::IstioProxy
    }
}

/// What of a proxy, besides the listener itself, decides how one is written: proxies that do not differ here share.
pub(crate) fn surroundings(proxy: &Proxy, target: Target) -> Arc<str> {
    let kind = match proxy.kind {
        ProxyKind::Gateway => "gateway",
        ProxyKind::Sidecar => "sidecar",
    };
    // What they tell and whose code they run: each is one thing in memory for all proxies that share it.
    let telemetry = Arc::as_ptr(&proxy.telemetry).addr();
    let extensions = Arc::as_ptr(&proxy.extensions).addr();
    let label = |key: &str| proxy.labels.get(key).map_or("", String::as_str);
    let (name, revision) = (label(tracing::CANONICAL_NAME), label(tracing::CANONICAL_REVISION));
    let traces = [&proxy.telemetry.client, &proxy.telemetry.server].iter().any(|side| side.tracing.is_some());
    let who = match target {
        Target::Envoy if !traces => String::new(),
        Target::Envoy => format!("{} {}", proxy.id.namespace, proxy.workload),
        Target::IstioProxy => proxy.id.namespace.clone(),
    };
    let settings = Arc::as_ptr(&proxy.settings).addr();
    let family = if proxy.ip.contains(':') { "v6" } else { "v4" };
    format!("{kind} {family} {telemetry:x} {extensions:x} {settings:x} {who} {name} {revision}").into()
}

/// How long Istio lets a handshake take, in seconds.
const HANDSHAKE_TIMEOUT: u64 = 15;

/// Envoy's `Listener`.
pub(crate) fn listener(listener: &Listener, proxy: &Proxy, target: Target) -> envoy::Listener {
    let place = Place::of(listener, proxy, target);
    let captures = listener.binding == Binding::CapturePoint;
    let hands_over = captures && place.class == Class::SidecarOutbound;
    // Only listeners of single ports bound the handshake: those that everything comes through do not terminate TLS
    // of strangers.
    let bounds_handshake = !captures && place.class != Class::SidecarInbound;
    let chain = |chain: &Chain| self::chain(chain, place, bounds_handshake);
    envoy::Listener {
        name: listener.name.clone(),
        address: Some(address(&listener.address, listener.port)),
        additional_addresses: listener
            .extra_addresses
            .iter()
            .map(|address| additional(address, listener.port))
            .collect(),
        filter_chains: listener.chains.iter().map(|of| chain(of)).collect(),
        default_filter_chain: listener.fallback.as_ref().map(|fallback| envoy::FilterChain {
            // Istio writes an empty match on what it adds itself.
            filter_chain_match: fallback.name.as_ref().map(|_| envoy::FilterChainMatch::default()),
            ..chain(fallback)
        }),
        use_original_dst: hands_over.then_some(true),
        transparent: listener.transparent.then_some(true),
        listener_filters: inspectors::filters(listener),
        listener_filters_timeout: inspectors::timeout(listener, place),
        continue_on_listener_filters_timeout: inspectors::goes_on(listener, place),
        bind_to_port: (listener.binding == Binding::Captured).then_some(false),
        max_connections_to_accept_per_socket_event: (listener.binding != Binding::Captured).then_some(1),
        connection_balance_config: balances(listener, place)
            .then(|| envoy::ConnectionBalanceConfig { exact_balance: Some(envoy::Empty::default()) }),
        access_log: telemetry::listener_log(listener, place),
        per_connection_buffer_limit_bytes: place
            .proxy
            .settings
            .connections
            .listener_buffer
            .filter(|_| place.class == Class::Gateway),
        traffic_direction: match listener.direction {
            Direction::Inbound => envoy::TrafficDirection::Inbound,
            Direction::Outbound => envoy::TrafficDirection::Outbound,
        },
        ..envoy::Listener::default()
    }
}

/// Whether connections are spread evenly over threads: never those that are handed over to other listeners.
fn balances(listener: &Listener, place: Place<'_>) -> bool {
    let settings = &place.proxy.settings;
    match place.class {
        Class::SidecarInbound => settings.balances_inbound,
        Class::SidecarOutbound => settings.balances_outbound && listener.binding != Binding::CapturePoint,
        Class::Gateway => settings.balances_outbound,
    }
}

/// A socket of the network, or one of the file system.
fn address(address: &str, port: u16) -> envoy::Address {
    match address.strip_prefix("unix://") {
        Some(path) => envoy::Address {
            pipe: Some(envoy::Pipe { path: path.to_owned(), ..envoy::Pipe::default() }),
            socket_address: None,
        },
        None => envoy::Address::socket(address, port),
    }
}

fn additional(address: &str, port: u16) -> envoy::AdditionalAddress {
    envoy::AdditionalAddress { address: Some(self::address(address, port)) }
}

fn chain(chain: &Chain, place: Place<'_>, bounds_handshake: bool) -> envoy::FilterChain {
    let filters = match &chain.action {
        ChainAction::HttpTable { table, http } => http::filters(http::Routes::Named(table), http, place),
        ChainAction::HttpInline { table, http } => http::filters(http::Routes::Inline(table), http, place),
        ChainAction::Tcp(forward) => network::filters(forward, place),
    };
    // The fallback that Istio adds itself is bare.
    let bounds_handshake = bounds_handshake && chain.name.is_none();
    envoy::FilterChain {
        name: chain.name.clone().unwrap_or_default(),
        filter_chain_match: matches(&chain.matches),
        filters,
        transport_socket: chain.tls.as_deref().map(tls::socket),
        transport_socket_connect_timeout: bounds_handshake
            .then_some(envoy::Duration::from_secs(HANDSHAKE_TIMEOUT)),
        metadata: chain.config.as_deref().map(metadata),
    }
}

fn matches(matches: &ChainMatch) -> Option<envoy::FilterChainMatch> {
    if matches.is_any() {
        return None;
    }
    let range = |range: &String| {
        let (address, bits) = range.split_once('/').unwrap_or((range, ""));
        envoy::CidrRange { address_prefix: address.to_owned(), prefix_len: bits.parse().ok() }
    };
    Some(envoy::FilterChainMatch {
        destination_port: matches.destination_port.map(u32::from),
        prefix_ranges: matches.destinations.iter().map(range).collect(),
        server_names: matches.server_names.clone(),
        transport_protocol: match matches.transport {
            Some(Transport::Tls) => "tls".to_owned(),
            Some(Transport::RawBuffer) => "raw_buffer".to_owned(),
            None => String::new(),
        },
        application_protocols: matches.application_protocols.clone(),
        ..envoy::FilterChainMatch::default()
    })
}

/// Where Istio notes which resource something was made from.
fn metadata(config: &str) -> envoy::Metadata {
    let mut istio = envoy::Struct::new();
    istio.insert("config".to_owned(), config.into());
    envoy::Metadata { filter_metadata: [("istio".to_owned(), istio)].into() }
}

/// A network filter.
fn network_filter(name: &str, typed_config: envoy::TypedConfig) -> envoy::Filter {
    envoy::Filter { name: name.to_owned(), typed_config: Some(typed_config), ..envoy::Filter::default() }
}
