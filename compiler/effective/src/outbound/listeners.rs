//! Where a sidecar takes its workload's connections: one listener for each HTTP port, one for each address of
//! a service that speaks something else, and the one to which everything is redirected.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use meshc_diagnostics::Diagnostic;
use meshc_mesh::{Port, Protocol, Resolution, Service, UNSPECIFIED, View};

use super::policy::Unclaimed;
use super::ports;
use crate::inbound::RESERVED_PORTS;
use crate::model::{Binding, Chain, ChainAction, Direction, Listener, Origin};
use crate::{names, rules};

/// A listener that is being put together, with the service that decided what it does.
struct Made<'a> {
    listener: Listener,
    by: (&'a Service, &'a Port),
}

/// Outbound listeners that were made before, by the places in memory of the services that they are for: they
/// ask nothing else of a view, and most views have the same services.
#[derive(Default)]
pub(crate) struct Listeners(HashMap<(Vec<*const Service>, Unclaimed), Known>);

struct Known {
    listeners: Arc<Vec<Arc<Listener>>>,
    /// Held so that their places stay their own.
    _of: Vec<Arc<Service>>,
}

impl Listeners {
    /// The outbound listeners of a view, in the order of their ports and addresses, the capture point last.
    /// What is found is told once for all views that share them.
    pub(crate) fn of(
        &mut self,
        view: &View,
        unclaimed: &Unclaimed,
        found: &mut Vec<Diagnostic>,
    ) -> Arc<Vec<Arc<Listener>>> {
        let places = view.catch_all.services.iter().map(Arc::as_ptr).collect();
        let new = || Known {
            listeners: Arc::new(listeners(view, unclaimed, found)),
            _of: view.catch_all.services.clone(),
        };
        Arc::clone(&self.0.entry((places, unclaimed.clone())).or_insert_with(new).listeners)
    }
}

fn listeners(view: &View, unclaimed: &Unclaimed, found: &mut Vec<Diagnostic>) -> Vec<Arc<Listener>> {
    let mut made: BTreeMap<(u16, String), Made<'_>> = BTreeMap::new();
    for service in &view.catch_all.services {
        for port in &service.ports {
            let address = address(service, port);
            let is_proxys_own = port.protocol.is_http() && RESERVED_PORTS.contains(&port.number);
            if port.protocol == Protocol::Udp || is_proxys_own {
                continue;
            }
            let by = (service.as_ref(), port);
            let known = made.entry((port.number, address.clone())).or_insert_with(|| Made {
                listener: captured(&address, port.number, chain(action(service, port))),
                by,
            });
            found.extend(share(known, by));
            let text = format!("{}: port {} ({})", service.meta, port.number, port.protocol);
            known.listener.origins.push(Origin::new(port.span, text));
        }
    }
    let mut listeners: Vec<_> = made.into_values().map(|made| Arc::new(made.listener)).collect();
    listeners.push(Arc::new(capture_point(unclaimed)));
    listeners
}

/// A second service on a listener: HTTP services share it, of others only one can have it. HTTP wins, as its
/// virtual hosts serve many.
fn share<'a>(known: &mut Made<'a>, by: (&'a Service, &'a Port)) -> Option<Diagnostic> {
    let (first, second) = (known.by, by);
    let is_http = |(_, port): (&Service, &Port)| port.protocol.may_be_http();
    // Bytes that go where they were going do so whichever service they are taken for.
    let passes = |(service, _): (&Service, &Port)| service.resolution == Resolution::Passthrough;
    match (is_http(first), is_http(second)) {
        (true, true) => None,
        (false, true) => {
            known.listener.chains = vec![chain(action(second.0, second.1))];
            known.by = second;
            Some(rules::port_conflict(first, second))
        }
        (true, false) => Some(rules::port_conflict(second, first)),
        (false, false) if first.0.hostname == second.0.hostname || (passes(first) && passes(second)) => None,
        (false, false) => Some(rules::port_conflict(second, first)),
    }
}

/// What a listener of a port does.
fn action(service: &Service, port: &Port) -> ChainAction {
    let (host, number) = (&service.hostname, port.number);
    if !port.protocol.may_be_http() {
        return ChainAction::Tcp { cluster: names::outbound(host, number, None) };
    }
    let own = ports::has_own_table(port.protocol, service.listen_address());
    ChainAction::HttpTable { table: if own { format!("{host}:{number}") } else { number.to_string() } }
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
        security: None,
        origins: Vec::new(),
    }
}

/// Istio's `virtualOutbound`: what no other listener is for goes where it was going.
fn capture_point(unclaimed: &Unclaimed) -> Listener {
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
            tcp("catchall-tcp", None, unclaimed.cluster()),
        ],
        security: None,
        origins: Vec::new(),
    }
}
