//! Where a sidecar takes its workload's connections: one listener for each HTTP port, one for each address of
//! a service that speaks something else, and the one to which everything is redirected.

use std::collections::BTreeMap;
use std::sync::Arc;

use meshc_mesh::{Port, Protocol, Service, UNSPECIFIED, View};

use super::ports;
use crate::inbound::RESERVED_PORTS;
use crate::model::{Binding, Chain, ChainAction, Direction, Listener, Origin};
use crate::names;

/// The outbound listeners of a view, in the order of their addresses and ports, the capture point last.
pub(crate) fn listeners(view: &View) -> Vec<Arc<Listener>> {
    let mut made: BTreeMap<(u16, String), Listener> = BTreeMap::new();
    for service in &view.services {
        for port in &service.ports {
            let address = address(service, port);
            let is_proxys_own = port.protocol.is_http() && RESERVED_PORTS.contains(&port.number);
            if port.protocol == Protocol::Udp || is_proxys_own {
                continue;
            }
            let action = if port.protocol.may_be_http() {
                let own = ports::has_own_table(port.protocol, service.listen_address());
                let host = &service.hostname;
                let table = if own { format!("{host}:{}", port.number) } else { port.number.to_string() };
                ChainAction::HttpTable { table }
            } else {
                ChainAction::Tcp { cluster: names::outbound(&service.hostname, port.number, None) }
            };
            let origin =
                Origin::new(port.span, format!("{}: port {} ({})", service.meta, port.number, port.protocol));
            let listener = made
                .entry((port.number, address.clone()))
                .and_modify(|listener| {
                    // HTTP on an address that was raw TCP so far: Envoy could tell the two apart only by
                    // the first bytes; the virtual hosts are of more use than one service's bytes.
                    if port.protocol.may_be_http() {
                        listener.chains = vec![chain(action.clone())];
                    }
                })
                .or_insert_with(|| captured(&address, port.number, chain(action)));
            listener.origins.push(origin);
        }
    }
    let mut listeners: Vec<_> = made.into_values().map(Arc::new).collect();
    listeners.push(Arc::new(capture_point()));
    listeners
}

/// The wildcard for HTTP, where a `Host` tells services apart; the service's own where nothing else does.
fn address(service: &Service, port: &Port) -> String {
    let own = service.listen_address();
    // A block of addresses cannot be listened on.
    if port.protocol.is_http() || own.contains('/') { UNSPECIFIED.to_owned() } else { own.to_owned() }
}

fn chain(action: ChainAction) -> Chain {
    Chain { name: None, destination_port: None, action }
}

fn captured(address: &str, port: u16, chain: Chain) -> Listener {
    Listener {
        name: format!("{address}_{port}"),
        address: address.to_owned(),
        port,
        direction: Direction::Outbound,
        binding: Binding::Captured,
        chains: vec![chain],
        origins: Vec::new(),
    }
}

/// Istio's `virtualOutbound`: what no other listener is for goes where it was going.
fn capture_point() -> Listener {
    let tcp = |name: &str, destination_port, cluster: &str| Chain {
        name: Some(format!("{}-{name}", names::VIRTUAL_OUTBOUND)),
        destination_port,
        action: ChainAction::Tcp { cluster: cluster.to_owned() },
    };
    Listener {
        name: names::VIRTUAL_OUTBOUND.to_owned(),
        address: UNSPECIFIED.to_owned(),
        port: names::OUTBOUND_PORT,
        direction: Direction::Outbound,
        binding: Binding::CapturePoint,
        chains: vec![
            tcp("blackhole", Some(names::OUTBOUND_PORT), names::BLACK_HOLE_CLUSTER),
            tcp("catchall-tcp", None, names::PASSTHROUGH_CLUSTER),
        ],
        origins: Vec::new(),
    }
}
