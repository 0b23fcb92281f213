//! VirtualServices with every name in full and every delegate merged into its root.

use std::collections::{BTreeMap, BTreeSet};

use meshc_resources::istio::{Destination, HttpRoute, RouteDestination, TcpRoute, TlsRoute};
use meshc_source::Span;
use meshc_syntax::de::Spanned;

use crate::hostname::{MESH_GATEWAY, qualify, qualify_gateway};
use crate::{ExportTo, Meta};

/// A VirtualService that has hosts (one without is a delegate and part of its roots).
#[derive(Debug, Clone, PartialEq)]
pub struct VirtualService {
    /// The resource.
    pub meta: Meta,
    /// In full.
    pub hosts: Vec<Spanned<String>>,
    /// `mesh` or `NAMESPACE/NAME`.
    pub gateways: Vec<String>,
    /// Who sees it.
    pub export_to: ExportTo,
    /// In the order in which they are tried.
    pub http: Vec<HttpRule>,
    /// Routes of TLS that is passed on, hosts and gateways in full.
    pub tls: Vec<Spanned<TlsRoute>>,
    /// Routes of raw TCP, hosts and gateways in full.
    pub tcp: Vec<Spanned<TcpRoute>>,
    /// Whose rules hold for it.
    pub semantics: Semantics,
}

/// Whose rules hold for a VirtualService: some differ where Istio makes one of another API's resource.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Semantics {
    /// Istio's.
    #[default]
    Istio,
    /// The Gateway API's: prefixes are those of segments, a destination that is not there answers 500, and within the
    /// mesh the routes of a namespace hold only for its callers and its services.
    GatewayApi,
    /// Ingress's: prefixes are those of segments.
    Ingress,
}

/// One HTTP route, its hosts and gateways in full.
#[derive(Debug, Clone, PartialEq)]
pub struct HttpRule {
    /// The route.
    pub route: HttpRoute,
    /// Where it is written: in the delegate, if there is one.
    pub span: Span,
    /// `http[0]`, its place in the resource that has it.
    pub path: String,
    /// The delegate that it stands in.
    pub delegate: Option<Meta>,
    /// The resource of another API that it was made of.
    pub made_of: Option<Meta>,
}

impl VirtualService {
    /// Whether it says anything about connections that are not HTTP.
    pub fn routes_connections(&self) -> bool {
        !self.tls.is_empty() || !self.tcp.is_empty()
    }

    /// Whether sidecars follow it.
    pub fn is_for_mesh(&self) -> bool {
        self.is_for(MESH_GATEWAY)
    }

    /// Whether this gateway follows it.
    pub fn is_for(&self, gateway: &str) -> bool {
        self.gateways.iter().any(|g| g == gateway)
    }
}

impl VirtualService {
    /// The namespaces that its conditions ask callers to be of.
    pub(crate) fn source_namespaces(&self) -> impl Iterator<Item = &str> {
        let http = self.http.iter().flat_map(|rule| &rule.route.matches).map(|c| c.source_namespace.as_ref());
        let tls = self.tls.iter().flat_map(|route| &route.matches).map(|c| c.source_namespace.as_ref());
        let tcp = self.tcp.iter().flat_map(|route| &route.matches).map(|c| c.source_namespace.as_ref());
        http.chain(tls).chain(tcp).flatten().map(|namespace| namespace.value.as_str())
    }

    /// The hosts to which anyone may be routed, some of them several times.
    pub(crate) fn hosts_of_destinations(&self) -> impl Iterator<Item = &str> {
        let routed = self.http.iter().flat_map(|rule| destinations(&rule.route));
        let tls = self.tls.iter().flat_map(|route| &route.route);
        let passed = tls.chain(self.tcp.iter().flat_map(|route| &route.route));
        routed
            .chain(passed.filter_map(|part| part.destination.as_ref()))
            .map(|destination| destination.host.as_ref().map_or("", |host| host.value.as_str()))
    }

    /// The hosts to which callers of a namespace may be routed, with the ports that are named; 0 stands for a host
    /// without a port.
    pub fn destinations(&self, namespace: &str) -> BTreeMap<&str, BTreeSet<u16>> {
        let mut found: BTreeMap<&str, BTreeSet<u16>> = BTreeMap::new();
        for HttpRule { route, .. } in self.http.iter().filter(|rule| is_for(&rule.route, namespace)) {
            for destination in destinations(route) {
                add(&mut found, destination);
            }
        }
        let tls = self.tls.iter().filter(|route| {
            is_named(route.matches.iter().map(|condition| condition.source_namespace.as_ref()), namespace)
        });
        let tcp = self.tcp.iter().filter(|route| {
            is_named(route.matches.iter().map(|condition| condition.source_namespace.as_ref()), namespace)
        });
        let passed = tls.flat_map(|route| &route.route).chain(tcp.flat_map(|route| &route.route));
        for destination in passed.filter_map(|part| part.destination.as_ref()) {
            add(&mut found, destination);
        }
        found
    }
}

