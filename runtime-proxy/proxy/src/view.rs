//! One worker's view of a snapshot: what is configured, with the pools, statistics and logs that belong to it.

use std::cell::RefCell;
use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::rc::Rc;
use std::sync::Arc;

use mesh_proxy_config::{
    ChainTable, ConnectionFacts, Http, Inspectors, Listener, Network, Snapshot, TcpProxy,
};

use crate::access_log::{LogBuffer, LogBuffers};
use crate::balance::Balancer;
use crate::pool::Upstream;
use crate::random::Random;
use crate::stats::{ClusterStats, HttpStats, ListenerStats, Registry, Scope, TcpStats};

/// Which listener a socket belongs to: its address, or its name where the system chooses the port.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum ListenerKey {
    /// By address.
    Address(SocketAddr),
    /// By name.
    Name(Box<str>),
}

impl ListenerKey {
    /// The key of a listener.
    pub(crate) fn of(listener: &Listener) -> Self {
        if listener.address.port() == 0 {
            Self::Name(listener.name.clone())
        } else {
            Self::Address(listener.address)
        }
    }
}

/// A worker's view.
pub(crate) struct View {
    /// Its clusters, by the indices of the snapshot.
    pub(crate) clusters: Vec<Rc<ClusterView>>,
    listeners: HashMap<ListenerKey, ListenerView>,
}

/// A listener.
#[derive(Clone)]
pub(crate) struct ListenerView {
    /// What is found out about a connection before its filter chain is chosen.
    pub(crate) inspectors: Rc<Inspectors>,
    table: Rc<ChainTable>,
    chains: Rc<[NetworkView]>,
    default_chain: Option<NetworkView>,
    /// Hands redirected connections to the listener of the address that they were made to.
    pub(crate) hands_over: bool,
    /// Its statistics.
    pub(crate) stats: Arc<ListenerStats>,
}

impl ListenerView {
    /// What runs on a connection; `None` where nothing is for it.
    pub(crate) fn network(&self, facts: &ConnectionFacts) -> Option<&NetworkView> {
        self.table.find(facts).map(|index| &self.chains[index]).or(self.default_chain.as_ref())
    }

    fn networks(&self) -> impl Iterator<Item = &NetworkView> {
        self.chains.iter().chain(&self.default_chain)
    }
}

/// What runs on a connection.
#[derive(Clone)]
pub(crate) enum NetworkView {
    /// HTTP.
    Http(Rc<HttpView>),
    /// Bytes.
    Tcp(Rc<TcpView>),
    /// TLS whose certificate has not come.
    AwaitsSecret,
}

/// A connection manager.
pub(crate) struct HttpView {
    /// What is configured.
    pub(crate) config: Arc<Http>,
    /// Its statistics.
    pub(crate) stats: Arc<HttpStats>,
    /// Where its access logs go, in their order.
    pub(crate) logs: Vec<Rc<LogBuffer>>,
}

/// A TCP proxy.
pub(crate) struct TcpView {
    /// What is configured.
    pub(crate) config: Arc<TcpProxy>,
    /// Its statistics.
    pub(crate) stats: Arc<TcpStats>,
}

/// A cluster.
pub(crate) struct ClusterView {
    /// What is configured.
    pub(crate) config: mesh_proxy_config::Cluster,
    /// Its endpoints and how one is chosen.
    pub(crate) balancer: Balancer,
    /// The endpoints that connections were made to, where the cluster follows them.
    destinations: RefCell<HashMap<SocketAddr, Rc<Upstream>>>,
    registry: Arc<Registry>,
    /// Its statistics.
    pub(crate) stats: Arc<ClusterStats>,
}

impl View {
    /// The view before there is a configuration.
    pub(crate) fn empty() -> Self {
        Self { clusters: Vec::new(), listeners: HashMap::new() }
    }

