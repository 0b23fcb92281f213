//! The route tables of sidecars: one for each port, with a virtual host for each service that has the port
//! (Istio's `BuildSidecarOutboundVirtualHosts`).

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use meshc_mesh::hostname::{MESH_GATEWAY, is_wildcard, overlaps};
use meshc_mesh::{
    DestinationRule, Egress, Mesh, Protocol, Resolution, Semantics, Service, View, VirtualService,
};
use meshc_resources::istio::Destination;

use super::base::Base;
use super::domains::{Claim, Domains, Names};
use super::policy;
use super::shared::{Routes, Shared};
use crate::http::{self, Perspective};
use crate::model::{HashPolicy, Origin, RouteTable, VirtualHost};
use crate::names;

/// Route tables by name.
pub(crate) type Tables = BTreeMap<String, Arc<RouteTable>>;

/// The services of a port by host, in lower case.
type ByHost<'a> = BTreeMap<Cow<'a, str>, &'a Arc<Service>>;

/// A virtual host before it is known which of its domains are free.
pub(super) struct Candidate {
    /// The port of the service that it is for.
    port: u16,
    pub(super) domains: Arc<Domains>,
    pub(super) service: Option<Arc<Service>>,
    routes: Arc<Routes>,
}

/// The virtual hosts of candidates.
#[derive(Default)]
pub(super) struct Claimed {
    /// Sorted by name.
    pub(super) hosts: Vec<Arc<VirtualHost>>,
    /// Each candidate that has all of its domains, with the place of its virtual host.
    pub(super) whole: Vec<(usize, usize)>,
    /// Names that someone has.
    pub(super) taken: Names,
    /// The full names of services.
    pub(super) known: Names,
}

/// For whom tables are made.
#[derive(Clone, Copy)]
struct Caller<'a> {
    mesh: &'a Mesh,
    view: &'a View,
    namespace: &'a str,
    labels: &'a BTreeMap<String, String>,
}

impl<'a> Caller<'a> {
    /// The DestinationRule that holds for a service.
    fn rule(&self, service: &Service) -> Option<&'a Arc<DestinationRule>> {
        self.view.destination_rule(self.mesh, self.labels, service)
    }

    /// What of a request to a destination is hashed.
    fn hash(&self, destination: &Destination) -> Option<HashPolicy> {
        http::of_destination(self.rule(self.view.service(destination.host.as_ref()?)?)?, destination)
    }
}

/// The tables of all ports for sidecars with this view and these labels, and of the port on which they are HTTP proxies.
pub(crate) fn tables(
    mesh: &Mesh,
    view: &View,
    labels: &BTreeMap<String, String>,
    is_http_proxy: bool,
    shared: &mut Shared,
) -> Tables {
    let caller = Caller { mesh, view, namespace: &view.namespace, labels };
    let unclaimed = policy::of(mesh, view).virtual_host(mesh, view);
    let mut tables = Tables::new();
    let mut add = |name: String, mut hosts: Vec<Arc<VirtualHost>>| {
        hosts.push(Arc::clone(&unclaimed));
        tables.insert(name.clone(), Arc::new(route_table(name, hosts)));
    };
    let mut own_ports = BTreeSet::new();
    for egress in &view.listeners {
        let Some(spec) = &egress.spec else { continue };
        let Some(port) = &spec.port else { continue };
        if !own_ports.insert((port.number, (port.number == 0).then_some(spec.bind.as_str()))) {
            continue;
        }
        let name = if port.number == 0 { spec.bind.clone() } else { port.number.to_string() };
        let hosts = if port.number == 0 || port.protocol == Protocol::HttpProxy {
            any_port(caller, egress, shared)
        } else {
            let services: Vec<_> = egress.services.iter().collect();
            one_port(caller, egress, port.number, &services, shared)
        };
        add(name, hosts);
    }
    let egress = &view.catch_all;
    let mut own_tables: Vec<Arc<RouteTable>> = Vec::new();
    let ports = shared.ports(egress);
    for (&port, services) in ports.iter().filter(|(port, _)| !own_ports.contains(&(**port, None))) {
        let services: Vec<&Arc<Service>> = services.iter().collect();
        let base = shared.base(egress, port, |shared| {
            let nobody = Caller { namespace: "", ..caller };
            let candidates = one_port_candidates(nobody, egress, port, &services, shared);
            let claimed = claim(&candidates, true, shared);
            Base::new(candidates, claimed, &services, port)
        });
        let seen = base.and_then(|base| Some((base.seen_from(caller.namespace, shared)?, base)));
        if let Some((hosts, base)) = seen {
            own_tables.extend(base.own_tables.iter().cloned());
            add(port.to_string(), hosts);
            continue;
        }
        let hosts = one_port(caller, egress, port, &services, shared);
        own_tables.extend(services.iter().filter_map(|service| own_table(service, port, &hosts)));
        add(port.to_string(), hosts);
    }
    if is_http_proxy && view.has_catch_all() {
        add(names::HTTP_PROXY.to_owned(), any_port(caller, egress, shared));
    }
    tables.extend(own_tables.into_iter().map(|table| (table.name.clone(), table)));
    tables
}

