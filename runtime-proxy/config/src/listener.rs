//! Listeners: an address and what runs on its connections.

use std::net::SocketAddr;
use std::sync::Arc;

use meshc_envoy as envoy;
use meshc_envoy::TypedConfig;

use crate::chain_match::ChainTable;
use crate::cluster::{plaintext, socket};
use crate::error::{At, ConfigError};
use crate::http_config::{Http, Tables};
use crate::inspectors::Inspectors;
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
    /// What is found out about a connection before its filter chain is chosen.
    pub inspectors: Inspectors,
    /// Which connections the filter chains are for.
    pub table: ChainTable,
    /// What runs on the connections of each filter chain, in the table's order.
    pub chains: Vec<Network>,
    /// What runs where no filter chain matches; a connection that nothing is for is closed.
    pub default_chain: Option<Network>,
}

/// What runs on a connection.
#[derive(Debug, Clone)]
pub enum Network {
    /// HTTP.
    Http(Arc<Http>),
    /// Bytes.
    Tcp(Arc<TcpProxy>),
    /// TLS with a certificate that has to come over SDS from an agent, which is not spoken yet: connections are closed,
    /// as Envoy closes them until the secret has come. Holds the secret's name.
    AwaitsSecret(Box<str>),
}

impl Listener {
    /// What runs on the connections of any chain.
    pub fn networks(&self) -> impl Iterator<Item = &Network> {
        self.chains.iter().chain(&self.default_chain)
    }
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
            listener_filters: _,
            listener_filters_timeout: _,
            continue_on_listener_filters_timeout: _,
            bind_to_port,
            traffic_direction: _,
            // Each worker accepts for itself: the kernel spreads connections.
            connection_balance_config: _,
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
        let inspectors = Inspectors::new(listener, at)?;
        let table = ChainTable::new(filter_chains, at)?;
        let chains = filter_chains
            .iter()
            .enumerate()
            .map(|(index, chain)| Network::new(chain, tables, root, &at.index("filter_chains", index)))
            .collect::<Result<Vec<_>, _>>()?;
        let default_chain = default_filter_chain
            .as_ref()
            .map(|chain| Network::new(chain, tables, root, &at.field("default_filter_chain")))
            .transpose()?;
        if chains.is_empty() && default_chain.is_none() {
            return Err(at.field("filter_chains").error("must not be empty"));
        }
        Ok(Self {
            name: if name.is_empty() { address.to_string().into() } else { name.as_str().into() },
            address,
            binds: bind_to_port.unwrap_or(true),
            stat_prefix: if stat_prefix.is_empty() { address.to_string() } else { stat_prefix.clone() }
                .into(),
            hands_over,
            inspectors,
            table,
            chains,
            default_chain,
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
            filter_chain_match: _,
            filters,
            transport_socket,
            transport_socket_connect_timeout: _,
            metadata: _,
            name: _,
        } = chain;
        let secret = awaited(transport_socket.as_ref());
        if secret.is_none() {
            plaintext(transport_socket.as_ref(), at)?;
        }
        let (filter, field) = match filters.as_slice() {
            [filter] => (filter, at.index("filters", 0)),
            [] => return Err(at.field("filters").error("must not be empty")),
            _ => {
                return Err(at.index("filters", 1).error("mesh-proxy implements one network filter a chain"));
            }
        };
        let config = field.field("typed_config");
        field.refuse("config_discovery", &filter.config_discovery)?;
        let network = match &filter.typed_config {
            Some(TypedConfig::HttpConnectionManager(manager)) => {
                Self::Http(Arc::new(Http::new(manager, tables, root, &config)?))
            }
            Some(TypedConfig::TcpProxy(proxy)) => {
                Self::Tcp(Arc::new(TcpProxy::new(proxy, tables.clusters, &config)?))
            }
            Some(other) => {
                return Err(config.error(format!("{} is not implemented by mesh-proxy", other.type_url())));
            }
            None => return Err(config.error("must be set")),
        };
        // What stands behind the handshake is compiled too, so that it is refused before the secret comes.
        Ok(secret.map_or(network, Self::AwaitsSecret))
    }
}

/// The name of the certificate that a chain waits for, where it is the mesh's own and comes over SDS from an agent.
fn awaited(socket: Option<&envoy::TransportSocket>) -> Option<Box<str>> {
    let Some(TypedConfig::DownstreamTlsContext(context)) = &socket?.typed_config else { return None };
    let [secret] = context.common_tls_context.as_ref()?.tls_certificate_sds_secret_configs.as_slice() else {
        return None;
    };
    secret.sds_config.as_ref()?.api_config_source.as_ref()?;
    Some(secret.name.as_str().into())
}
