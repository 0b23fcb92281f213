//! Lays the effective configuration over this machine: the same proxies, tables and clusters, with addresses of
//! the loopback. Pure, and the only place where what `up` runs differs from what every other command sees.
//!
//! It is no interception mode of Istio's. Outbound listeners get sockets of their own on the pod's caller side,
//! inbound chains become listeners on its service side, endpoints become other pods' service sides, and what would
//! leave the mesh arrives at a stand-in. All of them speak HTTP/1.1 to each other, whatever their ports say: requests
//! and answers are the same in any HTTP.

use std::collections::{BTreeMap, HashMap};
use std::net::Ipv4Addr;
use std::sync::Arc;

use meshc_effective::model::{
    Address, Binding, Chain, ChainMatch, Cluster, ClusterKind, Clusters, Direction, EffectiveMesh, Endpoint,
    EndpointGroup, HttpOptions, Listener, LoadBalancer, Proxy, ProxyId, ProxyKind, RouteTable,
    UpstreamProtocol,
};

use super::layout::{APPS_OUTSIDE, Layout, external_key, is_outbound, served};
use super::marks;
use crate::standin::spec::Listening;

/// The mesh as it runs here. `apps` says where the applications listen.
pub(crate) fn localize(mesh: &EffectiveMesh, layout: &Layout, apps: &Listening) -> EffectiveMesh {
    let sidecars = mesh.proxies.iter().map(|p| (&p.id, p.kind)).collect();
    let mut local = Local { layout, apps, sidecars, tables: HashMap::new(), clusters: HashMap::new() };
    let proxies = mesh.proxies.iter().filter(|proxy| layout.runs(&proxy.id));
    EffectiveMesh {
        proxies: proxies.map(|proxy| Arc::new(local.proxy(proxy))).collect(),
        diagnostics: Vec::new(),
    }
}

struct Local<'a> {
    layout: &'a Layout,
    apps: &'a Listening,
    sidecars: BTreeMap<&'a ProxyId, ProxyKind>,
    /// What became of tables and clusters, by their address in the mesh: what proxies share there they share here, and
    /// is written once.
    tables: HashMap<*const RouteTable, Arc<RouteTable>>,
    clusters: HashMap<*const Cluster, Arc<Cluster>>,
}