fn route_table(name: String, virtual_hosts: Vec<Arc<VirtualHost>>) -> RouteTable {
    RouteTable { name, virtual_hosts, ignore_port_in_host: true }
}

/// The virtual hosts of a port, sorted by name, without the one for everything else.
fn one_port(
    caller: Caller<'_>,
    egress: &Egress,
    port: u16,
    services: &[&Arc<Service>],
    shared: &mut Shared,
) -> Vec<Arc<VirtualHost>> {
    let candidates = one_port_candidates(caller, egress, port, services, shared);
    claim(&candidates, true, shared).hosts
}

fn one_port_candidates(
    caller: Caller<'_>,
    egress: &Egress,
    port: u16,
    services: &[&Arc<Service>],
    shared: &mut Shared,
) -> Vec<Candidate> {
    let with_port = services.iter().filter(|service| service.port(port).is_some());
    let by_host: ByHost<'_> = with_port.map(|service| (lower(&service.hostname), *service)).collect();
    candidates(caller, egress, port, &by_host, shared)
}

/// The virtual hosts of all ports of all services, for a port that is an HTTP proxy and for sockets: but for port 80
/// the `Host` must have the port.
fn any_port(caller: Caller<'_>, egress: &Egress, shared: &mut Shared) -> Vec<Arc<VirtualHost>> {
    let by_host: ByHost<'_> =
        egress.services.iter().map(|service| (Cow::Borrowed(service.hostname.as_str()), service)).collect();
    let mut candidates = candidates(caller, egress, 0, &by_host, shared);
    candidates.sort_by_key(|candidate| candidate.port);
    let mut hosts = claim(&candidates, false, shared).hosts;
    for host in &mut hosts {
        let is_80 = host.name.rsplit_once(':').is_some_and(|(_, port)| port == "80");
        if !is_80 && host.domains.iter().any(|domain| !domain.contains(':')) {
            Arc::make_mut(host).domains.retain(|domain| domain.contains(':'));
        }
    }
    hosts.retain(|host| !host.domains.is_empty());
    hosts
}

/// Gives each domain to the first virtual host that has it.
fn claim(candidates: &[Candidate], share: bool, shared: &mut Shared) -> Claimed {
    let mut claimed = Claimed::default();
    let Claimed { taken, known, .. } = &mut claimed;
    for candidate in candidates.iter().filter(|candidate| candidate.service.is_some()) {
        known.insert(candidate.domains.number);
    }
    // With the place of a candidate that has all of its domains.
    let mut made: Vec<(Arc<VirtualHost>, Option<usize>)> = Vec::with_capacity(candidates.len());
    let mut made_names: HashSet<(usize, u16)> = HashSet::with_capacity(candidates.len());
    for (place, candidate) in candidates.iter().enumerate() {
        // The first of a name holds; `MC1301` tells of VirtualServices that are not followed.
        if !made_names.insert((candidate.domains.number, candidate.port)) {
            continue;
        }
        match candidate.domains.claim(taken, known) {
            Claim::All => {
                let host = if share {
                    candidate.virtual_host(&candidate.domains, shared)
                } else {
                    Arc::new(virtual_host(candidate, candidate.domains.all.clone()))
                };
                made.push((host, Some(place)));
            }
            Claim::Some(domains) if domains.is_empty() => {}
            Claim::Some(domains) => made.push((Arc::new(virtual_host(candidate, domains)), None)),
        }
    }
    made.sort_by(|(a, _), (b, _)| a.name.cmp(&b.name));
    for (at, (host, candidate)) in made.into_iter().enumerate() {
        claimed.hosts.push(host);
        claimed.whole.extend(candidate.map(|candidate| (candidate, at)));
    }
    claimed
}

