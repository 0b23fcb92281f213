//! The listeners of a gateway: for each port and address one, with chains told apart by server name
//! (Istio's `buildGatewayListeners`).

use std::collections::BTreeMap;
use std::sync::Arc;

use meshc_diagnostics::Diagnostic;
use meshc_mesh::hostname::{is_covered, overlaps};
use meshc_mesh::{Gateway, Port, Protocol, Service, TargetPort, UNSPECIFIED, VirtualService};
use meshc_resources::istio::{L4Match, TlsMode};
use meshc_syntax::de::Spanned;

use super::servers::{Group, Key, Merged, Server, taken};
use super::tls;
use crate::inbound::Secrets;
use crate::l4::World;
use crate::model::{
    Binding, Chain, ChainAction, ChainMatch, Direction, HttpChain, Inspector, Listener, Origin, Ports,
    Security, TcpForward,
};
use crate::rules;

/// ALPN of everything between sidecars.
const MTLS_ALL: [&str; 5] = ["istio", "istio-peer-exchange", "istio-http/1.0", "istio-http/1.1", "istio-h2"];

/// Server names of TLS that is passed on, by port, with the address.
type Names = BTreeMap<u16, BTreeMap<String, String>>;

/// What a gateway brings besides its servers.
pub(super) struct Own<'a> {
    pub(super) security: &'a Arc<Security>,
    pub(super) secrets: Secrets,
    /// Connections begin with a header of the PROXY protocol.
    pub(super) proxy_protocol: bool,
}

/// The listeners of all servers, in Istio's order of ports.
pub(super) fn listeners(
    world: World<'_>,
    merged: &Merged,
    own: &Own<'_>,
    found: &mut Vec<Diagnostic>,
) -> Vec<Arc<Listener>> {
    let mut made: Vec<Listener> = Vec::new();
    let mut names = Names::new();
    for (key, group) in merged.keys.iter().filter_map(|key| Some((key, merged.groups.get(key)?))) {
        let address = if key.bind.is_empty() { UNSPECIFIED } else { &key.bind };
        let name = format!("{address}_{}", key.number);
        let chains = chains(world, own, key, group, (&name, &mut names), found).into_iter().map(Arc::new);
        let origins = group.servers.iter().map(|server| {
            Origin::new(server.span(), format!("{}: port {}", server.gateway.meta, server.number))
        });
        match made.iter_mut().find(|listener| listener.name == name) {
            Some(listener) => {
                listener.chains.extend(chains);
                listener.origins.extend(origins);
            }
            None => made.push(Listener {
                name,
                address: address.to_owned(),
                port: key.number,
                direction: Direction::Outbound,
                binding: Binding::Bound,
                chains: chains.collect(),
                security: Some(Arc::clone(own.security)),
                origins: origins.collect(),
                ..Listener::default()
            }),
        }
    }
    made.retain(|listener| !listener.chains.is_empty());
    let inspected = made.into_iter().map(|mut listener| {
        if own.proxy_protocol {
            listener.inspectors.push(Inspector::ProxyProtocol);
        }
        let named = |chain: &Arc<Chain>| !chain.matches.server_names.is_empty() || chain.tls.is_some();
        if listener.chains.iter().any(named) {
            listener.inspectors.push(Inspector::Tls(Ports::All));
        }
        Arc::new(listener)
    });
    inspected.collect()
}

fn chains(
    world: World<'_>,
    own: &Own<'_>,
    key: &Key,
    group: &Group,
    (name, names): (&str, &mut Names),
    found: &mut Vec<Diagnostic>,
) -> Vec<Chain> {
    let http = |table: &str, prefix: String, protocol: Protocol| ChainAction::HttpTable {
        table: table.to_owned(),
        http: HttpChain {
            stat_prefix: prefix,
            grpc_web: protocol == Protocol::GrpcWeb,
            port: key.number,
            ..HttpChain::default()
        },
    };
    let prefix = || format!("outbound_{name};");
    if key.speaks().is_http() {
        return vec![Chain::new(http(&group.table, prefix(), key.speaks()))];
    }
    let mut chains = Vec::new();
    for server in &group.servers {
        if server.terminates_https() {
            let named = server.written.name.as_ref().filter(|name| !name.value.is_empty());
            let prefix = named.map_or_else(prefix, |name| name.value.clone());
            chains.push(Chain {
                matches: by_name(server.server_names()),
                tls: tls::server(server, &world.mesh.config, &own.secrets),
                ..Chain::new(http(&server.table, prefix, server.protocol))
            });
        } else if server.passes_through() {
            chains.extend(passing(world, server, key, names, found));
        } else {
            let Some(mut forward) = tcp(world, server) else {
                found.push(rules::server_without_route(&server.gateway, &server.written, server.number));
                continue;
            };
            forward.exchanges_metadata = server.mode() == Some(TlsMode::IstioMutual);
            let terminated = tls::server(server, &world.mesh.config, &own.secrets);
            let matches =
                if terminated.is_some() { by_name(server.server_names()) } else { ChainMatch::default() };
            chains.push(Chain { matches, tls: terminated, ..Chain::new(ChainAction::Tcp(forward)) });
        }
    }
    chains
}

