//! The route table of a port of a gateway: a virtual host for each host that a server and a VirtualService
//! both have (Istio's `buildGatewayHTTPRouteConfig`).

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use meshc_mesh::hostname::{intersection, specificity};
use meshc_mesh::{Mesh, View, VirtualService};
use meshc_resources::istio::Destination;

use super::servers::Server;
use crate::http::{self, Perspective, is_catch_all};
use crate::model::{Origin, Route, RouteTable, Routes, VirtualHost};
use crate::names;

/// The routes of one VirtualService for one Gateway; shared by all hosts that have them.
type Shared = Arc<Vec<Route>>;

/// A virtual host that is being put together.
struct Host {
    name: String,
    domains: Vec<String>,
    /// In the order of servers and VirtualServices.
    routes: Vec<Shared>,
    require_tls: bool,
    origins: Vec<Origin>,
}

/// The table of some servers: `http.PORT`, or `https.PORT.NAME.GATEWAY.NAMESPACE` of one that terminates TLS.
pub(super) fn table(
    mesh: &Mesh,
    view: &View,
    labels: &BTreeMap<String, String>,
    name: &str,
    servers: &[Arc<Server>],
) -> RouteTable {
    let mut hosts: BTreeMap<String, Host> = BTreeMap::new();
    let mut made: HashMap<(String, String), Option<Shared>> = HashMap::new();
    for server in servers {
        let gateway = server.gateway.meta.key();
        for by in mesh.virtual_services_for(&gateway, &view.namespace) {
            let both = common_hosts(server, &by);
            if both.is_empty() {
                continue;
            }
            // Made once for a Gateway: the port is that of the first server that asks.
            let routes = made
                .entry((gateway.clone(), by.meta.key()))
                .or_insert_with(|| {
                    let routes = routes(mesh, view, labels, server, &gateway, &by);
                    (!routes.is_empty()).then(|| Arc::new(routes))
                })
                .clone();
            let Some(routes) = routes else { continue };
            for host in both {
                add(&mut hosts, server, &by, &host, &routes);
            }
        }
        if server.redirects_to_https() {
            for host in server.hosts.iter().map(|host| host.to_ascii_lowercase()) {
                hosts.entry(host.clone()).or_insert_with(|| new_host(server, &host)).require_tls = true;
            }
        }
    }
    let virtual_hosts = if hosts.is_empty() {
        let number = servers.first().map_or(0, |server| server.number);
        vec![Arc::new(black_hole(number, servers))]
    } else {
        finish(hosts)
    };
    RouteTable { name: name.to_owned(), virtual_hosts, ignore_port_in_host: true }
}

fn routes(
    mesh: &Mesh,
    view: &View,
    labels: &BTreeMap<String, String>,
    server: &Server,
    gateway: &str,
    by: &VirtualService,
) -> Vec<Route> {
    // A destination is the VirtualService's own neighbour if the gateway may see it, else what the
    // gateway sees under that name.
    let destination = |host: &str| {
        let neighbour = mesh.service(host, &by.meta.namespace).filter(|s| s.is_visible_to(&view.namespace));
        neighbour.or_else(|| view.service(host))
    };
    let only_port = |host: &str| match destination(host)?.ports.as_slice() {
        [only] => Some(only.number),
        _ => None,
    };
    let hash = |destination: &Destination| {
        let service = view.service(destination.host.as_ref()?)?;
        http::of_destination(view.destination_rule(mesh, labels, service)?, destination)
    };
    let perspective = Perspective {
        namespace: &view.namespace,
        labels,
        gateway,
        port: server.number,
        tls: server.written.tls.is_some(),
        config: &mesh.config,
        only_port: &only_port,
        alias: &|host| destination(host)?.alias_of.clone(),
        hash: &hash,
    };
    http::routes(by, &perspective)
}

/// The hosts that the server takes from the VirtualService's namespace and that the VirtualService has.
fn common_hosts(server: &Server, by: &VirtualService) -> Vec<String> {
    let of_server = server.hosts.iter().filter_map(|host| match host.split_once('/') {
        Some((namespace, host)) => (namespace == "*" || namespace == by.meta.namespace).then_some(host),
        None => Some(host.as_str()),
    });
    let of_server: Vec<&str> = of_server.collect();
    let of_service: Vec<&str> = by.hosts.iter().map(|host| host.value.as_str()).collect();
    intersection(&of_server, &of_service).into_iter().map(str::to_ascii_lowercase).collect()
}

fn add(
    hosts: &mut BTreeMap<String, Host>,
    server: &Server,
    by: &Arc<VirtualService>,
    host: &str,
    routes: &Shared,
) {
    let made = hosts.entry(host.to_owned()).or_insert_with(|| new_host(server, host));
    made.routes.push(Arc::clone(routes));
    made.origins.push(Origin::new(by.meta.span, by.meta.to_string()));
    made.require_tls |= server.redirects_to_https();
}

fn new_host(server: &Server, host: &str) -> Host {
    Host {
        name: names::host_port(host, server.number),
        domains: vec![host.to_owned()],
        routes: Vec::new(),
        require_tls: false,
        origins: vec![Origin::new(server.span(), format!("{}: port {}", server.gateway.meta, server.number))],
    }
}

/// Hosts with the very same routes become one, under the name of the most specific; routes that take every
/// request go behind the others.
fn finish(hosts: BTreeMap<String, Host>) -> Vec<Arc<VirtualHost>> {
    let mut hosts: Vec<(String, Host)> = hosts.into_iter().collect();
    hosts.sort_by(|(a, _), (b, _)| specificity(a, b));
    let mut first: HashMap<(Vec<usize>, bool), usize> = HashMap::new();
    let mut merged: Vec<Host> = Vec::new();
    for (_, host) in hosts {
        let identity: Vec<usize> = host.routes.iter().map(|routes| Arc::as_ptr(routes) as usize).collect();
        let place = *first.entry((identity, host.require_tls)).or_insert(merged.len());
        match merged.get_mut(place) {
            Some(known) => known.domains.extend(host.domains),
            None => merged.push(host),
        }
    }
    merged.sort_by(|a, b| a.name.cmp(&b.name));
    let finished = merged.into_iter().map(|host| {
        let all = host.routes.iter().flat_map(|routes| routes.iter()).cloned();
        let (last, others): (Vec<Route>, Vec<Route>) = all.partition(is_catch_all);
        Arc::new(VirtualHost {
            name: host.name,
            domains: host.domains,
            routes: others.into_iter().chain(last).collect(),
            include_attempt_count: true,
            require_tls: host.require_tls,
            origins: host.origins,
        })
    });
    finished.collect()
}

/// Nothing is routed: every request gets 404.
fn black_hole(port: u16, servers: &[Arc<Server>]) -> VirtualHost {
    let origins = servers.iter().map(|server| {
        Origin::new(
            server.span(),
            format!("{}: no VirtualService is for a host of port {port}", server.gateway.meta),
        )
    });
    VirtualHost {
        name: names::host_port("blackhole", port),
        domains: vec!["*".to_owned()],
        routes: Routes::default(),
        include_attempt_count: false,
        require_tls: false,
        origins: origins.collect(),
    }
}
