//! What sidecars do with connections to their own workload: chains for each of its ports that a service names, or a
//! Sidecar, and for all others (Istio's `listener_inbound.go`).

mod inspect;
mod matches;
mod mtls;
mod port;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use meshc_mesh::{Interception, Mesh, MtlsMode, Pod, Protocol, Sidecar, Target, UNSPECIFIED};
use meshc_resources::istio::CaptureMode;

use self::port::{Port, text};
use crate::model::{Binding, Chain, ChainAction, ChainMatch, Direction, Listener, Security, TcpForward};
use crate::names;

pub(crate) use mtls::{ALPN_EXCHANGE, ALPN_HTTP, Secrets};

/// Ports of the proxy's health and metrics.
const OWN_PORTS: [u16; 2] = [15021, 15090];

/// Whether a port is the proxy's own, on which no chain is made: capture, health and metrics.
pub(crate) fn is_reserved(mesh: &Mesh, port: u16) -> bool {
    let capture = [mesh.config.proxy_listen_port(), mesh.config.proxy_inbound_listen_port()];
    OWN_PORTS.contains(&port) || capture.contains(&port)
}

/// What a pod checks, how its connections come, the ports that services lead to, and how its proxy runs, which says its
/// certificates.
type Key = (usize, Interception, Vec<(usize, usize, u16)>, usize);

/// What was made before.
#[derive(Default)]
pub(crate) struct Cache {
    /// By what they follow from.
    listeners: HashMap<Key, Vec<Arc<Listener>>>,
    /// By how proxies run, which the mesh keeps in its place.
    parts: HashMap<usize, Parts>,
}

/// What many workloads with the same certificates have in common.
struct Parts {
    guard: Option<Arc<Chain>>,
    /// The chains of a port that no service names, 0 for all others, by what connections it takes.
    passthrough: HashMap<(u16, MtlsMode), Vec<Arc<Chain>>>,
    tls: mtls::Servers,
}

impl Parts {
    fn new(secrets: Secrets) -> Self {
        Self { guard: None, passthrough: HashMap::new(), tls: mtls::Servers::new(secrets) }
    }
}

impl Cache {
    /// The listeners of a pod's inbound connections: the one that everything is redirected to, then those with sockets of
    /// their own. The replicas of a workload have the same.
    pub(crate) fn of(
        &mut self,
        mesh: &Mesh,
        pod: &Pod,
        targets: &[Target],
        security: &Arc<Security>,
    ) -> Vec<Arc<Listener>> {
        let proxy = Arc::as_ptr(&pod.proxy_config).addr();
        let parts = self.parts.entry(proxy).or_insert_with(|| Parts::new(Secrets::of(pod)));
        if mesh.sidecars.of(pod).is_some_and(|sidecar| !sidecar.ingress.is_empty()) {
            // What a Sidecar says of ports can be about the pod's own address.
            return listeners(mesh, pod, targets, security, parts);
        }
        // What a pod checks stands for the policies that hold for it; the cache of it keeps its place taken.
        let places = targets.iter().map(|t| (Arc::as_ptr(&t.service) as usize, t.port, t.target_port));
        let key = (Arc::as_ptr(security) as usize, pod.interception, places.collect(), proxy);
        let made =
            self.listeners.entry(key).or_insert_with(|| listeners(mesh, pod, targets, security, parts));
        made.clone()
    }
}

