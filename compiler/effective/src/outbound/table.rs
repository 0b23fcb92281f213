//! The route tables of sidecars: one for each port, with a virtual host for each service that has the port
//! (Istio's `BuildSidecarOutboundVirtualHosts`).

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use meshc_mesh::hostname::{MESH_GATEWAY, is_wildcard, overlaps};
use meshc_mesh::{Semantics, Service, View, VirtualService};

use super::domains::{Claim, Domains, Names};
use super::ports;
use super::shared::{Routes, Shared};
use crate::http::{self, Perspective};
use crate::model::{Origin, RouteTable, VirtualHost};
use crate::names;

/// Route tables by name.
pub(crate) type Tables = BTreeMap<String, Arc<RouteTable>>;

/// The services of a port by host, in lower case.
type ByHost<'a> = BTreeMap<Cow<'a, str>, &'a Arc<Service>>;

/// A virtual host before it is known which of its domains are free.
struct Candidate {
    domains: Arc<Domains>,
    service: Option<Arc<Service>>,
    routes: Arc<Routes>,
}

/// The tables of all ports for sidecars in the view's namespace with these labels.
pub(crate) fn tables(view: &View, labels: &BTreeMap<String, String>, shared: &mut Shared) -> Tables {
    let mut tables = Tables::new();
    let mut by_port: BTreeMap<u16, Vec<&Arc<Service>>> =
        ports::http_ports(view).into_iter().map(|port| (port, Vec::new())).collect();
    for service in &view.services {
        let numbers: BTreeSet<u16> = service.ports.iter().map(|port| port.number).collect();
        for number in numbers {
            if let Some(services) = by_port.get_mut(&number) {
                services.push(service);
            }
        }
    }
    for (port, services) in by_port {
        let hosts = virtual_hosts(view, labels, port, &services, shared);
        for service in services {
            let own =
                service.port(port).filter(|p| ports::has_own_table(p.protocol, service.listen_address()));
            if own.is_some() {
                let table = own_table(&service.hostname, port, &hosts);
                tables.insert(table.name.clone(), Arc::new(table));
            }
        }
        let mut hosts = hosts;
        hosts.push(Arc::new(catch_all()));
        let name = port.to_string();
        let table = RouteTable { name: name.clone(), virtual_hosts: hosts, ignore_port_in_host: true };
        tables.insert(name, Arc::new(table));
    }
    tables
}

/// The virtual hosts of a port, sorted by name, without the one for everything else.
fn virtual_hosts(
    view: &View,
    labels: &BTreeMap<String, String>,
    port: u16,
    services: &[&Arc<Service>],
    shared: &mut Shared,
) -> Vec<Arc<VirtualHost>> {
    let by_host: ByHost<'_> = services.iter().map(|service| (lower(&service.hostname), *service)).collect();
    let candidates = candidates(view, labels, port, &by_host, shared);
    let mut known = Names::default();
    for candidate in candidates.iter().filter(|candidate| candidate.service.is_some()) {
        known.insert(candidate.domains.number);
    }
    let mut made: Vec<Arc<VirtualHost>> = Vec::with_capacity(candidates.len());
    let mut made_names: HashSet<usize> = HashSet::with_capacity(candidates.len());
    let mut taken = Names::default();
    for candidate in &candidates {
        // The first of a name holds; `MC1301` tells of VirtualServices that are not followed.
        if !made_names.insert(candidate.domains.number) {
            continue;
        }
        match candidate.domains.claim(&mut taken, &known) {
            Claim::All => {
                let new = || virtual_host(candidate, port, candidate.domains.all.clone());
                made.push(shared.virtual_host(&candidate.routes, &candidate.domains, port, new));
            }
            Claim::Some(domains) if domains.is_empty() => {}
            Claim::Some(domains) => made.push(Arc::new(virtual_host(candidate, port, domains))),
        }
    }
    made.sort_by(|a, b| a.name.cmp(&b.name));
    made
}

/// A host in lower case, in place where it is so already.
fn lower(host: &str) -> Cow<'_, str> {
    if host.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(host.to_ascii_lowercase())
    } else {
        Cow::Borrowed(host)
    }
}

fn virtual_host(candidate: &Candidate, port: u16, domains: Vec<String>) -> VirtualHost {
    let service = candidate.service.as_ref();
    let service = service.map(|service| Origin::new(service.meta.span, service.meta.to_string()));
    let by = candidate.routes.by.as_ref().map(|by| Origin::new(by.meta.span, by.meta.to_string()));
    VirtualHost {
        name: names::host_port(&candidate.domains.host, port),
        domains,
        routes: candidate.routes.list.clone(),
        include_attempt_count: true,
        require_tls: false,
        origins: by.into_iter().chain(service).collect(),
    }
}

