//! What sidecars do with requests to their own workload: a chain for each of its ports that a service names.

use std::collections::BTreeMap;
use std::sync::Arc;

use meshc_mesh::{MeshConfig, Protocol, Target, UNSPECIFIED};

use crate::model::{
    Binding, Chain, ChainAction, Direction, Listener, Origin, RouteTable, Security, VirtualHost,
};
use crate::{http, names};

/// Ports of the proxy itself, on which no chain is made: capture, health and metrics.
pub(crate) const RESERVED_PORTS: [u16; 4] = [names::OUTBOUND_PORT, names::INBOUND_PORT, 15021, 15090];

/// The listener of captured inbound connections, and the workload's ports that have a chain.
pub(crate) fn listener(
    targets: &[Target],
    security: &Arc<Security>,
    config: &MeshConfig,
) -> (Listener, Vec<u16>) {
    // The oldest service decides what is spoken on a port.
    let mut by_port: BTreeMap<u16, &Target> = BTreeMap::new();
    for target in targets.iter().filter(|target| protocol(target) != Protocol::Udp) {
        by_port.entry(target.target_port).or_insert(target);
    }
    by_port.retain(|port, _| !RESERVED_PORTS.contains(port));
    let mut chains = vec![
        tcp(
            format!("{}-blackhole", names::VIRTUAL_INBOUND),
            Some(names::INBOUND_PORT),
            names::BLACK_HOLE_CLUSTER,
        ),
        tcp(names::VIRTUAL_INBOUND.to_owned(), None, names::INBOUND_PASSTHROUGH_CLUSTER),
    ];
    let mut origins = Vec::new();
    for (&port, target) in &by_port {
        let origin = origin(target);
        chains.push(chain(port, target, config, origin.clone()));
        origins.push(origin);
    }
    let listener = Listener {
        name: names::VIRTUAL_INBOUND.to_owned(),
        address: UNSPECIFIED.to_owned(),
        port: names::INBOUND_PORT,
        direction: Direction::Inbound,
        binding: Binding::CapturePoint,
        chains,
        security: Some(Arc::clone(security)),
        origins,
    };
    (listener, by_port.into_keys().collect())
}

fn protocol(target: &Target) -> Protocol {
    target.service.ports.get(target.port).map_or(Protocol::Auto, |port| port.protocol)
}

fn origin(target: &Target) -> Origin {
    let service = &target.service;
    let (span, number) =
        service.ports.get(target.port).map_or((service.meta.span, 0), |p| (p.span, p.number));
    Origin::new(span, format!("{}: port {number} is port {} of its pods", service.meta, target.target_port))
}

fn chain(port: u16, target: &Target, config: &MeshConfig, origin: Origin) -> Chain {
    let name = format!("{UNSPECIFIED}_{port}");
    let cluster = names::inbound(port);
    let protocol = protocol(target);
    if !protocol.may_be_http() {
        return tcp(name, Some(port), &cluster);
    }
    let of_service = target.service.ports.get(target.port).map_or(port, |of_service| of_service.number);
    let route =
        http::inbound(&cluster, &target.service.hostname, of_service, protocol, config, vec![origin.clone()]);
    let host = VirtualHost {
        name: format!("inbound|http|{of_service}"),
        domains: vec!["*".to_owned()],
        routes: vec![route],
        include_attempt_count: false,
        require_tls: false,
        origins: vec![origin],
    };
    let table = RouteTable { name: cluster, virtual_hosts: vec![Arc::new(host)], ignore_port_in_host: false };
    Chain {
        name: Some(name),
        destination_port: Some(port),
        action: ChainAction::HttpInline { table: Arc::new(table) },
    }
}

fn tcp(name: String, destination_port: Option<u16>, cluster: &str) -> Chain {
    Chain { name: Some(name), destination_port, action: ChainAction::Tcp { cluster: cluster.to_owned() } }
}