    /// The view of a snapshot. Connections and statistics of clusters and endpoints that stay are kept.
    pub(crate) fn new(snapshot: Snapshot, old: &Self, registry: &Arc<Registry>, logs: &LogBuffers) -> Self {
        let before: HashMap<&str, &Rc<ClusterView>> =
            old.clusters.iter().map(|cluster| (&*cluster.config.name, cluster)).collect();
        let clusters = snapshot
            .clusters
            .into_iter()
            .map(|config| Rc::new(ClusterView::new(config, &before, registry)))
            .collect();
        let mut listeners = HashMap::with_capacity(snapshot.listeners.len());
        let mut http_stats: HashMap<Box<str>, Arc<HttpStats>> = HashMap::new();
        let mut tcp_stats: HashMap<Box<str>, Arc<TcpStats>> = HashMap::new();
        for network in old.listeners.values().flat_map(ListenerView::networks) {
            match network {
                NetworkView::Http(http) => {
                    http_stats.insert(http.config.stat_prefix.clone(), Arc::clone(&http.stats));
                }
                NetworkView::Tcp(tcp) => {
                    tcp_stats.insert(tcp.config.stat_prefix.clone(), Arc::clone(&tcp.stats));
                }
                NetworkView::AwaitsSecret => {}
            }
        }
        for listener in snapshot.listeners {
            let key = ListenerKey::of(&listener);
            let mut network = |network| match network {
                Network::Http(config) => {
                    let stats = http_stats.entry(config.stat_prefix.clone()).or_insert_with(|| {
                        let stats = Arc::default();
                        registry.add(Scope::Http(config.stat_prefix.to_string()), &stats);
                        stats
                    });
                    let logs = config.access_logs.iter().map(|log| logs.buffer(&log.path)).collect();
                    NetworkView::Http(Rc::new(HttpView { stats: Arc::clone(stats), logs, config }))
                }
                Network::Tcp(config) => {
                    let stats = tcp_stats.entry(config.stat_prefix.clone()).or_insert_with(|| {
                        let stats = Arc::default();
                        registry.add(Scope::Tcp(config.stat_prefix.to_string()), &stats);
                        stats
                    });
                    NetworkView::Tcp(Rc::new(TcpView { stats: Arc::clone(stats), config }))
                }
                Network::AwaitsSecret(_) => NetworkView::AwaitsSecret,
            };
            let chains = listener.chains.into_iter().map(&mut network).collect();
            let default_chain = listener.default_chain.map(network);
            let stats = old.listeners.get(&key).map_or_else(
                || {
                    let stats = Arc::default();
                    registry.add(Scope::Listener(listener.stat_prefix.to_string()), &stats);
                    stats
                },
                |old| Arc::clone(&old.stats),
            );
            let view = ListenerView {
                inspectors: Rc::new(listener.inspectors),
                table: Rc::new(listener.table),
                chains,
                default_chain,
                hands_over: listener.hands_over,
                stats,
            };
            listeners.insert(key, view);
        }
        Self { clusters, listeners }
    }

    /// A listener.
    pub(crate) fn listener(&self, key: &ListenerKey) -> Option<&ListenerView> {
        self.listeners.get(key)
    }

    /// The listener for connections that were made to an address: its own, or the one for all addresses.
    pub(crate) fn listener_for(&self, destination: SocketAddr) -> Option<(ListenerKey, &ListenerView)> {
        let any: IpAddr = match destination {
            SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
            SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
        };
        [destination, SocketAddr::new(any, destination.port())]
            .into_iter()
            .map(ListenerKey::Address)
            .find_map(|key| self.listeners.get(&key).map(|listener| (key, listener)))
    }

    /// Closes upstream connections that were idle for too long.
    pub(crate) fn close_idle(&self) {
        for cluster in &self.clusters {
            for upstream in cluster.balancer.upstreams() {
                upstream.close_idle(cluster.config.idle_timeout);
            }
            cluster.destinations.borrow_mut().retain(|_, upstream| {
                upstream.close_idle(cluster.config.idle_timeout);
                upstream.is_used() || Rc::strong_count(upstream) > 1
            });
        }
    }
}

impl ClusterView {
    fn new(
        config: mesh_proxy_config::Cluster,
        before: &HashMap<&str, &Rc<Self>>,
        registry: &Arc<Registry>,
    ) -> Self {
        let old = before.get(&*config.name);
        let stats = old.filter(|old| old.config.stat_name == config.stat_name).map_or_else(
            || {
                let stats = Arc::default();
                registry.add(Scope::Cluster(config.stat_name.to_string()), &stats);
                stats
            },
            |old| Arc::clone(&old.stats),
        );
        let kept: HashMap<SocketAddr, &Rc<Upstream>> = old
            .iter()
            .flat_map(|old| old.balancer.upstreams())
            .map(|upstream| (upstream.address, upstream))
            .collect();
        let upstreams = config
            .endpoints
            .iter()
            .map(|endpoint| {
                kept.get(&endpoint.address).map_or_else(
                    || Rc::new(Upstream::new(endpoint.address, &config.stat_name, registry)),
                    |upstream| Rc::clone(upstream),
                )
            })
            .collect();
        let weights: Vec<u32> = config.endpoints.iter().map(|endpoint| endpoint.weight).collect();
        Self {
            balancer: Balancer::new(config.balancer, upstreams, &weights),
            destinations: RefCell::default(),
            registry: Arc::clone(registry),
            config,
            stats,
        }
    }

    /// The next endpoint. `destination` is what the client's connection was made to, where it was redirected.
    pub(crate) fn choose(&self, random: &Random, destination: Option<SocketAddr>) -> Option<Rc<Upstream>> {
        if !self.config.original_destination {
            return self.balancer.choose(random).map(Rc::clone);
        }
        let address = destination?;
        let mut destinations = self.destinations.borrow_mut();
        let upstream = destinations
            .entry(address)
            .or_insert_with(|| Rc::new(Upstream::new(address, &self.config.stat_name, &self.registry)));
        Some(Rc::clone(upstream))
    }

    /// Whether a request could go anywhere.
    pub(crate) fn has_endpoint(&self, destination: Option<SocketAddr>) -> bool {
        if self.config.original_destination {
            destination.is_some()
        } else {
            !self.balancer.upstreams().is_empty()
        }
    }
}
