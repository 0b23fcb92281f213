//! Who is run: the pods of the mesh, with and without a sidecar, and the endpoints outside it.

use std::collections::{BTreeMap, BTreeSet};

use meshc_effective::model::{
    Address, Chain, ChainAction, Cluster, ClusterKind, Direction, EffectiveMesh, Endpoint, Listener, Proxy,
    ProxyId, ProxyKind,
};

use crate::standin::spec::{Identity, Protocol};

/// The application that plays everything that no part of the mesh describes.
pub(crate) const APPS_OUTSIDE: &str = "(outside)";

/// Labels that name a workload's version, in the order in which Istio looks.
const VERSION_LABELS: [&str; 3] =
    ["service.istio.io/canonical-revision", "app.kubernetes.io/version", "version"];

/// A pod.
#[derive(Debug, Clone)]
pub(crate) struct Pod {
    /// Its name.
    pub(crate) id: ProxyId,
    /// The workload that owns it.
    pub(crate) workload: String,
    /// Its labels.
    pub(crate) labels: BTreeMap<String, String>,
    /// What its proxy is; `None` where it has none.
    pub(crate) kind: Option<ProxyKind>,
    /// Ports of its application.
    pub(crate) ports: BTreeMap<u16, Protocol>,
}

impl Pod {
    /// Who answers for it.
    pub(crate) fn identity(&self) -> Identity {
        Identity {
            workload: self.workload.clone(),
            version: VERSION_LABELS.iter().find_map(|label| self.labels.get(*label)).cloned(),
            pod: self.id.name.clone(),
            namespace: self.id.namespace.clone(),
        }
    }

    fn of_proxy(proxy: &Proxy) -> Self {
        Self {
            id: proxy.id.clone(),
            workload: proxy.workload.clone(),
            labels: BTreeMap::clone(&proxy.labels),
            kind: Some(proxy.kind),
            ports: inbound_ports(proxy),
        }
    }
}

/// The pods that are run, at most `cap` of a workload, in the order of namespace and name; and how many of which
/// workload are not.
pub(super) fn run(mesh: &EffectiveMesh, cap: usize) -> (Vec<Pod>, BTreeMap<String, usize>) {
    let mut pods: BTreeMap<(String, usize, String), Pod> = BTreeMap::new();
    // NAME-2 stands before NAME-10.
    let order = |id: &ProxyId| (id.namespace.clone(), id.name.len(), id.name.clone());
    for proxy in &mesh.proxies {
        pods.insert(order(&proxy.id), Pod::of_proxy(proxy));
    }
    let with_proxy: BTreeSet<&ProxyId> = mesh.proxies.iter().map(|proxy| &proxy.id).collect();
    for (cluster, endpoint, protocol) in endpoints(mesh) {
        let Some(id) = pod_of(endpoint).filter(|id| !with_proxy.contains(id)) else { continue };
        let pod = pods.entry(order(&id)).or_insert_with(|| Pod {
            workload: endpoint.workload.clone().unwrap_or_else(|| cluster.host.clone()),
            labels: BTreeMap::clone(&endpoint.labels),
            kind: None,
            ports: BTreeMap::new(),
            id,
        });
        pod.ports.insert(port_of(endpoint), protocol);
    }
    let mut running = Vec::new();
    let mut counted: BTreeMap<String, usize> = BTreeMap::new();
    for pod in pods.into_values() {
        let count = counted.entry(format!("{}.{}", pod.workload, pod.id.namespace)).or_default();
        *count += 1;
        if *count <= cap {
            running.push(pod);
        }
    }
    let capped =
        counted.into_iter().filter_map(|(workload, count)| Some((workload, count.checked_sub(cap)?)));
    let capped = capped.filter(|&(_, left_out)| left_out > 0).collect();
    running.sort_by(|a, b| (&a.id.namespace, &a.id.name).cmp(&(&b.id.namespace, &b.id.name)));
    (running, capped)
}