/// Adds a destination's host with its port.
fn add<'a>(found: &mut BTreeMap<&'a str, BTreeSet<u16>>, destination: &'a Destination) {
    let port = destination.port.as_ref().and_then(|port| port.number.as_ref());
    let port = port.and_then(|number| u16::try_from(number.value).ok()).unwrap_or(0);
    let host = destination.host.as_ref().map_or("", |host| host.value.as_str());
    found.entry(host).or_default().insert(port);
}

/// Where a route sends requests and copies of them.
fn destinations(route: &HttpRoute) -> impl Iterator<Item = &Spanned<Destination>> {
    let mirrors = route.mirrors.iter().filter_map(|mirror| mirror.destination.as_ref());
    route
        .route
        .iter()
        .filter_map(|part| part.destination.as_ref())
        .chain(route.mirror.as_deref())
        .chain(mirrors)
}

/// Whether one of a route's conditions may hold for callers of a namespace, as Istio looks at it: the last that names
/// a namespace decides, but the first that names theirs.
fn is_for(route: &HttpRoute, namespace: &str) -> bool {
    is_named(route.matches.iter().map(|condition| condition.source_namespace.as_ref()), namespace)
}

fn is_named<'a>(named: impl Iterator<Item = Option<&'a Spanned<String>>>, namespace: &str) -> bool {
    let mut named = named.flatten().filter(|named| !named.is_empty()).peekable();
    named.peek().is_none() || named.any(|named| named.value == namespace)
}

/// The gateways of a VirtualService of `namespace`: sidecars where none is written.
pub(crate) fn gateways(written: &[Spanned<String>], namespace: &str) -> Vec<String> {
    if written.is_empty() {
        return vec![MESH_GATEWAY.to_owned()];
    }
    written.iter().map(|gateway| qualify_gateway(gateway, namespace)).collect()
}

/// A TLS route of a resource of `namespace` with its hosts and gateways in full.
pub(crate) fn qualified_tls(route: &Spanned<TlsRoute>, namespace: &str) -> Spanned<TlsRoute> {
    let mut route = route.clone();
    for condition in &mut route.value.matches {
        qualify_gateways(&mut condition.value.gateways, namespace);
    }
    qualify_destinations(&mut route.value.route, namespace);
    route
}

/// A TCP route of a resource of `namespace` with its hosts and gateways in full.
pub(crate) fn qualified_tcp(route: &Spanned<TcpRoute>, namespace: &str) -> Spanned<TcpRoute> {
    let mut route = route.clone();
    for condition in &mut route.value.matches {
        qualify_gateways(&mut condition.value.gateways, namespace);
    }
    qualify_destinations(&mut route.value.route, namespace);
    route
}

fn qualify_gateways(gateways: &mut [Spanned<String>], namespace: &str) {
    for gateway in gateways {
        gateway.value = qualify_gateway(&gateway.value, namespace);
    }
}

fn qualify_destinations(parts: &mut [Spanned<RouteDestination>], namespace: &str) {
    for host in parts.iter_mut().filter_map(|part| part.value.destination.as_mut()?.value.host.as_mut()) {
        host.value = qualify(&host.value, namespace);
    }
}

/// A route of a resource of `namespace` with its hosts and gateways in full.
pub(crate) fn qualified(route: &HttpRoute, namespace: &str) -> HttpRoute {
    let mut route = route.clone();
    let full = |host: &mut Option<Spanned<String>>| {
        if let Some(host) = host {
            host.value = qualify(&host.value, namespace);
        }
    };
    for condition in &mut route.matches {
        qualify_gateways(&mut condition.gateways, namespace);
    }
    for destination in route.route.iter_mut().filter_map(|d| d.destination.as_mut()) {
        full(&mut destination.host);
    }
    if let Some(mirror) = &mut route.mirror {
        full(&mut mirror.host);
    }
    for mirror in route.mirrors.iter_mut().filter_map(|m| m.destination.as_mut()) {
        full(&mut mirror.host);
    }
    route
}
