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
    /// What runs on its connections.
    pub network: Network,
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
            listener_filters,
            // The inspectors that are accepted wait for nothing where there is one filter chain.
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
        if *use_original_dst == Some(true) {
            return Err(at.field("use_original_dst").not_implemented());
        }
        for (index, filter) in listener_filters.iter().enumerate() {
            let field = at.index("listener_filters", index);
            match &filter.typed_config {
                // They only feed the choice among filter chains, of which there is one.
                Some(TypedConfig::HttpInspector(_) | TypedConfig::TlsInspector(_)) => {}
                Some(other) => {
                    return Err(field.error(format!("{} is not implemented by mesh-proxy", other.type_url())));
                }
                None => return Err(field.field("typed_config").error("must be set")),
            }
        }
        let (chain, field) = match (filter_chains.as_slice(), default_filter_chain) {
            ([chain], None) => (chain, at.index("filter_chains", 0)),
            ([], Some(chain)) => (chain, at.field("default_filter_chain")),
            ([], None) => return Err(at.field("filter_chains").error("must not be empty")),
            ([_], Some(_)) => return Err(at.field("default_filter_chain").not_implemented()),
            _ => {
                return Err(at
                    .index("filter_chains", 1)
                    .error("mesh-proxy implements one filter chain a listener"));
            }
        };
        let network = Network::new(chain, tables, root, &field)?;
        Ok(Self {
            name: if name.is_empty() { address.to_string().into() } else { name.as_str().into() },
            address,
            binds: bind_to_port.unwrap_or(true),
            stat_prefix: if stat_prefix.is_empty() { address.to_string() } else { stat_prefix.clone() }
                .into(),
            network,
        })
    }
}

impl Network {
    fn new(
        chain: &envoy::FilterChain,
        tables: &Tables<'_>,
        root: &At<'_>,
        at: &At<'_>,
    ) -> Result<Self, ConfigError> {
        let envoy::FilterChain {
            filter_chain_match,
            filters,
            transport_socket,
            transport_socket_connect_timeout: _,
            metadata: _,
            name: _,
        } = chain;
        if filter_chain_match.as_ref().is_some_and(|matches| *matches != envoy::FilterChainMatch::default()) {
            return Err(at.field("filter_chain_match").not_implemented());
        }
        plaintext(transport_socket.as_ref(), at)?;
        let (filter, field) = match filters.as_slice() {
            [filter] => (filter, at.index("filters", 0)),
            [] => return Err(at.field("filters").error("must not be empty")),
            _ => {
                return Err(at.index("filters", 1).error("mesh-proxy implements one network filter a chain"));
            }
        };
        let config = field.field("typed_config");
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
