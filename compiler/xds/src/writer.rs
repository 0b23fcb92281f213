//! One proxy after the other, sharing what they share.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use meshc_effective::model::{ChainAction, Cluster, ClusterKind, Clusters, Listener, Proxy, RouteTable};
use meshc_envoy as envoy;
use meshc_envoy::{SharedNode, SharedSet};

use crate::{cluster, listener, route};

/// Which Envoy the resources are for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Target {
    /// Stock Envoy and mesh-proxy: what only Istio's build knows is left out or replaced.
    #[default]
    Envoy,
    /// Istio's own build: exactly what its control plane sends.
    IstioProxy,
}

/// Writes proxies' resources. Parts of the effective configuration that are the same allocation become the same
/// allocation here, so that the cost follows the number of different views, not of proxies.
#[derive(Debug, Default)]
pub struct Writer {
    target: Target,
    /// By address of the part, which the entry keeps alive.
    tables: HashMap<usize, (Arc<RouteTable>, Arc<envoy::RouteConfiguration>)>,
    clusters: HashMap<usize, WrittenCluster>,
    listeners: HashMap<(usize, Arc<str>), (Arc<Listener>, Arc<envoy::Listener>)>,
    views: HashMap<usize, View>,
    route_sets: BTreeMap<Vec<usize>, SharedSet<envoy::RouteConfiguration>>,
}

/// A cluster and, where its endpoints are facts, those.
#[derive(Debug)]
struct WrittenCluster {
    /// Keeps the key's address alive.
    _of: Arc<Cluster>,
    cluster: Arc<envoy::Cluster>,
    endpoints: Option<Arc<envoy::ClusterLoadAssignment>>,
}

/// What proxies with the same map of clusters share.
#[derive(Debug, Clone)]
struct View {
    /// Keeps the key's address alive.
    _of: Clusters,
    clusters: SharedSet<envoy::Cluster>,
    endpoints: SharedSet<envoy::ClusterLoadAssignment>,
}

/// The tables that a proxy's listeners ask for, in the order of their names.
fn served(proxy: &Proxy) -> impl Iterator<Item = &Arc<RouteTable>> {
    let chains = proxy.listeners.iter().flat_map(|listener| listener.all_chains());
    let named: BTreeSet<&str> = chains
        .filter_map(|chain| match &chain.action {
            ChainAction::HttpTable { table, .. } => Some(table.as_str()),
            ChainAction::HttpInline { .. } | ChainAction::Tcp(_) => None,
        })
        .collect();
    proxy.tables.iter().filter(move |(name, _)| named.contains(name.as_str())).map(|(_, table)| table)
}

impl Writer {
    /// A writer for stock Envoy and mesh-proxy that has seen nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// A writer for one kind of Envoy that has seen nothing yet.
    pub fn for_target(target: Target) -> Self {
        Self { target, ..Self::default() }
    }

    /// The resources of `proxy`.
    pub fn node(&mut self, proxy: &Proxy) -> SharedNode {
        let view = self.view(&proxy.clusters);
        SharedNode {
            listeners: Arc::new(proxy.listeners.iter().map(|l| self.listener(l, proxy)).collect()),
            routes: self.routes(served(proxy)),
            clusters: view.clusters,
            endpoints: view.endpoints,
        }
    }

    fn listener(&mut self, part: &Arc<Listener>, proxy: &Proxy) -> Arc<envoy::Listener> {
        let surroundings = listener::surroundings(proxy, self.target);
        let entry = self.listeners.entry((Arc::as_ptr(part) as usize, surroundings));
        let new = || (Arc::clone(part), Arc::new(listener::listener(part, proxy, self.target)));
        Arc::clone(&entry.or_insert_with(new).1)
    }

    fn routes<'a>(
        &mut self,
        tables: impl Iterator<Item = &'a Arc<RouteTable>>,
    ) -> SharedSet<envoy::RouteConfiguration> {
        let mut key = Vec::new();
        let mut made = Vec::new();
        for table in tables {
            key.push(Arc::as_ptr(table) as usize);
            let entry = self.tables.entry(Arc::as_ptr(table) as usize);
            let (_, written) = entry.or_insert_with(|| (Arc::clone(table), Arc::new(route::table(table))));
            made.push(Arc::clone(written));
        }
        Arc::clone(self.route_sets.entry(key).or_insert_with(|| Arc::new(made)))
    }

    fn view(&mut self, of: &Clusters) -> View {
        let key = std::ptr::from_ref(&**of).addr();
        if let Some(view) = self.views.get(&key) {
            return view.clone();
        }
        let mut clusters = Vec::with_capacity(of.len());
        let mut endpoints = Vec::new();
        for part in of.values() {
            let entry = self.clusters.entry(Arc::as_ptr(part) as usize);
            let written = entry.or_insert_with(|| WrittenCluster {
                _of: Arc::clone(part),
                cluster: Arc::new(cluster::cluster(part, self.target)),
                endpoints: (part.kind == ClusterKind::Eds)
                    .then(|| Arc::new(cluster::assignment(part, self.target))),
            });
            clusters.push(Arc::clone(&written.cluster));
            endpoints.extend(written.endpoints.clone());
        }
        let view = View { _of: of.clone(), clusters: Arc::new(clusters), endpoints: Arc::new(endpoints) };
        self.views.insert(key, view.clone());
        view
    }
}
