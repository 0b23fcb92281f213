//! Where a sidecar takes its workload's connections: one listener for each HTTP port, one for each address of
//! a service that speaks something else, and the one to which everything is redirected.

mod chains;
pub(crate) mod draft;
mod entry;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use meshc_diagnostics::Diagnostic;
use meshc_mesh::{
    Egress, Interception, Port, Protocol, Resolution, Service, TargetPort, UNSPECIFIED, View, VirtualService,
};
use meshc_resources::istio::CaptureMode;

use self::chains::Place;
use self::entry::{Entry, Speaks};
use super::policy::Unclaimed;
use crate::inbound;
use crate::l4::World;
use crate::model::{
    Binding, Chain, ChainAction, ChainMatch, Direction, HttpChain, Inspector, Listener, Origin, Ports,
    RouteTable, TcpForward,
};
use crate::names;

/// For whom listeners are made.
#[derive(Clone, Copy)]
pub(crate) struct Caller<'a> {
    /// Its namespace.
    pub(crate) namespace: &'a str,
    /// Its labels.
    pub(crate) labels: &'a BTreeMap<String, String>,
    /// How its connections come to the proxy.
    pub(crate) interception: Interception,
    /// The port on which the proxy is an HTTP proxy.
    pub(crate) http_proxy: Option<u16>,
}

/// Outbound listeners that were made before, by the places in memory of what they were made from: most views have
/// the same services, and nothing else that matters here.
#[derive(Default)]
pub(crate) struct Listeners(HashMap<Key, Known>);

/// The Sidecar and the services, the rules that hold for them, the VirtualServices that route connections, what becomes
/// of the rest, the interception, the port of an HTTP proxy, and who calls, where a route asks.
type Key = (
    usize,
    Vec<*const Service>,
    Vec<usize>,
    Vec<*const VirtualService>,
    Unclaimed,
    Interception,
    Option<u16>,
    Option<(String, BTreeMap<String, String>)>,
);

struct Known {
    listeners: Arc<Vec<Arc<Listener>>>,
    /// Held so that their places stay their own.
    _view: View,
}

impl Listeners {
    /// The outbound listeners of a view, in the order of their ports and addresses, the capture point last.
    /// What is found is told once for all views that share them.
    pub(crate) fn of(
        &mut self,
        world: World<'_>,
        caller: Caller<'_>,
        unclaimed: &Unclaimed,
        found: &mut Vec<Diagnostic>,
    ) -> Arc<Vec<Arc<Listener>>> {
        let view = world.view;
        let egresses = || view.listeners.iter().chain(std::iter::once(&view.catch_all));
        let services = || egresses().flat_map(|egress| &egress.services);
        let routing: Vec<*const VirtualService> = egresses()
            .flat_map(|egress| &egress.virtual_services)
            .filter(|by| by.routes_connections())
            .map(Arc::as_ptr)
            .collect();
        let raw = |service: &&Arc<Service>| service.ports.iter().any(|port| !port.protocol.is_http());
        let rules = services()
            .filter(raw)
            .map(|service| world.rule(service).map_or(0, |rule| Arc::as_ptr(rule).addr()));
        let asks = (!routing.is_empty()).then(|| (caller.namespace.to_owned(), caller.labels.clone()));
        let key = (
            view.sidecar.as_ref().map_or(0, |sidecar| Arc::as_ptr(sidecar).addr()),
            services().map(Arc::as_ptr).collect(),
            rules.collect(),
            routing,
            unclaimed.clone(),
            caller.interception,
            caller.http_proxy,
            asks,
        );
        let new =
            || Known { listeners: Arc::new(listeners(world, caller, unclaimed, found)), _view: view.clone() };
        Arc::clone(&self.0.entry(key).or_insert_with(new).listeners)
    }
}

fn listeners(
    world: World<'_>,
    caller: Caller<'_>,
    unclaimed: &Unclaimed,
    found: &mut Vec<Diagnostic>,
) -> Vec<Arc<Listener>> {
    let view = world.view;
    let all_bound = caller.interception == Interception::None;
    let own: Vec<(&Egress, Port)> =
        view.listeners.iter().filter_map(|egress| Some((egress.as_ref(), own_port(egress)?))).collect();
    let mut building = Building { world, caller, made: BTreeMap::new(), found };
    for (egress, port) in &own {
        let (bind, binding) = bind(egress, all_bound);
        let side = Side { egress, binding };
        for service in &egress.services {
            if !building.is_reserved(port, bind.as_deref()) {
                building.add(service, port, side, Place::at(bind.as_deref()));
            }
        }
    }
    for entry in building.made.values_mut() {
        entry.locked = true;
    }
    if view.has_catch_all() {
        let egress = view.catch_all.as_ref();
        let (bind, binding) = bind(egress, all_bound);
        for service in &egress.services {
            for port in &service.ports {
                building.service_port(service, port, Side { egress, binding }, bind.as_deref());
            }
        }
    }
    let mut listeners: Vec<_> =
        building.made.into_values().map(|entry| Arc::new(entry.finish(unclaimed))).collect();
    if let Some(port) = caller.http_proxy {
        listeners.push(Arc::new(http_proxy(port, unclaimed)));
    }
    if !all_bound {
        listeners.push(Arc::new(capture_point(world, caller.interception, unclaimed)));
    }
    listeners
}