/// The endpoints that are no pods, by key: the service's host, what is spoken and the port.
pub(super) fn external(mesh: &EffectiveMesh) -> BTreeMap<String, (String, Protocol, u16)> {
    let mut external = BTreeMap::new();
    for (cluster, endpoint, protocol) in endpoints(mesh) {
        if pod_of(endpoint).is_none() {
            let found = (cluster.host.clone(), protocol, port_of(endpoint));
            external.insert(external_key(endpoint), found);
        }
    }
    external
}

/// Every endpoint of every outbound cluster with what is spoken to it.
fn endpoints(mesh: &EffectiveMesh) -> Vec<(&Cluster, &Endpoint, Protocol)> {
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    for (at, proxy) in mesh.proxies.iter().enumerate() {
        // Proxies with the same view share one map: it is read once.
        if mesh.proxies.iter().take(at).any(|earlier| earlier.clusters.same(&proxy.clusters)) {
            continue;
        }
        let tcp = tcp_clusters(proxy);
        for cluster in proxy.clusters.values() {
            let outbound = cluster.kind != ClusterKind::OriginalDst && !cluster.name.starts_with("inbound|");
            if !outbound || !seen.insert(std::sync::Arc::as_ptr(cluster)) {
                continue;
            }
            let protocol = if tcp.contains(cluster.name.as_str()) { Protocol::Tcp } else { Protocol::Http };
            let endpoints = cluster.endpoints.iter().flat_map(|group| &group.endpoints);
            found.extend(endpoints.map(|endpoint| (&**cluster, endpoint, protocol)));
        }
    }
    found
}

/// The clusters to which a proxy sends bytes, not requests.
fn tcp_clusters(proxy: &Proxy) -> BTreeSet<&str> {
    let chains =
        proxy.listeners.iter().filter(|l| l.direction == Direction::Outbound).flat_map(|l| &l.chains);
    chains
        .filter_map(|chain| match &chain.action {
            ChainAction::Tcp(forward) => Some(&forward.destinations),
            ChainAction::HttpTable { .. } | ChainAction::HttpInline { .. } => None,
        })
        .flatten()
        .map(|(cluster, _)| cluster.as_str())
        .collect()
}

/// The port behind a sidecar that an inbound chain is for. A chain for no port passes through what was meant for
/// another, and the one for the capture port itself stops loops: nothing is sent to either here.
pub(crate) fn served<'a>(listener: &Listener, chain: &'a Chain) -> Option<(u16, &'a Chain)> {
    let port = chain.matches.destination_port?;
    (port != listener.port).then_some((port, chain))
}

/// The ports behind a sidecar.
fn inbound_ports(proxy: &Proxy) -> BTreeMap<u16, Protocol> {
    let listeners = proxy.listeners.iter().filter(|l| l.direction == Direction::Inbound);
    let chains =
        listeners.flat_map(|listener| listener.chains.iter().filter_map(|chain| served(listener, chain)));
    let mut ports = BTreeMap::new();
    for (port, chain) in chains {
        let protocol = if chain.is_http() { Protocol::Http } else { Protocol::Tcp };
        let known = ports.entry(port).or_insert(protocol);
        // Whatever may be HTTP is answered as HTTP.
        if protocol == Protocol::Http {
            *known = protocol;
        }
    }
    ports
}

/// The pod that an endpoint is.
pub(crate) fn pod_of(endpoint: &Endpoint) -> Option<ProxyId> {
    Some(ProxyId { name: endpoint.pod.clone()?, namespace: endpoint.namespace.clone()? })
}

/// The name of the application that plays an endpoint which is no pod: its address and port.
pub(crate) fn external_key(endpoint: &Endpoint) -> String {
    match &endpoint.address {
        Address::Socket { address, port } => format!("{address}:{port}"),
        Address::Pipe { path } => path.clone(),
    }
}

fn port_of(endpoint: &Endpoint) -> u16 {
    match &endpoint.address {
        Address::Socket { port, .. } => *port,
        Address::Pipe { .. } => 0,
    }
}
