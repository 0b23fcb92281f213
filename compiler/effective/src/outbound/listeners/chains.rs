//! The chains of a service's port: HTTP by a table, TLS by server name, bytes by range
//! (Istio's `buildSidecarOutboundHTTPListenerOpts`, `…TLSFilterChainOpts` and `…TCPFilterChainOpts`).

use std::collections::BTreeSet;
use std::sync::Arc;

use meshc_mesh::hostname::{MESH_GATEWAY, overlaps};
use meshc_mesh::{Port, Protocol, Service, UNSPECIFIED, VirtualService};

use super::Caller;
use super::draft::Draft;
use crate::l4::{self, World, tcp_concerns, tls_concerns};
use crate::model::{ChainAction, HttpChain};
use crate::outbound::base::has_own_table;
use crate::outbound::domains;

/// Where a port is listened on, and the ranges that its chains are for.
#[derive(Debug, Clone, Default)]
pub(super) struct Place {
    /// The first is the listener's name; empty until it is known.
    pub(super) binds: Vec<String>,
    /// Ranges of the service, where it has no address of its own.
    pub(super) ranges: Vec<String>,
}

impl Place {
    /// At an address; at the service's own where there is none.
    pub(super) fn at(bind: Option<&str>) -> Self {
        Self { binds: bind.map(str::to_owned).into_iter().collect(), ranges: Vec::new() }
    }

    pub(super) fn primary(&self) -> &str {
        self.binds.first().map_or("", String::as_str)
    }
}

/// HTTP by the table of the port, or of the service alone.
pub(super) fn http(service: &Service, port: &Port, place: &Place, protocol: Protocol) -> Draft {
    let own = has_own_table(protocol, place.primary());
    let table = match port.number {
        // A socket of the file system has no number.
        0 => place.primary().to_owned(),
        number if own => format!("{}:{number}", service.hostname),
        number => number.to_string(),
    };
    let http = HttpChain {
        stat_prefix: format!("outbound_{}_{};", place.primary(), port.number),
        grpc_web: port.protocol == Protocol::GrpcWeb,
        looks_up: l4::looks_up(service),
        port: port.number,
        ..HttpChain::default()
    };
    Draft::new(ChainAction::HttpTable { table, http })
}

/// Everything that is not HTTP.
pub(super) fn bytes(
    world: World<'_>,
    caller: Caller<'_>,
    virtual_services: &[Arc<VirtualService>],
    service: &Service,
    port: &Port,
    place: &Place,
) -> Vec<Draft> {
    let about: Vec<&VirtualService> = virtual_services
        .iter()
        .filter(|by| {
            by.routes_connections() && by.hosts.iter().any(|host| overlaps(&host.value, &service.hostname))
        })
        .map(Arc::as_ref)
        .collect();
    let caller = l4::Caller {
        namespace: caller.namespace,
        labels: caller.labels,
        gateway: MESH_GATEWAY,
        port: port.number,
    };
    if matches!(port.protocol, Protocol::Https | Protocol::Tls) {
        tls(world, caller, &about, service, port, place)
    } else {
        tcp(world, caller, &about, service, port, place)
    }
}

/// The service's port that a listener of another number means: its only one.
fn port_of(service: &Service, port: &Port) -> u16 {
    match service.ports.as_slice() {
        [only] => only.number,
        _ => port.number,
    }
}

fn tls(
    world: World<'_>,
    caller: l4::Caller<'_>,
    about: &[&VirtualService],
    service: &Service,
    port: &Port,
    place: &Place,
) -> Vec<Draft> {
    let mut drafts = Vec::new();
    let mut seen = BTreeSet::new();
    let mut ranges = place.ranges.clone();
    for by in about {
        for route in by.tls.iter().filter(|route| !route.route.is_empty()) {
            for condition in route.matches.iter().filter(|condition| tls_concerns(condition, caller)) {
                let text = |list: &[meshc_syntax::de::Spanned<String>]| -> Vec<String> {
                    list.iter().map(|item| item.value.clone()).collect()
                };
                let (names, subnets) = (text(&condition.sni_hosts), text(&condition.destination_subnets));
                if !subnets.is_empty() && port.number > 0 {
                    // Istio keeps them for the conditions that follow.
                    ranges.clone_from(&subnets);
                }
                if seen.insert((names.clone(), subnets)) {
                    drafts.push(Draft {
                        server_names: names,
                        destinations: ranges.clone(),
                        config: Some(by.meta.api_path()),
                        ..Draft::new(ChainAction::Tcp(world.to_destinations(&route.route, port, by)))
                    });
                }
            }
        }
    }
    if drafts.is_empty() {
        // A service's own address tells which it is; without one only the server name does.
        let address =
            Some(service.listen_address()).filter(|address| !address.contains('/')).unwrap_or_default();
        let shared = address.is_empty() || (address == UNSPECIFIED && place.primary() == UNSPECIFIED);
        let by_name = !ranges.is_empty() || shared || l4::looks_up(service).is_some();
        let names = || {
            let aliases = service.aliases.iter().flat_map(|alias| {
                std::iter::once(alias.clone()).chain(domains::alternatives(alias, caller.namespace))
            });
            std::iter::once(service.hostname.clone()).chain(aliases).collect()
        };
        drafts.push(Draft {
            server_names: if by_name { names() } else { Vec::new() },
            destinations: ranges,
            ..Draft::new(ChainAction::Tcp(world.to_service(service, port_of(service, port), port)))
        });
    }
    drafts
}

fn tcp(
    world: World<'_>,
    caller: l4::Caller<'_>,
    about: &[&VirtualService],
    service: &Service,
    port: &Port,
    place: &Place,
) -> Vec<Draft> {
    let mut drafts = Vec::new();
    for by in about {
        for route in by.tcp.iter().filter(|route| !route.route.is_empty()) {
            let action = || ChainAction::Tcp(world.to_destinations(&route.route, port, by));
            let concerned: Vec<_> =
                route.matches.iter().filter(|condition| tcp_concerns(condition, caller)).collect();
            let takes_all = route.matches.is_empty()
                || concerned.iter().any(|condition| condition.destination_subnets.is_empty());
            if takes_all {
                drafts.push(Draft {
                    destinations: place.ranges.clone(),
                    config: Some(by.meta.api_path()),
                    ..Draft::new(action())
                });
                return drafts;
            }
            let mut subnets: Vec<String> = concerned
                .iter()
                .flat_map(|condition| &condition.destination_subnets)
                .map(|subnet| subnet.value.clone())
                .collect();
            if subnets.is_empty() {
                continue;
            }
            drafts.push(Draft { destinations: subnets.clone(), ..Draft::new(action()) });
            let mut ranges = place.ranges.clone();
            subnets.sort();
            ranges.sort();
            if subnets == ranges {
                return drafts;
            }
        }
    }
    drafts.push(Draft {
        destinations: place.ranges.clone(),
        ..Draft::new(ChainAction::Tcp(world.to_service(service, port_of(service, port), port)))
    });
    drafts
}