/// In the order in which names are given away: VirtualServices from the first to the last, then the services
/// that none of them is about.
fn candidates(
    view: &View,
    labels: &BTreeMap<String, String>,
    port: u16,
    by_host: &ByHost<'_>,
    shared: &mut Shared,
) -> Vec<Candidate> {
    let perspective = Perspective {
        namespace: &view.namespace,
        labels,
        gateway: MESH_GATEWAY,
        port,
        tls: false,
        // Only the services of this very port are in play: their port is the one that is asked for.
        only_port: &|_| None,
    };
    let mut candidates = Vec::new();
    let mut claimed: HashSet<*const Service> = HashSet::new();
    let wildcards: Vec<&str> = by_host.keys().map(|host| &**host).filter(|host| is_wildcard(host)).collect();
    for by in &view.virtual_services {
        // On port 80 also hosts that are no service: Istio's way to route names of the outside world.
        if port != 80 && !concerns(by, by_host, &wildcards) {
            continue;
        }
        let routes = shared.of_virtual_service(by, port, || http::routes(by, &perspective));
        if routes.list.is_empty() {
            continue;
        }
        let (others, services) = hosts(by, view, by_host);
        if by.semantics == Semantics::GatewayApi && !may_route(by, &services, &view.namespace) {
            continue;
        }
        let services: Vec<_> =
            services.into_iter().filter(|s| s.port(port).is_some_and(|p| p.protocol.may_be_http())).collect();
        if services.is_empty() && port != 80 {
            continue;
        }
        claimed.extend(services.iter().map(Arc::as_ptr));
        for host in others {
            let domains = shared.domains_of_host(host);
            candidates.push(Candidate { domains, service: None, routes: Arc::clone(&routes) });
        }
        for service in services {
            let domains = shared.domains(&service, &view.namespace);
            candidates.push(Candidate { domains, service: Some(service), routes: Arc::clone(&routes) });
        }
    }
    for &service in by_host.values().filter(|service| !claimed.contains(&Arc::as_ptr(service))) {
        let Some(of_service) = service.port(port).filter(|port| port.protocol.may_be_http()) else {
            continue;
        };
        let routes = shared.of_service(service, port, || vec![http::service(service, of_service)]);
        let domains = shared.domains(service, &view.namespace);
        candidates.push(Candidate { domains, service: Some(Arc::clone(service)), routes });
    }
    candidates
}

/// Whether routes of the Gateway API hold here: those of the caller's namespace do, and those that a service's own
/// namespace offers.
fn may_route(by: &VirtualService, services: &[Arc<Service>], namespace: &str) -> bool {
    services.iter().any(|service| by.meta.namespace == service.namespace() || by.meta.namespace == namespace)
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
fn hosts(by: &Arc<VirtualService>, view: &View, by_host: &ByHost<'_>) -> (Vec<String>, Vec<Arc<Service>>) {
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
        let closest = |host: &str| view.closest_virtual_service(host).is_some_and(|c| Arc::ptr_eq(c, by));
        services.extend(covered.filter(|(host, _)| closest(host)).map(|(_, service)| Arc::clone(*service)));
    }
    (others, services)
}

/// The table of one service whose protocol is found out: its virtual host, whatever name is asked for.
fn own_table(host: &str, port: u16, hosts: &[Arc<VirtualHost>]) -> RouteTable {
    let name = format!("{host}:{port}");
    let own: Vec<_> =
        hosts.iter().filter(|h| h.domains.iter().any(|d| *d == name || *d == host)).cloned().collect();
    let virtual_hosts = match own.as_slice() {
        [only] => vec![Arc::new(VirtualHost { domains: vec!["*".to_owned()], ..VirtualHost::clone(only) })],
        _ => own,
    };
    RouteTable { name, virtual_hosts, ignore_port_in_host: true }
}

/// What no virtual host claims goes where it was going: `outboundTrafficPolicy: ALLOW_ANY`, the default.
fn catch_all() -> VirtualHost {
    VirtualHost {
        name: names::ALLOW_ANY.to_owned(),
        domains: vec!["*".to_owned()],
        routes: vec![http::allow_any()],
        include_attempt_count: true,
        require_tls: false,
        origins: Vec::new(),
    }
}
