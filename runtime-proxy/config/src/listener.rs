//! Listeners: an address and what runs on its connections.

use std::net::SocketAddr;
use std::sync::Arc;

use meshc_envoy as envoy;
use meshc_envoy::TypedConfig;

use crate::cluster::{plaintext, socket};
use crate::error::{At, ConfigError};
use crate::http_config::{Http, Tables};
use crate::tcp::TcpProxy;

/// A listener.
#[derive(Debug, Clone)]
pub struct Listener {
    /// Its name.
    pub name: Box<str>,
    /// Where it listens.
    pub address: SocketAddr,
    /// Whether it has a socket of its own.
    pub binds: bool,
    /// The name in statistics.
    pub stat_prefix: Box<str>,
    /// Hands redirected connections to the listener of the address that they were made to.
    pub hands_over: bool,
    /// Finds out which address a redirected connection was made to.
    pub restores_destination: bool,
    /// What runs on its connections: by the port that they were made to, `None` for all others.
    pub chains: Vec<(Option<u16>, Network)>,
}

/// What runs on a connection.
#[derive(Debug, Clone)]
pub enum Network {
    /// HTTP.
    Http(Arc<Http>),
    /// Bytes.
    Tcp(Arc<TcpProxy>),
}

impl Listener {
    pub(crate) fn new(
        listener: &envoy::Listener,
        tables: &Tables<'_>,
        root: &At<'_>,
        at: &At<'_>,
    ) -> Result<Self, ConfigError> {
        let envoy::Listener {
            name,
            address,
            additional_addresses,
            filter_chains,
            default_filter_chain,
            use_original_dst,
            transparent,
            listener_filters,
            // The inspectors that are accepted have nothing to wait for.
            listener_filters_timeout: _,
            continue_on_listener_filters_timeout: _,
            bind_to_port,
            traffic_direction: _,
            // A matter of speed alone.
            max_connections_to_accept_per_socket_event: _,
            stat_prefix,
            enable_reuse_port: _,
            per_connection_buffer_limit_bytes: _,
            metadata: _,
            access_log,
        } = listener;
        let Some(address) = address else { return Err(at.field("address").error("must be set")) };
        let address = socket(address, &at.field("address"))?;
        at.refuse("additional_addresses", additional_addresses)?;
        at.refuse("access_log", access_log)?;
        at.refuse("transparent", &transparent.filter(|transparent| *transparent))?;
        let hands_over = use_original_dst.unwrap_or(false);
        let mut restores_destination = hands_over;
        for (index, filter) in listener_filters.iter().enumerate() {
            let field = at.index("listener_filters", index);
            match &filter.typed_config {
                // They only feed matches of filter chains that are refused.
                Some(TypedConfig::HttpInspector(_) | TypedConfig::TlsInspector(_)) => {}
                Some(TypedConfig::OriginalDst(_)) => restores_destination = true,
                Some(other) => {
                    return Err(field.error(format!("{} is not implemented by mesh-proxy", other.type_url())));
                }
                None => return Err(field.field("typed_config").error("must be set")),
            }
        }
        let mut chains: Vec<(Option<u16>, Network)> = Vec::with_capacity(filter_chains.len() + 1);
        for (index, chain) in filter_chains.iter().enumerate() {
            let field = at.index("filter_chains", index);
            let port =
                destination_port(chain.filter_chain_match.as_ref(), &field.field("filter_chain_match"))?;
            if chains.iter().any(|(other, _)| *other == port) {
                return Err(field.field("filter_chain_match").error("another filter chain matches the same"));
            }
            chains.push((port, Network::new(chain, tables, root, &field)?));
        }
        if let Some(chain) = default_filter_chain {
            let field = at.field("default_filter_chain");
            let network = Network::new(chain, tables, root, &field)?;
            // A chain without a match takes all that the default would.
            if !chains.iter().any(|(port, _)| port.is_none()) {
                chains.push((None, network));
            }
        }
        if chains.is_empty() {
            return Err(at.field("filter_chains").error("must not be empty"));
        }
        Ok(Self {
            name: if name.is_empty() { address.to_string().into() } else { name.as_str().into() },
            address,
            binds: bind_to_port.unwrap_or(true),
            stat_prefix: if stat_prefix.is_empty() { address.to_string() } else { stat_prefix.clone() }
                .into(),
            hands_over,
            restores_destination,
            chains,
        })
    }
}

/// The port that a filter chain is for; `None` for all.
fn destination_port(
    matches: Option<&envoy::FilterChainMatch>,
    at: &At<'_>,
) -> Result<Option<u16>, ConfigError> {
    let Some(matches) = matches else { return Ok(None) };
    let envoy::FilterChainMatch {
        destination_port,
        prefix_ranges,
        source_prefix_ranges,
        server_names,
        transport_protocol,
        application_protocols,
    } = matches;
    at.refuse("prefix_ranges", prefix_ranges)?;
    at.refuse("source_prefix_ranges", source_prefix_ranges)?;
    at.refuse("server_names", server_names)?;
    at.refuse("transport_protocol", transport_protocol)?;
    at.refuse("application_protocols", application_protocols)?;
    destination_port
        .map(|port| {
            u16::try_from(port).map_err(|_| at.field("destination_port").error(format!("{port} is no port")))
        })
        .transpose()
}

impl Network {
    fn new(
        chain: &envoy::FilterChain,
        tables: &Tables<'_>,
        root: &At<'_>,
        at: &At<'_>,
    ) -> Result<Self, ConfigError> {
        let envoy::FilterChain {
            filter_chain_match: _,
            filters,
            transport_socket,
            transport_socket_connect_timeout: _,
            metadata: _,
            name: _,
        } = chain;
        plaintext(transport_socket.as_ref(), at)?;
        let (filter, field) = match filters.as_slice() {
            [filter] => (filter, at.index("filters", 0)),
            [] => return Err(at.field("filters").error("must not be empty")),
            _ => {
                return Err(at.index("filters", 1).error("mesh-proxy implements one network filter a chain"));
            }
        };
        let config = field.field("typed_config");
        field.refuse("config_discovery", &filter.config_discovery)?;
        match &filter.typed_config {
            Some(TypedConfig::HttpConnectionManager(manager)) => {
                Ok(Self::Http(Arc::new(Http::new(manager, tables, root, &config)?)))
            }
            Some(TypedConfig::TcpProxy(proxy)) => {
                Ok(Self::Tcp(Arc::new(TcpProxy::new(proxy, tables.clusters, &config)?)))
            }
            Some(other) => {
                Err(config.error(format!("{} is not implemented by mesh-proxy", other.type_url())))
            }
            None => Err(config.error("must be set")),
        }
    }
}