impl Local<'_> {
    fn proxy(&mut self, proxy: &Proxy) -> Proxy {
        let mut listeners = Vec::new();
        for listener in &proxy.listeners {
            match listener.direction {
                Direction::Inbound => listeners.extend(self.inbound(proxy, listener)),
                Direction::Outbound if is_outbound(listener.direction, listener.binding) => {
                    listeners.extend(self.outbound(proxy, listener));
                }
                Direction::Outbound => {}
            }
        }
        let tables = proxy.tables.iter().map(|(name, table)| (name.clone(), self.table(table)));
        let tables = Arc::new(tables.collect());
        let clusters: Clusters =
            proxy.clusters.values().map(|cluster| self.shared(&proxy.id, cluster)).collect();
        Proxy { listeners, tables, clusters, ..proxy.clone() }
    }

    fn table(&mut self, table: &Arc<RouteTable>) -> Arc<RouteTable> {
        let made = self.tables.entry(Arc::as_ptr(table)).or_insert_with(|| Arc::new(marks::table(table)));
        Arc::clone(made)
    }

    fn shared(&mut self, owner: &ProxyId, cluster: &Arc<Cluster>) -> Arc<Cluster> {
        // What is behind a sidecar is each pod's own.
        if inbound_port(&cluster.name).is_some() {
            return Arc::new(self.cluster(owner, cluster));
        }
        if let Some(made) = self.clusters.get(&Arc::as_ptr(cluster)) {
            return Arc::clone(made);
        }
        let made = Arc::new(self.cluster(owner, cluster));
        self.clusters.insert(Arc::as_ptr(cluster), Arc::clone(&made));
        made
    }

    /// Each port behind the sidecar as a listener on the pod's service side.
    fn inbound(&self, proxy: &Proxy, listener: &Listener) -> Vec<Arc<Listener>> {
        let Some(address) = self.layout.service_side(&proxy.id) else { return Vec::new() };
        let mut by_port: BTreeMap<u16, Vec<Chain>> = BTreeMap::new();
        for (port, chain) in listener.chains.iter().filter_map(|chain| served(listener, chain)) {
            by_port.entry(port).or_default().push(marks::chain(chain));
        }
        let listeners = by_port.into_iter().map(|(port, chains)| {
            Arc::new(Listener {
                name: format!("inbound_{port}"),
                address: address.to_string(),
                port: self.layout.port(port),
                binding: Binding::Bound,
                inspectors: Vec::new(),
                transparent: false,
                chains: plaintext(chains).into_iter().map(Arc::new).collect(),
                ..listener.clone()
            })
        });
        listeners.collect()
    }

    /// An outbound listener on the pod's caller side, or a gateway's on its only address.
    fn outbound(&self, proxy: &Proxy, listener: &Listener) -> Option<Arc<Listener>> {
        let address = match proxy.kind {
            ProxyKind::Gateway => self.layout.service_side(&proxy.id)?,
            ProxyKind::Sidecar => self.layout.outbound(&proxy.id, &listener.name)?,
        };
        Some(Arc::new(Listener {
            address: address.to_string(),
            port: self.layout.port(listener.port),
            binding: Binding::Bound,
            inspectors: Vec::new(),
            transparent: false,
            extra_addresses: Vec::new(),
            chains: plaintext(listener.all_chains().map(marks::chain)).into_iter().map(Arc::new).collect(),
            fallback: None,
            ..listener.clone()
        }))
    }

    fn cluster(&self, owner: &ProxyId, cluster: &Cluster) -> Cluster {
        if let Some(port) = inbound_port(&cluster.name) {
            let app = self.apps.apps.get(&owner.to_string()).and_then(|ports| ports.get(&port));
            return fixed(cluster, app.map(|&port| at(Ipv4Addr::LOCALHOST, port)));
        }
        if cluster.kind == ClusterKind::OriginalDst {
            let outside = self.apps.apps.get(APPS_OUTSIDE).and_then(|ports| ports.values().next());
            return fixed(cluster, outside.map(|&port| at(Ipv4Addr::LOCALHOST, port)));
        }
        let groups = cluster.endpoints.iter().map(|group| EndpointGroup {
            endpoints: group.endpoints.iter().filter_map(|endpoint| self.endpoint(endpoint)).collect(),
            ..group.clone()
        });
        // Names are not looked up here: their endpoints are played too.
        let kind = match cluster.kind {
            ClusterKind::StrictDns | ClusterKind::LogicalDns | ClusterKind::DynamicForwardProxy => {
                ClusterKind::Static
            }
            kind => kind,
        };
        Cluster {
            endpoints: groups.filter(|group| !group.endpoints.is_empty()).collect(),
            kind,
            dns: None,
            http: HttpOptions { protocol: UpstreamProtocol::Http1, ..cluster.http.clone() },
            ..cluster.clone()
        }
    }

    /// Where an endpoint is here; `None` for a pod that is not run.
    fn endpoint(&self, endpoint: &Endpoint) -> Option<Endpoint> {
        let Address::Socket { port, .. } = endpoint.address else { return None };
        let app = |key: &str| self.apps.apps.get(key)?.get(&port).map(|&port| at(Ipv4Addr::LOCALHOST, port));
        let address = match super::layout::pod_of(endpoint) {
            Some(id) if self.sidecars.contains_key(&id) => {
                at(self.layout.service_side(&id)?, self.layout.port(port))
            }
            Some(id) => app(&id.to_string())?,
            None => app(&external_key(endpoint))?,
        };
        Some(Endpoint { address, ..endpoint.clone() })
    }
}

fn at(address: Ipv4Addr, port: u16) -> Address {
    Address::Socket { address: address.to_string(), port }
}

/// The container's port of Istio's `inbound|PORT||`.
fn inbound_port(name: &str) -> Option<u16> {
    name.strip_prefix("inbound|")?.split('|').next()?.parse().ok()
}

/// The cluster with one known endpoint, or none.
fn fixed(cluster: &Cluster, address: Option<Address>) -> Cluster {
    let endpoint = address.map(|address| Endpoint { address, weight: Some(1), ..Endpoint::default() });
    let groups = endpoint.map(|endpoint| EndpointGroup {
        weight: Some(1),
        endpoints: vec![endpoint],
        ..EndpointGroup::default()
    });
    Cluster {
        kind: ClusterKind::Static,
        load_balancer: LoadBalancer::RoundRobin,
        endpoints: groups.into_iter().collect(),
        balancing: None,
        http: HttpOptions { protocol: UpstreamProtocol::Http1, ..cluster.http.clone() },
        source_addresses: Vec::new(),
        port_override: None,
        ..cluster.clone()
    }
}

#[cfg(test)]
mod tests;

/// The one chain that callers on this machine take: they speak plaintext, HTTP where both are spoken.
fn plaintext(chains: impl IntoIterator<Item = Chain>) -> Option<Chain> {
    let rank = |chain: &Chain| (chain.is_http(), !chain.is_tls(), chain.name.is_none());
    let mut best: Option<Chain> = None;
    for chain in chains {
        if best.as_ref().is_none_or(|best| rank(&chain) > rank(best)) {
            best = Some(chain);
        }
    }
    best.map(|chain| Chain { matches: ChainMatch::default(), tls: None, ..chain })
}