impl Candidate {
    /// Its virtual host with all of these domains.
    pub(super) fn virtual_host(&self, domains: &Arc<Domains>, shared: &mut Shared) -> Arc<VirtualHost> {
        let new = || virtual_host(self, domains.all.clone());
        shared.virtual_host(&self.routes, domains, self.port, new)
    }
}

/// A host in lower case, in place where it is so already.
fn lower(host: &str) -> Cow<'_, str> {
    if host.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(host.to_ascii_lowercase())
    } else {
        Cow::Borrowed(host)
    }
}

fn virtual_host(candidate: &Candidate, domains: Vec<String>) -> VirtualHost {
    let service = candidate.service.as_ref();
    let service = service.map(|service| Origin::new(service.meta.span, service.meta.to_string()));
    let by = candidate.routes.by.as_ref().map(|by| Origin::new(by.meta.span, by.meta.to_string()));
    VirtualHost {
        name: names::host_port(&candidate.domains.host, candidate.port),
        domains,
        routes: candidate.routes.list.clone(),
        include_attempt_count: true,
        require_tls: false,
        origins: by.into_iter().chain(service).collect(),
    }
}

/// In the order in which names are given away: VirtualServices from the first to the last, then the services
/// that none of them is about. With the port 0 each service is there for each of its ports.
fn candidates(
    caller: Caller<'_>,
    egress: &Egress,
    port: u16,
    by_host: &ByHost<'_>,
    shared: &mut Shared,
) -> Vec<Candidate> {
    // Only the services of this very port are in play: their port is the one that is asked for.
    let only_port = |host: &str| match by_host.get(host)?.ports.as_slice() {
        [only] if port == 0 => Some(only.number),
        _ => None,
    };
    let perspective = Perspective {
        namespace: caller.namespace,
        labels: caller.labels,
        gateway: MESH_GATEWAY,
        port,
        tls: false,
        config: &caller.mesh.config,
        only_port: &only_port,
        alias: &|host| caller.view.service(host)?.alias_of.clone(),
        hash: &|destination| caller.hash(destination),
    };
    let mut candidates = Vec::new();
    let mut claimed: HashSet<*const Service> = HashSet::new();
    let wildcards: Vec<&str> = by_host.keys().map(|host| &**host).filter(|host| is_wildcard(host)).collect();
    for by in &egress.virtual_services {
        // On port 80 also hosts that are no service: Istio's way to route names of the outside world.
        if port != 80 && !concerns(by, by_host, &wildcards) {
            continue;
        }
        let make = || http::routes(by, &perspective);
        // Callers follow DestinationRules of their own.
        let hashes = by.http.iter().flat_map(|rule| &rule.route.route).any(|part| {
            part.destination.as_ref().is_some_and(|destination| caller.hash(destination).is_some())
        });
        let routes = if port == 0 || hashes {
            shared.once(by, make())
        } else {
            shared.of_virtual_service(by, port, make)
        };
        if routes.list.is_empty() {
            continue;
        }
        let (others, services) = hosts(by, egress, by_host);
        if by.semantics == Semantics::GatewayApi && !may_route(by, &services, caller.namespace) {
            continue;
        }
        let services: Vec<(Arc<Service>, u16)> = services
            .into_iter()
            .flat_map(|service| http_ports(&service, port).map(move |number| (Arc::clone(&service), number)))
            .collect();
        if services.is_empty() && port != 80 {
            continue;
        }
        claimed.extend(services.iter().map(|(service, _)| Arc::as_ptr(service)));
        let mut ports: BTreeSet<u16> = services.iter().map(|(_, number)| *number).collect();
        if ports.is_empty() {
            ports.insert(port);
        }
        for host in others {
            let domains = shared.domains_of_host(host);
            for &port in &ports {
                let (domains, routes) = (Arc::clone(&domains), Arc::clone(&routes));
                candidates.push(Candidate { port, domains, service: None, routes });
            }
        }
        for (service, number) in services {
            let domains = shared.domains(&service, caller.namespace, (port == 0).then_some(number));
            let routes = Arc::clone(&routes);
            candidates.push(Candidate { port: number, domains, service: Some(service), routes });
        }
    }
    let unclaimed = |service: &&&Arc<Service>| {
        service.resolution != Resolution::Alias && !claimed.contains(&Arc::as_ptr(service))
    };
    for &service in by_host.values().filter(unclaimed) {
        for number in http_ports(service, port) {
            let Some(of_service) = service.port(number) else { continue };
            let config = &caller.mesh.config;
            let hash = caller.rule(service).and_then(|rule| http::of_service(rule, number));
            let hashes = hash.is_some();
            let make = || vec![http::service(service, of_service, config, hash)];
            let routes = if hashes {
                shared.once_of_service(service, make())
            } else {
                shared.of_service(service, number, make)
            };
            let domains = shared.domains(service, caller.namespace, (port == 0).then_some(number));
            candidates.push(Candidate { port: number, domains, service: Some(Arc::clone(service)), routes });
        }
    }
    candidates
}

