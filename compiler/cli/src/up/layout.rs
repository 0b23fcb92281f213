//! Where everything of a mesh is on this machine: loopback addresses for pods, ports that had to move, and the
//! applications that stand in. Pure: the same mesh and the same past give the same layout.

mod pods;

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use meshc_effective::model::{Binding, Direction, EffectiveMesh, ProxyId, ProxyKind};

use pods::Pod;
pub(crate) use pods::{APPS_OUTSIDE, external_key, pod_of, served};

use crate::standin::spec::{App, Caller, Identity, Protocol};

/// Pods in one block of addresses: the last part of an address is 1 to 250.
const BLOCK: usize = 250;

/// Each block has three addresses a pod, and a quarter for listeners that need one of their own.
const SIDES: usize = 4;

/// Blocks in a subnet; the rest of it is the lock's.
const BLOCKS: usize = 62;

/// The port on which the proxies are administered, as in Istio.
pub(crate) const ADMIN_PORT: u16 = 15_000;

/// How far a port is moved that may not be bound.
const MOVE: u16 = 10_000;

/// What a layout depends on beside the mesh.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Terms {
    /// The second part of every address: 127.SUBNET.y.z.
    pub(crate) subnet: u8,
    /// Pods of one workload that are run.
    pub(crate) replicas: usize,
    /// Added to every port.
    pub(crate) port_offset: u16,
}

/// The layout.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    terms: Terms,
    /// Who is run, and its place in the subnet.
    places: BTreeMap<ProxyId, usize>,
    /// Listeners with an address of their own, because another has their port on the pod's caller side.
    own: BTreeMap<(ProxyId, String), usize>,
    /// Ports that are served on another.
    moved: BTreeMap<u16, u16>,
    /// The applications to play, by `POD.NAMESPACE` or an endpoint's name.
    pub(crate) apps: BTreeMap<String, App>,
    /// Pods that were left out by the cap on replicas, by workload and namespace.
    pub(crate) capped: BTreeMap<String, usize>,
}

/// Why there is no layout.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LayoutError {
    /// More pods than addresses.
    #[error("the mesh has {0} pods, and `up` has addresses for {max}: lower --replicas-cap or name fewer files", max = BLOCK * BLOCKS)]
    TooManyPods(usize),
    /// An offset that leads past the last port.
    #[error("port {0} cannot be moved by {1}: no such port; choose a smaller --port-offset")]
    NoPort(u16, u16),
}

impl Layout {
    /// The layout of `mesh`. Whoever had a place in `before` keeps it. `refused` says which ports may not be bound.
    pub(crate) fn plan(
        mesh: &EffectiveMesh,
        terms: Terms,
        refused: &BTreeSet<u16>,
        before: Option<&Self>,
    ) -> Result<Self, LayoutError> {
        let (pods, capped) = pods::run(mesh, terms.replicas);
        let ids: Vec<&ProxyId> = pods.iter().map(|pod| &pod.id).collect();
        let places = keep(&ids, before.map(|b| &b.places));
        let highest = places.values().max().map_or(0, |&place| place + 1);
        if highest > BLOCK * BLOCKS {
            return Err(LayoutError::TooManyPods(pods.len()));
        }
        let crowded = crowded(mesh, &places);
        let own = keep(&crowded.iter().collect::<Vec<_>>(), before.map(|b| &b.own));
        if own.len() > BLOCK * BLOCKS {
            return Err(LayoutError::TooManyPods(own.len()));
        }
        let moved = moved(&ports(mesh), terms.port_offset, refused)?;
        let mut layout = Self { terms, places, own, moved, apps: BTreeMap::new(), capped };
        layout.apps = layout.play(&pods, mesh);
        Ok(layout)
    }

    /// Whether the pod is run.
    pub(crate) fn runs(&self, id: &ProxyId) -> bool {
        self.places.contains_key(id)
    }

    /// Where the pod's sidecar listens in front of its application; for a gateway, where it listens.
    pub(crate) fn service_side(&self, id: &ProxyId) -> Option<Ipv4Addr> {
        self.places.get(id).map(|&place| self.address(place, 1))
    }

    /// Where the pod's application reaches its own sidecar.
    pub(crate) fn caller_side(&self, id: &ProxyId) -> Option<Ipv4Addr> {
        self.places.get(id).map(|&place| self.address(place, 2))
    }

    /// Where the pod's proxy is administered.
    pub(crate) fn admin(&self, id: &ProxyId) -> Option<Ipv4Addr> {
        self.places.get(id).map(|&place| self.address(place, 3))
    }

    /// The address of a pod's outbound listener.
    pub(crate) fn outbound(&self, id: &ProxyId, listener: &str) -> Option<Ipv4Addr> {
        match self.own.get(&(id.clone(), listener.to_owned())) {
            Some(&place) => Some(self.address(place, SIDES)),
            None => self.caller_side(id),
        }
    }

    /// The port on which a port of the YAML is served.
    pub(crate) fn port(&self, port: u16) -> u16 {
        self.moved.get(&port).copied().unwrap_or(port)
    }