/// The port that a Sidecar's listener has of its own.
fn own_port(egress: &Egress) -> Option<Port> {
    let spec = egress.spec.as_ref()?;
    let port = spec.port.as_ref()?;
    Some(Port {
        name: port.name.clone(),
        number: port.number,
        protocol: port.protocol,
        target: TargetPort::Number(port.number),
        span: spec.span,
    })
}

/// Where a Sidecar's listener is bound: where it says, on the loopback address where nothing is captured, else at the
/// services' own addresses.
fn bind(egress: &Egress, all_bound: bool) -> (Option<String>, Binding) {
    let written = egress.spec.as_ref().map_or("", |spec| spec.bind.as_str());
    let own_socket = egress.spec.as_ref().is_some_and(|spec| spec.capture == CaptureMode::None);
    let bound = all_bound || own_socket || written.starts_with("unix://");
    let bind = match (written, bound) {
        ("", true) => Some("127.0.0.1".to_owned()),
        ("", false) => None,
        (written, _) => Some(written.to_owned()),
    };
    (bind, if bound { Binding::Bound } else { Binding::Captured })
}

/// The side of a listener: who is behind it, and how connections come.
#[derive(Clone, Copy)]
struct Side<'a> {
    egress: &'a Egress,
    binding: Binding,
}

/// The listeners of one proxy by port and address.
struct Building<'a, 'f> {
    world: World<'a>,
    caller: Caller<'a>,
    made: BTreeMap<(u16, String), Entry<'a>>,
    found: &'f mut Vec<Diagnostic>,
}

impl<'a> Building<'a, '_> {
    /// A port of a service, at the address that it is to be bound at, else at the service's own.
    fn service_port(&mut self, service: &'a Service, port: &'a Port, side: Side<'a>, bind: Option<&str>) {
        if port.protocol == Protocol::Udp || self.is_reserved(port, bind) {
            return;
        }
        let headless = bind.is_none()
            && service.resolution == Resolution::Passthrough
            && service.listen_address() == UNSPECIFIED
            && !port.protocol.is_http();
        if !headless {
            self.add(service, port, side, Place::at(bind));
            return;
        }
        let mut endpoints = service.endpoints_of(port.number).peekable();
        let is_kubernetes = service.registry == meshc_mesh::Registry::Kubernetes;
        if endpoints.peek().is_none() && !is_kubernetes && service.selector.is_empty() {
            self.add(service, port, side, Place::default());
            return;
        }
        // One for each pod: the caller knows their addresses.
        for endpoint in endpoints.filter(|endpoint| endpoint.address.parse::<std::net::IpAddr>().is_ok()) {
            self.add(service, port, side, Place::at(Some(&endpoint.address)));
        }
    }

    /// The proxy's own ports are on all addresses: nothing else can be there.
    fn is_reserved(&self, port: &Port, bind: Option<&str>) -> bool {
        let everywhere = bind.map_or(port.protocol.is_http(), |bind| bind == UNSPECIFIED);
        everywhere && inbound::is_reserved(self.world.mesh, port.number)
    }

    fn add(&mut self, service: &'a Service, port: &'a Port, side: Side<'a>, mut place: Place) {
        // Who asks for an ExternalName asks for the service behind it.
        if service.resolution == Resolution::Alias {
            return;
        }
        let speaks = Speaks::of(port.protocol);
        if place.binds.is_empty() {
            let own = service.listen_address();
            if speaks == Speaks::Http {
                place.binds.push(UNSPECIFIED.to_owned());
            } else if own.contains('/') {
                // A range cannot be listened on: it stands in the chain.
                place.binds.push(UNSPECIFIED.to_owned());
                place.ranges.clone_from(&service.addresses);
            } else {
                place.binds.push(own.to_owned());
                place.binds.extend(service.addresses.iter().skip(1).cloned());
            }
        }
        let by = (service, port);
        let text = format!("{}: port {} ({})", service.meta, port.number, port.protocol);
        let origin = Origin::new(port.span, text);
        let key = (port.number, place.primary().to_owned());
        let existing = self.made.get(&key).map(|entry| (entry.locked, entry.speaks));
        if matches!(existing, Some((true, _))) {
            return;
        }
        let proxies = port.protocol == Protocol::HttpProxy;
        if proxies {
            self.made.remove(&key);
        }
        let (drafts, speaks) = match (speaks, existing.filter(|_| !proxies).map(|(_, speaks)| speaks)) {
            (Speaks::Http, Some(Speaks::Http | Speaks::Either)) => {
                // Virtual hosts of the table serve both.
                if let Some(entry) = self.made.get_mut(&key) {
                    entry.origins.push(origin);
                }
                return;
            }
            (Speaks::Http, _) => {
                let mut draft = chains::http(service, port, &place, port.protocol);
                // On all addresses there is also what no service claims.
                let shared = place.primary() == UNSPECIFIED && !proxies;
                draft.only_http = shared;
                (vec![draft], if shared { Speaks::Either } else { Speaks::Http })
            }
            (Speaks::Tcp, _) | (Speaks::Either, Some(Speaks::Either)) => {
                (self.bytes(service, port, side, &place), speaks)
            }
            (Speaks::Either, _) => {
                let mut drafts = self.bytes(service, port, side, &place);
                let http = chains::http(service, port, &place, port.protocol);
                drafts.push(draft::Draft { only_http: true, ..http });
                (drafts, Speaks::Either)
            }
        };
        match self.made.get_mut(&key) {
            Some(entry) if entry.speaks == Speaks::Http && speaks == Speaks::Either => {
                entry.drafts = drafts;
                entry.speaks = speaks;
                entry.origins.push(origin);
            }
            Some(entry) => {
                entry.origins.push(origin);
                self.found.extend(entry.merge(drafts, speaks, by));
            }
            None => {
                let entry = Entry {
                    binds: place.binds,
                    port: port.number,
                    binding: side.binding,
                    locked: false,
                    speaks,
                    protocol: port.protocol,
                    drafts,
                    by,
                    origins: vec![origin],
                };
                self.made.insert(key, entry);
            }
        }
    }

    fn bytes(&self, service: &Service, port: &Port, side: Side<'_>, place: &Place) -> Vec<draft::Draft> {
        chains::bytes(self.world, self.caller, &side.egress.virtual_services, service, port, place)
    }
}

