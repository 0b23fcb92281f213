//! One proxy after the other, sharing what they share.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use meshc_effective::model::{
    ByName, Cluster, ClusterKind, Extension, Listener, Patches, Proxy, ProxyKind, ProxySettings,
    ProxyTelemetry, RouteTable,
};
use meshc_envoy as envoy;
use meshc_envoy::{Emitted, Layered, SharedNode, SharedSet};

use crate::patched;
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
    /// By address of the part, which the entry keeps alive, and of the patches where there are any.
    tables: HashMap<Key, (Arc<RouteTable>, Held, Arc<Emitted<envoy::RouteConfiguration>>)>,
    clusters: HashMap<usize, WrittenCluster>,
    /// By address of the part, and the number of what surrounds it.
    listeners: HashMap<(usize, usize), (Arc<Listener>, Arc<Emitted<envoy::Listener>>)>,
    surroundings: HashMap<Arc<str>, (usize, Surroundings)>,
    /// By the addresses of the written listeners, and that of the patches where there are any.
    listener_sets: HashMap<Vec<usize>, (Held, SharedSet<Emitted<envoy::Listener>>)>,
    /// Of a view, or what a workload has beside.
    layers: HashMap<Key, Layer>,
    /// What patches add.
    added: HashMap<Key, (Held, SharedSet<Emitted<envoy::Cluster>>)>,
    route_sets: BTreeMap<Vec<usize>, SharedSet<Emitted<envoy::RouteConfiguration>>>,
}

/// The address of a part, that of the patches of its proxies or 0, and whether they are gateways.
type Key = (usize, usize, bool);

/// Keeps the patches' address alive.
type Held = Option<Arc<Patches>>;

/// What stands in the name of surroundings by its address, which this keeps alive.
type Surroundings = (Arc<ProxyTelemetry>, Arc<Vec<Extension>>, Arc<ProxySettings>);

/// A cluster and, where its endpoints are facts, those.
#[derive(Debug)]
struct WrittenCluster {
    /// Keeps the key's address alive.
    of: Arc<Cluster>,
    cluster: Arc<Emitted<envoy::Cluster>>,
    endpoints: Option<Arc<envoy::ClusterLoadAssignment>>,
}

/// What proxies with the same map of clusters and the same patches share.
#[derive(Debug, Clone)]
struct Layer {
    /// Keeps the key's address alive.
    _of: Arc<ByName>,
    _patches: Held,
    clusters: SharedSet<Emitted<envoy::Cluster>>,
    endpoints: SharedSet<envoy::ClusterLoadAssignment>,
}

/// The tables that a proxy's listeners ask for, in the order of their names.
fn served(proxy: &Proxy) -> impl Iterator<Item = &Arc<RouteTable>> {
    let named: BTreeSet<&str> = proxy.listeners.iter().flat_map(|listener| listener.tables()).collect();
    proxy.tables.iter().filter(move |(name, _)| named.contains(name.as_str())).map(|(_, table)| table)
}

/// A proxy as far as a single listener asks about it.
fn without_parts(proxy: &Proxy) -> Proxy {
    Proxy {
        id: proxy.id.clone(),
        kind: proxy.kind,
        workload: proxy.workload.clone(),
        labels: proxy.labels.clone(),
        service_account: proxy.service_account.clone(),
        ip: proxy.ip.clone(),
        security: Arc::clone(&proxy.security),
        listeners: Vec::new(),
        tables: Arc::default(),
        clusters: proxy.clusters.clone(),
        extensions: Arc::clone(&proxy.extensions),
        patches: Arc::clone(&proxy.patches),
        reading: proxy.reading,
        settings: Arc::clone(&proxy.settings),
        telemetry: Arc::clone(&proxy.telemetry),
        origin: proxy.origin.clone(),
    }
}

/// The patches of a proxy, where it has any.
fn patches(proxy: &Proxy) -> Held {
    (!proxy.patches.is_empty()).then(|| Arc::clone(&proxy.patches))
}

