//! The mesh that runs: what was compiled, where it is on this machine, and who answers for whom.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use meshc_effective::model::{ChainAction, EffectiveMesh, Listener, Proxy, ProxyId, ProxyKind};
use meshc_source::SourceSet;
use meshc_trace::{Direction, Query};

use super::layout::{ADMIN_PORT, Layout, external_key, pod_of};

/// The mesh that runs.
#[derive(Debug)]
pub(crate) struct World {
    /// The files that it was read from.
    pub(crate) sources: SourceSet,
    /// As every other command sees it.
    pub(crate) mesh: EffectiveMesh,
    /// As it runs here.
    pub(crate) local: EffectiveMesh,
    /// Where.
    pub(crate) layout: Layout,
}

/// Where a question is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Target {
    /// The listener.
    pub(crate) socket: SocketAddr,
    /// Whether it speaks HTTP.
    pub(crate) http: bool,
}

impl World {
    /// Where the proxies are administered, by node.
    pub(crate) fn admins(&self) -> BTreeMap<String, SocketAddr> {
        let admin = |proxy: &Arc<Proxy>| {
            let address = self.layout.admin(&proxy.id)?;
            Some((proxy.id.to_string(), SocketAddr::from((address, ADMIN_PORT))))
        };
        self.local.proxies.iter().filter_map(admin).collect()
    }

    /// Every address that a proxy of the mesh binds.
    pub(crate) fn sockets(&self) -> impl Iterator<Item = SocketAddr> {
        let listeners =
            self.local.proxies.iter().flat_map(|proxy| &proxy.listeners).filter_map(|l| socket(l));
        listeners.chain(self.admins().into_values())
    }

    /// Where a question is sent, or why it cannot be.
    pub(crate) fn target(&self, query: &Query) -> Result<Target, String> {
        let proxy = self.mesh.find(&query.proxy).map_err(|e| e.to_string())?;
        let Some(local) = self.local.proxies.iter().find(|local| local.id == proxy.id) else {
            return Err(format!("{} is not run: raise --replicas-cap", proxy.id));
        };
        let direction = query.direction.unwrap_or(match (proxy.kind, &query.route_table) {
            (ProxyKind::Gateway, _) => Direction::Gateway,
            (ProxyKind::Sidecar, Some(_)) => Direction::Outbound,
            (ProxyKind::Sidecar, None) => Direction::Inbound,
        });
        let name = match direction {
            Direction::Inbound => inbound(query).map(|port| format!("inbound_{port}")),
            Direction::Outbound | Direction::Gateway => outbound(proxy, query),
        };
        let found = name.and_then(|name| local.listeners.iter().find(|listener| listener.name == name));
        let Some((listener, socket)) = found.and_then(|found| Some((found, socket(found)?))) else {
            let wanted = match (&query.route_table, query.port) {
                (Some(table), _) => format!("serves the route table {table:?}"),
                (None, Some(port)) => format!("has port {port}"),
                (None, None) => "is meant: say \"port\" or \"route_table\"".to_owned(),
            };
            return Err(format!("no {} listener of {} {wanted}", direction.name(), proxy.id));
        };
        let http = listener.chains.iter().any(|chain| chain.is_http());
        Ok(Target { socket, http })
    }

    /// The address of a proxy's listener.
    pub(crate) fn listener(&self, id: &ProxyId, name: &str) -> Result<SocketAddr, String> {
        let proxy = self.local.proxies.iter().find(|proxy| proxy.id == *id);
        let listener = proxy.and_then(|proxy| proxy.listeners.iter().find(|listener| listener.name == name));
        listener.and_then(|listener| socket(listener)).ok_or_else(|| format!("{id} has no listener {name}"))
    }

    /// Whether a pod (`POD.NAMESPACE`), or an endpoint outside the mesh, is one of a cluster's endpoints for a proxy.
    pub(crate) fn serves(proxy: &Proxy, cluster: &str, who: &str) -> bool {
        if cluster.starts_with("inbound|") {
            return proxy.id.to_string() == who;
        }
        let endpoints = proxy.clusters.get(cluster).into_iter().flat_map(|cluster| &cluster.endpoints);
        let mut names = endpoints.flat_map(|group| &group.endpoints).map(|endpoint| match pod_of(endpoint) {
            Some(id) => id.to_string(),
            None => external_key(endpoint),
        });
        names.any(|name| name == who)
    }
}

/// The address of a localized listener.
pub(crate) fn socket(listener: &Listener) -> Option<SocketAddr> {
    Some(SocketAddr::new(listener.address.parse::<IpAddr>().ok()?, listener.port))
}

/// The port behind a sidecar that a question means: `port`, or that of a table `inbound|PORT||`.
fn inbound(query: &Query) -> Option<u16> {
    let table = query.route_table.as_deref().and_then(|table| table.strip_prefix("inbound|"));
    table.and_then(|table| table.split('|').next()?.parse().ok()).or(query.port)
}

/// The listener's name that a question means. A listener for all addresses is what an application reaches a port
/// through, whatever other listeners have the port.
fn outbound(proxy: &Proxy, query: &Query) -> Option<String> {
    let serves = |listener: &Listener, wanted: &str| {
        listener.chains.iter().any(|chain| match &chain.action {
            ChainAction::HttpTable { table, .. } => table == wanted,
            ChainAction::HttpInline { table, .. } => table.name == wanted,
            ChainAction::Tcp(_) => false,
        })
    };
    let mut fitting: Vec<&Listener> = match (&query.route_table, query.port) {
        (Some(table), _) => proxy.listeners.iter().map(AsRef::as_ref).filter(|l| serves(l, table)).collect(),
        (None, Some(port)) => proxy.listeners.iter().map(AsRef::as_ref).filter(|l| l.port == port).collect(),
        (None, None) => Vec::new(),
    };
    fitting.sort_by_key(|listener| listener.address != "0.0.0.0");
    fitting.first().map(|listener| listener.name.clone())
}