/// Istio's `virtualOutbound`: what no other listener is for goes where it was going.
fn capture_point(world: World<'_>, interception: Interception, unclaimed: &Unclaimed) -> Listener {
    let port = world.mesh.config.proxy_listen_port();
    let tcp = |name: &str, forward| Chain {
        name: Some(format!("{}-{name}", names::VIRTUAL_OUTBOUND)),
        ..Chain::new(ChainAction::Tcp(forward))
    };
    let guard = TcpForward { is_guard: true, ..TcpForward::to(names::BLACK_HOLE_CLUSTER) };
    let mut blackhole = tcp("blackhole", guard);
    let looked_up = looked_up(world, unclaimed);
    blackhole.matches = ChainMatch { destination_port: Some(port), ..ChainMatch::default() };
    Listener {
        name: names::VIRTUAL_OUTBOUND.to_owned(),
        address: UNSPECIFIED.to_owned(),
        port,
        direction: Direction::Outbound,
        binding: Binding::CapturePoint,
        transparent: interception == Interception::Tproxy,
        inspectors: looked_up.iter().map(|_| Inspector::Http(Ports::All)).collect(),
        chains: std::iter::once(blackhole)
            .chain(looked_up)
            .chain([tcp("catchall-tcp", TcpForward::to(unclaimed.cluster()))])
            .map(Arc::new)
            .collect(),
        ..Listener::default()
    }
}

/// Requests on ports that no service has, where their names are looked up.
fn looked_up(world: World<'_>, unclaimed: &Unclaimed) -> Option<Chain> {
    let lookup = unclaimed.lookup()?;
    let name = names::ALLOW_ANY_DYNAMIC_DNS;
    let table = RouteTable {
        name: name.to_owned(),
        virtual_hosts: vec![unclaimed.virtual_host(world.mesh, world.view)],
        ignore_port_in_host: true,
    };
    let http = HttpChain {
        stat_prefix: format!("outbound_{}_{name};", names::VIRTUAL_OUTBOUND),
        looks_up_any: Some(lookup),
        ..HttpChain::default()
    };
    Some(Chain {
        name: Some(format!("{}-catchall-tcp-http", names::VIRTUAL_OUTBOUND)),
        matches: ChainMatch {
            application_protocols: draft::PLAINTEXT_HTTP.map(str::to_owned).to_vec(),
            ..ChainMatch::default()
        },
        ..Chain::new(ChainAction::HttpInline { table: Arc::new(table), http })
    })
}

/// The port on which the sidecar is an HTTP proxy.
fn http_proxy(port: u16, unclaimed: &Unclaimed) -> Listener {
    let address = "127.0.0.1";
    let http = HttpChain {
        stat_prefix: format!("outbound_{address}_{port};"),
        absolute_urls: true,
        looks_up_any: unclaimed.lookup(),
        port,
        ..HttpChain::default()
    };
    Listener {
        name: format!("{address}_{port}"),
        address: address.to_owned(),
        port,
        direction: Direction::Outbound,
        binding: Binding::Bound,
        chains: vec![Arc::new(Chain::new(ChainAction::HttpTable {
            table: names::HTTP_PROXY.to_owned(),
            http,
        }))],
        ..Listener::default()
    }
}