fn key(part: usize, proxy: &Proxy) -> Key {
    let patches = if proxy.patches.is_empty() { 0 } else { Arc::as_ptr(&proxy.patches).addr() };
    (part, patches, proxy.kind == ProxyKind::Gateway)
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
        let layers = [proxy.clusters.shared(), proxy.clusters.own()].map(|of| self.layer(of, proxy));
        let endpoints = layers.iter().map(|layer| Arc::clone(&layer.endpoints));
        let clusters = layers.iter().map(|layer| Arc::clone(&layer.clusters));
        SharedNode {
            listeners: self.listeners(proxy).into(),
            routes: self.routes(proxy).into(),
            endpoints: Layered::new(endpoints),
            clusters: Layered::new(clusters.chain([self.added(proxy)])),
        }
    }

    fn listeners(&mut self, proxy: &Proxy) -> SharedSet<Emitted<envoy::Listener>> {
        let surroundings = self.surroundings(proxy);
        let typed: Vec<_> = proxy.listeners.iter().map(|l| self.listener(l, proxy, surroundings)).collect();
        let held = patches(proxy);
        let mut places: Vec<usize> = typed.iter().map(|listener| Arc::as_ptr(listener).addr()).collect();
        places.extend(held.iter().map(|patches| Arc::as_ptr(patches).addr()));
        let target = self.target;
        let new = || {
            let set = if held.is_some() { patched::listeners(proxy, &typed, target) } else { typed };
            (held, Arc::new(set))
        };
        Arc::clone(&self.listener_sets.entry(places).or_insert_with(new).1)
    }

    fn surroundings(&mut self, proxy: &Proxy) -> usize {
        let number = self.surroundings.len();
        let new = || {
            let held = (&proxy.telemetry, &proxy.extensions, &proxy.settings);
            (number, (Arc::clone(held.0), Arc::clone(held.1), Arc::clone(held.2)))
        };
        self.surroundings.entry(listener::surroundings(proxy, self.target)).or_insert_with(new).0
    }

    fn listener(
        &mut self,
        part: &Arc<Listener>,
        proxy: &Proxy,
        surroundings: usize,
    ) -> Arc<Emitted<envoy::Listener>> {
        let entry = self.listeners.entry((Arc::as_ptr(part) as usize, surroundings));
        let target = self.target;
        let new = || {
            let (of, surroundings) = (Arc::clone(part), without_parts(proxy));
            let written = Emitted::later(move || listener::listener(&of, &surroundings, target));
            (Arc::clone(part), Arc::new(written))
        };
        Arc::clone(&entry.or_insert_with(new).1)
    }

    fn routes(&mut self, proxy: &Proxy) -> SharedSet<Emitted<envoy::RouteConfiguration>> {
        let mut set = Vec::new();
        let mut made = Vec::new();
        for table in served(proxy) {
            let entry = self.tables.entry(key(Arc::as_ptr(table) as usize, proxy));
            let (_, _, written) = entry.or_insert_with(|| {
                let of = Arc::clone(table);
                let typed = Emitted::later(move || route::table(&of));
                (Arc::clone(table), patches(proxy), Arc::new(patched::table(proxy, typed)))
            });
            set.push(Arc::as_ptr(written) as usize);
            made.push(Arc::clone(written));
        }
        Arc::clone(self.route_sets.entry(set).or_insert_with(|| Arc::new(made)))
    }

    fn added(&mut self, proxy: &Proxy) -> SharedSet<Emitted<envoy::Cluster>> {
        let entry = self.added.entry(key(0, proxy));
        let new = || (patches(proxy), Arc::new(patched::added_clusters(proxy)));
        Arc::clone(&entry.or_insert_with(new).1)
    }

    fn layer(&mut self, of: &Arc<ByName>, proxy: &Proxy) -> Layer {
        let key = key(Arc::as_ptr(of).addr(), proxy);
        if let Some(layer) = self.layers.get(&key) {
            return layer.clone();
        }
        let mut clusters = Vec::with_capacity(of.len());
        let mut endpoints = Vec::new();
        for part in of.iter() {
            let entry = self.clusters.entry(Arc::as_ptr(part) as usize);
            let target = self.target;
            let written = entry.or_insert_with(|| {
                let of = Arc::clone(part);
                WrittenCluster {
                    of: Arc::clone(part),
                    cluster: Arc::new(Emitted::later(move || cluster::cluster(&of, target))),
                    endpoints: (part.kind == ClusterKind::Eds)
                        .then(|| Arc::new(cluster::assignment(part, target))),
                }
            });
            if let Some(patched) = patched::cluster(proxy, &written.of, &written.cluster) {
                let same = Arc::ptr_eq(&patched, &written.cluster);
                if (same && written.endpoints.is_some()) || (!same && patched::is_discovered(&patched)) {
                    endpoints.extend(written.endpoints.clone());
                }
                clusters.push(patched);
            }
        }
        let layer = Layer {
            _of: Arc::clone(of),
            _patches: patches(proxy),
            clusters: Arc::new(clusters),
            endpoints: Arc::new(endpoints),
        };
        self.layers.insert(key, layer.clone());
        layer
    }
}