/// Whether routes of the Gateway API hold here: those of the caller's namespace do, and those that a service's own
/// namespace offers.
fn may_route(by: &VirtualService, services: &[Arc<Service>], namespace: &str) -> bool {
    services.iter().any(|service| by.meta.namespace == service.namespace() || by.meta.namespace == namespace)
}

/// The ports of a service that may be HTTP: the one that is asked for, or all for 0.
fn http_ports(service: &Service, port: u16) -> impl Iterator<Item = u16> + use<> {
    let wanted = service.ports.iter().filter(|own| port == 0 || own.number == port);
    let numbers: Vec<u16> = wanted.filter(|own| own.protocol.may_be_http()).map(|own| own.number).collect();
    numbers.into_iter()
}

/// Whether a VirtualService has a host that covers, or is covered by, a service. `wildcards` are the services'
/// hosts that are wildcards.
fn concerns(by: &VirtualService, by_host: &ByHost<'_>, wildcards: &[&str]) -> bool {
    by.hosts.iter().any(|host| {
        let host = lower(host);
        by_host.contains_key(&host)
            || wildcards.iter().any(|service| overlaps(&host, service))
            || (is_wildcard(&host) && by_host.keys().any(|service| overlaps(&host, service)))
    })
}

/// The hosts of a VirtualService that are no services, and the services that it is about.
fn hosts(
    by: &Arc<VirtualService>,
    egress: &Egress,
    by_host: &ByHost<'_>,
) -> (Vec<String>, Vec<Arc<Service>>) {
    let (mut others, mut services) = (Vec::new(), Vec::new());
    let (wildcards, exact): (Vec<_>, Vec<_>) =
        by.hosts.iter().map(|host| host.to_ascii_lowercase()).partition(|host| is_wildcard(host));
    for host in exact {
        match by_host.get(host.as_str()) {
            Some(service) => services.push(Arc::clone(service)),
            None => others.push(host),
        }
    }
    for host in wildcards {
        if by.semantics == Semantics::GatewayApi {
            others.push(host);
            continue;
        }
        let mut covered = by_host.iter().filter(|(service, _)| overlaps(service, &host)).peekable();
        if covered.peek().is_none() {
            others.push(host);
            continue;
        }
        // A service belongs to the VirtualService that covers it most closely.
        let closest = |host: &str| egress.closest_virtual_service(host).is_some_and(|c| Arc::ptr_eq(c, by));
        services.extend(covered.filter(|(host, _)| closest(host)).map(|(_, service)| Arc::clone(*service)));
    }
    (others, services)
}

/// The table of one service whose protocol is found out at an address of its own, `HOST:PORT`: its virtual hosts,
/// whatever name is asked for.
pub(super) fn own_table(service: &Service, port: u16, hosts: &[Arc<VirtualHost>]) -> Option<Arc<RouteTable>> {
    let of_service = service.port(port)?;
    if !super::base::has_own_table(of_service.protocol, service.listen_address()) {
        return None;
    }
    let host = service.hostname.as_str();
    let name = format!("{host}:{port}");
    let own: Vec<_> =
        hosts.iter().filter(|h| h.domains.iter().any(|d| *d == name || *d == host)).cloned().collect();
    let own = match own.as_slice() {
        [only] => vec![Arc::new(VirtualHost { domains: vec!["*".to_owned()], ..VirtualHost::clone(only) })],
        _ => own,
    };
    Some(Arc::new(route_table(name, own)))
}