/// Connections that ask for one of the names; `*` is any.
fn by_name(mut names: Vec<String>) -> ChainMatch {
    names.sort();
    if names.iter().any(|name| name == "*") {
        names.clear();
    }
    ChainMatch { server_names: names, ..ChainMatch::default() }
}

/// The port as routes see it.
fn port(server: &Server) -> Port {
    Port {
        name: server.port_name().to_owned(),
        number: server.number,
        protocol: server.protocol,
        target: TargetPort::Number(server.number),
        span: server.span(),
    }
}

/// Whether the server has a host of the VirtualService's in common, and takes it from its namespace.
fn has_common_host(server: &Server, by: &VirtualService) -> bool {
    server.hosts.iter().any(|host| {
        let (namespace, host) = host.split_once('/').map_or((None, host.as_str()), |(n, h)| (Some(n), h));
        namespace.is_none_or(|namespace| namespace == by.meta.namespace)
            && by.hosts.iter().any(|of_service| overlaps(host, &of_service.value))
    })
}

fn concerns_port(
    port: Option<&Spanned<u32>>,
    gateways: &[Spanned<String>],
    server: &Server,
    gateway: &Gateway,
) -> bool {
    let port = port.map_or(0, |port| port.value);
    (port == 0 || port == u32::from(server.number))
        && (gateways.is_empty() || gateways.iter().any(|name| name.value == gateway.meta.key()))
}

/// The first TCP route for a server.
fn tcp(world: World<'_>, server: &Server) -> Option<TcpForward> {
    let gateway = server.gateway.meta.key();
    let for_gateway = world.mesh.virtual_services_for(&gateway, &world.view.namespace);
    for by in for_gateway.iter().filter(|by| has_common_host(server, by)) {
        let concerns = |condition: &Spanned<L4Match>| {
            concerns_port(condition.port.as_ref(), &condition.gateways, server, &server.gateway)
        };
        let mut routes = by.tcp.iter().filter(|route| !route.route.is_empty());
        let route = routes.find(|route| route.matches.is_empty() || route.matches.iter().any(concerns));
        if let Some(route) = route {
            return Some(world.to_destinations(&route.route, &port(server), by));
        }
    }
    None
}

/// TLS that is passed on by its server name.
fn passing(
    world: World<'_>,
    server: &Server,
    key: &Key,
    names: &mut Names,
    found: &mut Vec<Diagnostic>,
) -> Vec<Chain> {
    if server.mode() == Some(TlsMode::AutoPassthrough) {
        return auto(world, server);
    }
    let gateway = server.gateway.meta.key();
    let mut chains = Vec::new();
    for by in world.mesh.virtual_services_for(&gateway, &world.view.namespace) {
        if !has_common_host(server, &by) {
            continue;
        }
        for route in by.tls.iter().filter(|route| !route.route.is_empty()) {
            for condition in &route.matches {
                if !concerns_port(condition.port.as_ref(), &condition.gateways, server, &server.gateway) {
                    continue;
                }
                let hosts: Vec<String> = condition.sni_hosts.iter().map(|host| host.value.clone()).collect();
                if let Some(host) = taken(names.entry(key.number).or_default(), &hosts, server.bind()) {
                    found.push(rules::duplicate_sni(&by.meta, condition.span, &host, server.number));
                    continue;
                }
                let forward = world.to_destinations(&route.route, &port(server), &by);
                chains.push(Chain { matches: by_name(hosts), ..Chain::new(ChainAction::Tcp(forward)) });
            }
        }
    }
    chains
}

/// A chain for each port, and each subset, of the mesh's own services: the server name is the cluster's.
fn auto(world: World<'_>, server: &Server) -> Vec<Chain> {
    let hosts = server.server_names();
    let mut chains = Vec::new();
    for service in world.view.hosts.iter().filter(|service| !service.external) {
        if !hosts.iter().any(|host| is_covered(&service.hostname, host)) {
            continue;
        }
        for port in service.ports.iter().filter(|port| port.protocol != Protocol::Udp) {
            chains.push(sni_chain(world, service, port, None));
            let rule = world.rule(service);
            for subset in rule.iter().flat_map(|rule| &rule.subsets) {
                let name = subset.name.as_ref().map_or("", |name| name.value.as_str());
                chains.push(sni_chain(world, service, port, Some(name)));
            }
        }
    }
    chains
}

fn sni_chain(world: World<'_>, service: &Service, port: &Port, subset: Option<&str>) -> Chain {
    let cluster = crate::names::sni(&service.hostname, port.number, subset);
    let forward = world.to_sni_cluster(service, cluster.clone(), subset, port);
    Chain {
        matches: ChainMatch {
            server_names: vec![cluster],
            application_protocols: MTLS_ALL.map(str::to_owned).to_vec(),
            ..ChainMatch::default()
        },
        ..Chain::new(ChainAction::Tcp(forward))
    }
}