fn listeners(
    mesh: &Mesh,
    pod: &Pod,
    targets: &[Target],
    security: &Arc<Security>,
    parts: &mut Parts,
) -> Vec<Arc<Listener>> {
    let sidecar = mesh.sidecars.of(pod).filter(|sidecar| !sidecar.ingress.is_empty());
    let (declared, ports) = match sidecar {
        Some(sidecar) => of_sidecar(pod, sidecar),
        None => of_services(mesh, pod, targets),
    };
    let modes = mesh.mtls(pod);
    let capture = mesh.config.proxy_inbound_listen_port();
    let mut chains = vec![Arc::clone(parts.guard.get_or_insert_with(|| Arc::new(guard(capture))))];
    let others = modes.ports.keys().copied().filter(|port| !declared.contains(port));
    for port in std::iter::once(0).chain(others) {
        let Parts { passthrough, tls, .. } = &mut *parts;
        let of_port = passthrough.entry((port, modes.mode(port)));
        let new = || Port::passthrough(port).chains(mesh, &modes, tls);
        chains.extend(of_port.or_insert_with(new).iter().cloned());
    }
    let (mut origins, mut bound) = (Vec::new(), Vec::new());
    for port in ports.values() {
        let of_port = port.chains(mesh, &modes, &mut parts.tls);
        if port.bound {
            bound.push(Arc::new(Listener {
                name: format!("{}_{}", port.bind, port.number),
                address: port.bind.clone(),
                port: port.number,
                direction: Direction::Inbound,
                binding: Binding::Bound,
                inspectors: inspect::inspectors(&of_port, false, false),
                chains: of_port,
                security: Some(Arc::clone(security)),
                origins: port.origins.clone(),
                ..Listener::default()
            }));
        } else {
            chains.extend(of_port);
            origins.extend(port.origins.iter().cloned());
        }
    }
    if pod.interception == Interception::None {
        return bound;
    }
    let transparent = pod.interception == Interception::Tproxy;
    let listener = Listener {
        name: names::VIRTUAL_INBOUND.to_owned(),
        address: UNSPECIFIED.to_owned(),
        port: capture,
        direction: Direction::Inbound,
        binding: Binding::CapturePoint,
        transparent,
        inspectors: inspect::inspectors(&chains, true, transparent),
        chains,
        security: Some(Arc::clone(security)),
        origins,
        ..Listener::default()
    };
    std::iter::once(Arc::new(listener)).chain(bound).collect()
}

/// The ports that are declared, and those that are served.
type Ports = (BTreeSet<u16>, BTreeMap<u16, Port>);

/// The ports that services lead to; the oldest service decides what is spoken on one. Where nothing is captured the
/// application has them itself: only a Sidecar says where else to listen.
fn of_services(mesh: &Mesh, pod: &Pod, targets: &[Target]) -> Ports {
    let protocol =
        |target: &&Target| target.service.ports.get(target.port).map_or(Protocol::Auto, |port| port.protocol);
    let targets = || targets.iter().filter(|target| protocol(target) != Protocol::Udp);
    let declared = targets().map(|target| target.target_port).collect();
    let mut ports = BTreeMap::new();
    let served = targets().filter(|target| !is_reserved(mesh, target.target_port));
    for target in served.filter(|_| pod.interception != Interception::None) {
        ports.entry(target.target_port).or_insert_with(|| Port::of(target, protocol(&target)));
    }
    (declared, ports)
}

/// The ports that a Sidecar says, whatever services there are.
fn of_sidecar(pod: &Pod, sidecar: &Sidecar) -> Ports {
    let (mut declared, mut ports) = (BTreeSet::new(), BTreeMap::new());
    for listener in &sidecar.ingress {
        let written = listener.port.as_ref();
        let number = written.and_then(|port| port.number.as_ref());
        let Some(number) = number.and_then(|number| u16::try_from(number.value).ok()) else { continue };
        declared.insert(number);
        let protocol = Protocol::parse(&text(written.and_then(|port| port.protocol.as_ref())));
        let bind = text(listener.bind.as_ref());
        let everywhere = if bind.is_empty() { protocol.is_http() } else { bind == UNSPECIFIED };
        if everywhere && OWN_PORTS.contains(&number) {
            continue;
        }
        let bound = match listener.capture_mode.as_ref().map(|mode| mode.value).unwrap_or_default() {
            CaptureMode::Default => pod.interception == Interception::None,
            CaptureMode::Iptables => false,
            CaptureMode::None => true,
        };
        let bind = if bind.is_empty() { port::own_address(pod) } else { bind };
        let port = Port::of_listener(sidecar, listener.span, (number, protocol), bind, bound);
        ports.entry(number).or_insert(port);
    }
    (declared, ports)
}

/// Connections to the capture port itself would go round in circles.
fn guard(capture: u16) -> Chain {
    let forward =
        TcpForward { is_guard: true, exchanges_metadata: true, ..TcpForward::to(names::BLACK_HOLE_CLUSTER) };
    Chain {
        name: Some(format!("{}-blackhole", names::VIRTUAL_INBOUND)),
        matches: ChainMatch { destination_port: Some(capture), ..ChainMatch::default() },
        ..Chain::new(ChainAction::Tcp(forward))
    }
}