    /// Ports of the YAML that are served on another.
    pub(crate) fn moved(&self) -> &BTreeMap<u16, u16> {
        &self.moved
    }

    fn address(&self, place: usize, side: usize) -> Ipv4Addr {
        let third = (place / BLOCK) * SIDES + side;
        // Both fit: `plan` refuses more than BLOCKS blocks.
        Ipv4Addr::new(127, self.terms.subnet, third as u8, (place % BLOCK) as u8 + 1)
    }

    /// The applications of the pods, of endpoints outside the mesh, and of everything else outside.
    fn play(&self, pods: &[Pod], mesh: &EffectiveMesh) -> BTreeMap<String, App> {
        let mut apps = BTreeMap::new();
        for pod in pods.iter().filter(|pod| pod.kind != Some(ProxyKind::Gateway)) {
            let caller = pod.kind.and_then(|_| self.caller_side(&pod.id));
            let app = App {
                identity: pod.identity(),
                ports: pod.ports.clone(),
                caller: caller.map(|address| Caller { address, moved: self.moved.clone() }),
            };
            apps.insert(pod.id.to_string(), app);
        }
        for (key, (host, protocol, port)) in pods::external(mesh) {
            let identity =
                Identity { workload: host, version: None, pod: key.clone(), namespace: String::new() };
            apps.insert(key, App { identity, ports: BTreeMap::from([(port, protocol)]), caller: None });
        }
        let outside = Identity {
            workload: APPS_OUTSIDE.to_owned(),
            version: None,
            pod: APPS_OUTSIDE.to_owned(),
            namespace: String::new(),
        };
        let ports = BTreeMap::from([(80, Protocol::Http)]);
        apps.insert(APPS_OUTSIDE.to_owned(), App { identity: outside, ports, caller: None });
        apps
    }
}

/// Gives each of `wanted` a place: the one that it had, or the first that is free.
fn keep<K: Ord + Clone>(wanted: &[&K], before: Option<&BTreeMap<K, usize>>) -> BTreeMap<K, usize> {
    let had = |key: &K| before.and_then(|before| before.get(key).copied());
    let mut taken: BTreeSet<usize> = wanted.iter().filter_map(|key| had(key)).collect();
    let mut places = BTreeMap::new();
    let mut next = 0;
    for key in wanted {
        let place = had(key).unwrap_or_else(|| {
            while taken.contains(&next) {
                next += 1;
            }
            taken.insert(next);
            next
        });
        places.insert((*key).clone(), place);
    }
    places
}

/// The outbound listeners that cannot have their pod's caller side, because an earlier one of the pod has their
/// port there. A listener for all addresses comes first: applications reach HTTP services through it.
fn crowded(mesh: &EffectiveMesh, places: &BTreeMap<ProxyId, usize>) -> Vec<(ProxyId, String)> {
    let mut crowded = Vec::new();
    for proxy in mesh.proxies.iter().filter(|p| p.kind == ProxyKind::Sidecar && places.contains_key(&p.id)) {
        let mut outbound: Vec<_> =
            proxy.listeners.iter().filter(|l| is_outbound(l.direction, l.binding)).collect();
        outbound.sort_by_key(|l| (l.address != "0.0.0.0", &l.name));
        let mut taken = BTreeSet::new();
        for listener in outbound {
            if !taken.insert(listener.port) {
                crowded.push((proxy.id.clone(), listener.name.clone()));
            }
        }
    }
    crowded
}

/// Whether a sidecar's listener is one that its application reaches.
pub(crate) fn is_outbound(direction: Direction, binding: Binding) -> bool {
    direction == Direction::Outbound && binding != Binding::CapturePoint
}

/// Every port on which a proxy of the mesh will listen.
pub(crate) fn ports(mesh: &EffectiveMesh) -> BTreeSet<u16> {
    let listeners = || mesh.proxies.iter().flat_map(|proxy| &proxy.listeners);
    let captured = listeners().filter(|l| l.direction == Direction::Inbound);
    let inbound =
        captured.flat_map(|l| l.chains.iter().filter_map(|chain| served(l, chain))).map(|(port, _)| port);
    let served = listeners().filter(|l| is_outbound(l.direction, l.binding)).map(|l| l.port);
    inbound.chain(served).collect()
}

/// Where ports go that are moved: by the offset, and on by 10,000 until they may be bound and are nobody else's.
fn moved(
    ports: &BTreeSet<u16>,
    offset: u16,
    refused: &BTreeSet<u16>,
) -> Result<BTreeMap<u16, u16>, LayoutError> {
    let mut moved = BTreeMap::new();
    let mut taken: BTreeSet<u16> = BTreeSet::new();
    for &port in ports {
        let no_port = || LayoutError::NoPort(port, offset);
        let mut to = port.checked_add(offset).ok_or_else(no_port)?;
        while refused.contains(&to) || taken.contains(&to) || (to != port + offset && ports.contains(&to)) {
            to = to.checked_add(MOVE).ok_or_else(no_port)?;
        }
        taken.insert(to);
        if to != port {
            moved.insert(port, to);
        }
    }
    Ok(moved)
}

#[cfg(test)]
mod tests;
