//! What sidecars do with connections to their own workload: chains for each of its ports that a service names, and
//! for all others (Istio's `listener_inbound.go`).

mod inspect;
mod matches;
mod mtls;

use std::collections::BTreeMap;
use std::sync::Arc;

use meshc_mesh::{Interception, Mesh, Mtls, Pod, Protocol, Target, UNSPECIFIED};

use self::matches::{Offer, Spoken};
use crate::model::{
    Binding, Chain, ChainAction, ChainMatch, Direction, HttpChain, Listener, Origin, RouteTable, Security,
    TcpForward, VirtualHost,
};
use crate::{http, names};

pub(crate) use mtls::{ALPN_EXCHANGE, ALPN_HTTP};

/// Ports of the proxy's health and metrics.
const OWN_PORTS: [u16; 2] = [15021, 15090];

/// Whether a port is the proxy's own, on which no chain is made: capture, health and metrics.
pub(crate) fn is_reserved(mesh: &Mesh, port: u16) -> bool {
    let capture = [mesh.config.proxy_listen_port(), mesh.config.proxy_inbound_listen_port()];
    OWN_PORTS.contains(&port) || capture.contains(&port)
}

/// The listeners of a pod's inbound connections.
pub(crate) fn listeners(
    mesh: &Mesh,
    pod: &Pod,
    targets: &[Target],
    security: &Arc<Security>,
) -> Vec<Listener> {
    if pod.interception == Interception::None {
        // The application has the ports: only a Sidecar says where else to listen.
        return Vec::new();
    }
    // The oldest service decides what is spoken on a port.
    let mut by_port: BTreeMap<u16, &Target> = BTreeMap::new();
    for target in targets.iter().filter(|target| protocol(target) != Protocol::Udp) {
        by_port.entry(target.target_port).or_insert(target);
    }
    by_port.retain(|port, _| !is_reserved(mesh, *port));
    let capture = mesh.config.proxy_inbound_listen_port();
    let mut chains = vec![guard(capture)];
    let modes = mesh.mtls(pod);
    let others = modes.ports.keys().copied().filter(|port| !by_port.contains_key(port));
    for port in std::iter::once(0).chain(others) {
        chains.extend(Port::passthrough(port).chains(mesh, &modes));
    }
    let mut origins = Vec::new();
    for (&port, target) in &by_port {
        let of_port = Port::of(port, target);
        chains.extend(of_port.chains(mesh, &modes));
        origins.extend(of_port.origins);
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
    vec![listener]
}

fn protocol(target: &Target) -> Protocol {
    target.service.ports.get(target.port).map_or(Protocol::Auto, |port| port.protocol)
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

/// A port of the workload, or all that no service names.
struct Port {
    /// 0 for all others.
    number: u16,
    protocol: Protocol,
    cluster: String,
    /// The service's host and port, for traces.
    host: String,
    service_port: u16,
    passes: bool,
    origins: Vec<Origin>,
}

impl Port {
    fn of(number: u16, target: &Target) -> Self {
        let service = &target.service;
        let (span, service_port) =
            service.ports.get(target.port).map_or((service.meta.span, number), |p| (p.span, p.number));
        let text = format!("{}: port {service_port} is port {number} of its pods", service.meta);
        Self {
            number,
            protocol: protocol(target),
            cluster: names::inbound(number),
            host: service.hostname.clone(),
            service_port,
            passes: false,
            origins: vec![Origin::new(span, text)],
        }
    }

    fn passthrough(number: u16) -> Self {
        Self {
            number,
            protocol: Protocol::Auto,
            cluster: names::INBOUND_PASSTHROUGH_CLUSTER.to_owned(),
            host: String::new(),
            service_port: 0,
            passes: true,
            origins: Vec::new(),
        }
    }

    fn chains(&self, mesh: &Mesh, modes: &Mtls) -> impl Iterator<Item = Chain> {
        let offers = matches::offers(self.protocol, modes.mode(self.number));
        offers.iter().map(|offer| Chain {
            name: Some(self.name(offer)),
            matches: offer.matches(self.number),
            tls: offer.terminates.then(|| mtls::server(mesh, offer.spoken)),
            action: self.action(mesh, offer),
            config: None,
        })
    }

    fn name(&self, offer: &Offer) -> String {
        match (self.passes, offer.spoken) {
            (true, Spoken::Http) => format!("{}-catchall-http", names::VIRTUAL_INBOUND),
            (true, Spoken::Bytes) => names::VIRTUAL_INBOUND.to_owned(),
            (false, _) => format!("{UNSPECIFIED}_{}", self.number),
        }
    }

    fn action(&self, mesh: &Mesh, offer: &Offer) -> ChainAction {
        if offer.spoken == Spoken::Bytes {
            return ChainAction::Tcp(TcpForward {
                mongo: self.protocol == Protocol::Mongo,
                exchanges_metadata: true,
                port: self.service_port,
                ..TcpForward::to(self.cluster.clone())
            });
        }
        let prefix =
            if self.passes { self.cluster.clone() } else { format!("inbound_{UNSPECIFIED}_{}", self.number) };
        ChainAction::HttpInline {
            table: self.table(mesh),
            http: HttpChain {
                stat_prefix: format!("{prefix};"),
                http2: self.protocol.is_http2(),
                grpc_web: self.protocol == Protocol::GrpcWeb,
                port: self.number,
                ..HttpChain::default()
            },
        }
    }

    fn table(&self, mesh: &Mesh) -> Arc<RouteTable> {
        let route = http::inbound(
            &self.cluster,
            &self.host,
            self.service_port,
            self.protocol,
            &mesh.config,
            self.origins.clone(),
        );
        let host = VirtualHost {
            name: format!("inbound|http|{}", self.service_port),
            domains: vec!["*".to_owned()],
            routes: vec![route],
            include_attempt_count: false,
            require_tls: false,
            origins: self.origins.clone(),
        };
        Arc::new(RouteTable {
            name: self.cluster.clone(),
            virtual_hosts: vec![Arc::new(host)],
            ignore_port_in_host: false,
        })
    }
}
